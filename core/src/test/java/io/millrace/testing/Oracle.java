package io.millrace.testing;

import io.millrace.core.IoGroup;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** What must be back where it was when a test is over: threads and file descriptors. */
public final class Oracle {
    private static final File DESCRIPTORS = new File("/proc/self/fd");

    private Oracle() {}

    /** The first sockets of a JVM leave descriptors behind that it keeps for ever: now, and not in the first test. */
    static void keepWhatTheFirstSocketsLeave() {
        try (ServerSocket listener = new ServerSocket(0);
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), listener.getLocalPort());
                Socket accepted = listener.accept();
                IoGroup group = IoGroup.start()) {
            socket.setSoTimeout(1);
            accepted.shutdownOutput();
        } catch (IOException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

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
     * Counts the sockets and event loops of this JVM, and not the files that class loading opens.
     *
     * @return their number, or 0 where the system does not tell
     */
    public static long socketDescriptors() {
        return socketsAndLoops().size();
    }

    /** Lists the sockets by their numbers, and the event loops, which have none, by their descriptors. */
    static Set<String> socketsAndLoops() {
        Set<String> found = new TreeSet<>();
        String[] entries = DESCRIPTORS.list();
        for (String entry : entries == null ? new String[0] : entries) {
            try {
                String target = Files.readSymbolicLink(DESCRIPTORS.toPath().resolve(entry))
                        .toString();
                if (target.startsWith("socket:")) {
                    found.add(target);
                } else if (target.startsWith("anon_inode:")) {
                    found.add(target + " " + entry);
                }
            } catch (IOException closedMeanwhile) {
                // not open any more
            }
        }
        return found;
    }

    /** Lists the live threads that Millrace has made, of whatever group. */
    static Set<Thread> millraceThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread ->
                        thread.isAlive() && thread.getClass().getName().startsWith("io.millrace."))
                .collect(Collectors.toSet());
    }

    /**
     * Describes every live thread and where it is.
     *
     * @return one paragraph per thread
     */
    public static String threadDump() {
        StringBuilder dump = new StringBuilder();
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            dump.append('"')
                    .append(thread.getName())
                    .append("\" ")
                    .append(thread.getState())
                    .append('\n');
            for (StackTraceElement frame : stack) {
                dump.append("    at ").append(frame).append('\n');
            }
        });
        return dump.toString();
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
