package io.millrace.samples.models;

import java.io.IOException;
import java.nio.channels.AsynchronousChannelGroup;
import java.util.concurrent.Executors;

/**
 * CompletionHandler in a cached group: a thread of the JDK's waits for events, and every completion is handed to a thread
 * of a pool that grows as it must.
 *
 * <p>Stands for overlapped I/O with completion routines: the system calls a function of the program's. On Windows it
 * does so in the thread that began the operation, once that waits alertably ({@code SleepEx}); Java has no such wait.
 */
public final class CachedGroup {
    private CachedGroup() {}

    /** Starts the server and its group. */
    public static EchoModel start() throws IOException {
        return CompletionEcho.start(
                AsynchronousChannelGroup.withCachedThreadPool(Executors.newCachedThreadPool(EchoModel::daemon), 0));
    }
}
