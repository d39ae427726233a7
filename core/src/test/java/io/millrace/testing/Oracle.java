package io.millrace.testing;

import java.io.File;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/** What must be back where it was when a test is over: threads and file descriptors. */
public final class Oracle {
    private static final File DESCRIPTORS = new File("/proc/self/fd");

    private Oracle() {}

    /**
     * Counts the open file descriptors of this JVM.
     *
     * @return their number, or nothing where the system does not tell
     */
    public static OptionalInt openDescriptors() {
        String[] entries = DESCRIPTORS.list();
        return entries == null ? OptionalInt.empty() : OptionalInt.of(entries.length);
    }

    /**
     * Lists the live threads whose names begin with a prefix.
     *
     * @param prefix the prefix, such as the name of a group
     * @return their names
     */
    public static List<String> liveThreads(String prefix) {
        return threads(prefix).stream().map(Thread::getName).toList();
    }

    /**
     * Waits until no thread is left whose name begins with a prefix.
     *
     * @param prefix the prefix
     * @param timeout how long at most, for all of them together
     * @throws InterruptedException if the wait is interrupted
     */
    public static void awaitNoThreads(String prefix, Duration timeout) throws InterruptedException {
        long endNanos = System.nanoTime() + timeout.toNanos();
        for (Thread thread : threads(prefix)) {
            thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime())));
        }
        List<String> left = liveThreads(prefix);
        if (!left.isEmpty()) {
            throw new AssertionError("threads are left: " + left);
        }
    }

    private static List<Thread> threads(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.isAlive() && thread.getName().startsWith(prefix))
                .toList();
    }
}
