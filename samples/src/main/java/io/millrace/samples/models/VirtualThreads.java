package io.millrace.samples.models;

import java.io.IOException;
import java.lang.reflect.Method;

/**
 * Virtual threads: the code of {@link ThreadPerConnection}, but a thread that waits is taken off the system's thread,
 * which runs another meanwhile. Needs Java 21.
 *
 * <p>Stands for no model of Windows': its fibers never learned to wait for sockets.
 */
public final class VirtualThreads {
    private static final int FIRST_JAVA = 21;

    private VirtualThreads() {}

    /** Returns whether this Java has them. */
    public static boolean arePresent() {
        return Runtime.version().feature() >= FIRST_JAVA;
    }

    /** Starts the server and the thread that waits for connections. */
    public static EchoModel start() throws IOException {
        return ThreadPerConnection.start(VirtualThreads::startThread);
    }

    /** Calls {@code Thread.startVirtualThread(task)}, which Java 17, for which this is compiled, does not know. */
    private static void startThread(Runnable task) {
        try {
            Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
            start.invoke(null, task);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "Java " + Runtime.version() + " has no virtual threads; use 21 or later", e);
        }
    }
}
