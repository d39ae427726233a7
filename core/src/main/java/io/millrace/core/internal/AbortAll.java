package io.millrace.core.internal;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Aborts many sessions, on several threads where one would be slow. */
final class AbortAll implements Runnable {
    /*
     * Closing a channel may take as long as 50 ms where the system completes operations by itself (Windows), and there
     * may be thousands. So a few threads share the list: each takes the next session until there is none. The caller
     * is one of them, and goes on alone if no other can be had. It does not wait for the others, who have one session
     * each in hand when it is done: whoever wants to know waits for the sessions to end.
     */
    private static final Logger log = LoggerFactory.getLogger(AbortAll.class);
    private static final int SESSIONS_PER_THREAD = 64;
    private static final int MOST_THREADS = 32;

    private final List<TcpSession> sessions;
    private final Consumer<TcpSession> abort;
    private final AtomicInteger next = new AtomicInteger();

    private AbortAll(Collection<TcpSession> sessions, Consumer<TcpSession> abort) {
        this.sessions = List.copyOf(sessions);
        this.abort = abort;
    }

    /** Aborts all; must not throw for any of them. */
    static void run(Collection<TcpSession> sessions, Consumer<TcpSession> abort) {
        AbortAll all = new AbortAll(sessions, abort);
        int threads = Math.min(MOST_THREADS, all.sessions.size() / SESSIONS_PER_THREAD);
        try {
            for (int i = 1; i < threads; i++) {
                new Thread(null, all, "millrace-abort-" + i, 0, false).start();
            }
        } catch (OutOfMemoryError noThread) {
            log.debug("no thread to abort sessions with; cause={}", noThread.toString());
        }
        all.run();
    }

    @Override
    public void run() {
        int index;
        while ((index = next.getAndIncrement()) < sessions.size()) {
            abort.accept(sessions.get(index));
        }
    }
}
