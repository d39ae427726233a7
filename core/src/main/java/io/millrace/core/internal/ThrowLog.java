package io.millrace.core.internal;

import io.millrace.core.engine.IoRuntime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs what callbacks throw. A peer that finds a message which makes one throw must not be able to fill the disk. */
final class ThrowLog {
    private static final Logger log = LoggerFactory.getLogger(ThrowLog.class);

    private ThrowLog() {}

    static void log(IoRuntime runtime, String callback, Object session, Throwable thrown) {
        if (!runtime.throwsLogged().allows()) {
            return;
        }
        if (thrown instanceof Error) {
            log.error("{} threw; {}", callback, session, thrown);
        } else {
            log.warn("{} threw; {}", callback, session, thrown);
        }
    }
}
