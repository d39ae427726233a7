package io.millrace.samples.models;

import java.io.IOException;
import java.nio.channels.AsynchronousChannelGroup;

/**
 * CompletionHandler in a fixed group: as many threads as processors take completions from one queue, each the next as
 * soon as it has dealt with its last.
 *
 * <p>Stands for a completion port: {@code CreateIoCompletionPort}, and {@code GetQueuedCompletionStatus} in each worker.
 */
public final class FixedGroup {
    private FixedGroup() {}

    /** Starts the server and its group. */
    public static EchoModel start() throws IOException {
        int processors = Runtime.getRuntime().availableProcessors();
        return CompletionEcho.start(AsynchronousChannelGroup.withFixedThreadPool(processors, EchoModel::daemon));
    }
}
