package io.millrace.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/**
 * What Millrace has logged at WARN or above since this was made, and its core at INFO or above, kept from the console.
 * The core has nothing to say above DEBUG about what peers do.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: captures until {@link #close()}.
 */
public final class CapturedLog implements AutoCloseable {
    private static final String CORE = "io.millrace.core";

    // Guarded by the class.
    private static int open;

    private final Logger logger = (Logger) LoggerFactory.getLogger("io.millrace");
    private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            Level least = event.getLoggerName().startsWith(CORE) ? Level.INFO : Level.WARN;
            if (event.getLevel().isGreaterOrEqual(least)) {
                events.add(event);
            }
        }
    };

    /** Starts to capture. */
    public CapturedLog() {
        appender.setContext(logger.getLoggerContext());
        appender.start();
        logger.addAppender(appender);
        changeOpen(1);
    }

    /** The console hears nothing as long as anybody captures. */
    private static synchronized void changeOpen(int by) {
        open += by;
        Logger all = (Logger) LoggerFactory.getLogger("io.millrace");
        all.setAdditive(open == 0);
        ((Logger) LoggerFactory.getLogger(CORE)).setLevel(open == 0 ? null : Level.INFO);
    }

    /** Returns whether anybody captures, and so decides what was expected. */
    static synchronized boolean isAnyOpen() {
        return open > 0;
    }

    /**
     * Returns what was logged, one line each.
     *
     * @return level and message, oldest first
     */
    public List<String> lines() {
        return events.stream()
                .map(event -> event.getLevel() + " " + event.getFormattedMessage())
                .toList();
    }

    /**
     * Returns the stacks of what was logged with one.
     *
     * @return method names from the top, oldest first
     */
    public List<String> stacks() {
        return events.stream()
                .map(ILoggingEvent::getThrowableProxy)
                .filter(Objects::nonNull)
                .map(thrown -> Arrays.stream(thrown.getStackTraceElementProxyArray())
                        .map(frame -> frame.getStackTraceElement().getMethodName())
                        .collect(Collectors.joining(" ")))
                .toList();
    }

    /** Forgets what was logged: it was expected. */
    public void clear() {
        events.clear();
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        appender.stop();
        changeOpen(-1);
    }
}
