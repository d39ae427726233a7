package io.millrace.server.internal;

import java.util.Arrays;

/**
 * The status that one shutdown hook wants the JVM to end with after a signal.
 *
 * <p>Threading: Thread-safe.
 */
public final class ExitStatus {
    /*
     * Halting the JVM ends the other hooks, those of other servers too. So all that want a status are counted, and
     * the last one that is done halts. 0 is the best status; among others the first bad one stands.
     *
     * What ends the JVM is known from the threads: the JVM handles a signal on a thread of that name. Where there is
     * none, the program has asked for its end itself, and with it for a status.
     */
    private static final String SIGNAL_THREAD = "SIG[A-Z]+ handler";

    // Guarded by the class.
    private static int expected;
    private static int worst;

    private final int inGoodOrder;
    private final int otherwise;

    /**
     * Makes a status that nobody waits for yet.
     *
     * @param inGoodOrder if all went well
     * @param otherwise if not
     */
    public ExitStatus(int inGoodOrder, int otherwise) {
        this.inGoodOrder = inGoodOrder;
        this.otherwise = otherwise;
    }

    /** Counts its hook in, without which the JVM is not to be halted. */
    public void expect() {
        synchronized (ExitStatus.class) {
            expected++;
        }
    }

    /** Counts its hook out, which will not run. */
    public void withdraw() {
        synchronized (ExitStatus.class) {
            expected--;
        }
    }

    /**
     * Hears that its hook has run. If it was the last one, and a signal is what ends the JVM, this does not return.
     *
     * @param good whether all went well
     */
    public void done(boolean good) {
        synchronized (ExitStatus.class) {
            if (worst == 0) {
                worst = good ? inGoodOrder : otherwise;
            }
            expected--;
            if (expected == 0 && isEndedBySignal()) {
                Runtime.getRuntime().halt(worst);
            }
        }
    }

    private static boolean isEndedBySignal() {
        ThreadGroup root = Thread.currentThread().getThreadGroup();
        while (root.getParent() != null) {
            root = root.getParent();
        }
        Thread[] threads = new Thread[2 * root.activeCount() + 16];
        int count = root.enumerate(threads, true);
        return Arrays.stream(threads, 0, count)
                .anyMatch(thread -> thread.getName().matches(SIGNAL_THREAD));
    }
}
