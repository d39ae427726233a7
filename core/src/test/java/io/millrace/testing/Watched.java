package io.millrace.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** What was there when a test began, and what has gone wrong since then in threads that are not the test's own. */
final class Watched {
    /*
     * Descriptors and threads belong to the JVM, not to a test. While two watched tests run at the same time nobody can
     * say whose they are, so each marks the other as overlapped, and neither is judged by them. Tests that nobody
     * watches are not known here: they must not run at the same time as watched ones and open sockets.
     *
     * An uncaught exception is told to every test that runs: at least one of them is to blame.
     */

    /** How long what has been closed may take to go, in nanoseconds. */
    static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final long LOOK_AGAIN_MILLIS = 5;

    // Guarded by the class.
    private static final Set<Watched> running = new HashSet<>();

    static {
        Oracle.keepWhatTheFirstSocketsLeave();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, cause) -> uncaught(before, thread, cause));
        LogAppender appender = new LogAppender();
        Logger logger = (Logger) LoggerFactory.getLogger("io.millrace");
        appender.setContext(logger.getLoggerContext());
        appender.start();
        logger.addAppender(appender);
    }

    private final String test;
    private final Set<String> descriptorsBefore = Oracle.socketsAndLoops();
    private final Set<Thread> threadsBefore = Oracle.millraceThreads();
    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private final List<String> logged = new CopyOnWriteArrayList<>();

    // Guarded by the class.
    private boolean overlapped;

    private Watched(String test) {
        this.test = test;
    }

    static Watched begin(String test) {
        Watched begun = new Watched(test);
        synchronized (Watched.class) {
            for (Watched other : running) {
                boolean another = !other.test.equals(test);
                begun.overlapped |= another;
                other.overlapped |= another;
            }
            running.add(begun);
        }
        return begun;
    }

    /**
     * Ends the test and fails it for what it has left or done.
     *
     * @param withLog whether what Millrace has logged, and nobody has captured, counts
     * @param waitNanos how long what has been closed may take to go
     */
    void end(boolean withLog, long waitNanos) throws InterruptedException {
        List<String> left = new ArrayList<>();
        if (!hasOverlapped()) {
            awaitNone("threads left", left, waitNanos, () -> {
                Set<Thread> now = Oracle.millraceThreads();
                now.removeAll(threadsBefore);
                return now;
            });
            awaitNone("descriptors left", left, waitNanos, () -> {
                Set<String> now = Oracle.socketsAndLoops();
                now.removeAll(descriptorsBefore);
                // an event loop that was there before may sit on another descriptor now, but there are no more of them
                return Oracle.socketDescriptors() <= descriptorsBefore.size() ? Set.of() : now;
            });
        }
        if (hasOverlapped()) {
            left.clear();
        }
        left.addAll(complaints);
        if (withLog) {
            left.addAll(logged);
        }
        synchronized (Watched.class) {
            running.remove(this);
        }
        if (!left.isEmpty()) {
            throw new AssertionError(String.join("\n", left));
        }
    }

    private boolean hasOverlapped() {
        synchronized (Watched.class) {
            return overlapped;
        }
    }

    private void awaitNone(String what, List<String> left, long waitNanos, Supplier<Set<?>> found)
            throws InterruptedException {
        long endNanos = System.nanoTime() + waitNanos;
        Set<?> now = found.get();
        synchronized (this) {
            while (!now.isEmpty() && !hasOverlapped() && System.nanoTime() - endNanos < 0) {
                wait(LOOK_AGAIN_MILLIS);
                now = found.get();
            }
        }
        if (!now.isEmpty()) {
            left.add(what + ": " + now);
        }
    }

    private static void uncaught(Thread.@Nullable UncaughtExceptionHandler next, Thread thread, Throwable cause) {
        synchronized (Watched.class) {
            running.forEach(test -> test.complaints.add("uncaught in " + thread.getName() + ": " + cause));
        }
        if (next != null) {
            next.uncaughtException(thread, cause);
        } else {
            System.err.println("uncaught in " + thread.getName());
            cause.printStackTrace();
        }
    }

    private static final class LogAppender extends AppenderBase<ILoggingEvent> {
        @Override
        protected void append(ILoggingEvent event) {
            if (event.getLevel().isGreaterOrEqual(Level.WARN) && !CapturedLog.isAnyOpen()) {
                synchronized (Watched.class) {
                    running.forEach(
                            test -> test.logged.add("logged: " + event.getLevel() + " " + event.getFormattedMessage()));
                }
            }
        }
    }
}
