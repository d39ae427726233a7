package io.millrace.benchmarks.load;

import java.io.IOException;

/** Told of messages that have come back. */
@FunctionalInterface
interface EchoListener {
    /**
     * Called when messages have come back whole; what it then owes the connection is written at once.
     *
     * @param now when they were read, by {@link System#nanoTime()}
     */
    void onFrames(EchoConnection connection, long frames, long now) throws IOException;
}
