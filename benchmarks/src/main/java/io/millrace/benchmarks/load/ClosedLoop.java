package io.millrace.benchmarks.load;

import java.io.IOException;

/** Keeps a number of messages in flight on every connection: each echo that has come back is followed by one more. */
final class ClosedLoop {
    private final EchoConnections connections;
    private final int inFlight;

    // Confined to the thread that runs the loop.
    private long messages;
    private boolean isEnding;

    /** @param inFlight on each connection */
    ClosedLoop(EchoConnections connections, int inFlight) {
        this.connections = connections;
        this.inFlight = inFlight;
    }

    /**
     * Sends for so long, then waits until everything in flight has come back. That is counted, messages and time: what is
     * in flight may be as much as comes back in time.
     */
    LoadResult run(long nanos) throws IOException {
        messages = 0;
        isEnding = false;
        connections.begin(this::follow);
        long began = System.nanoTime();
        for (EchoConnection connection : connections.all()) {
            connection.owe(inFlight, System.nanoTime());
            connection.write();
        }
        long now = System.nanoTime();
        while (now - began < nanos) {
            connections.await(now);
            now = System.nanoTime();
        }
        isEnding = true;
        connections.drain();
        return LoadResult.of(messages, System.nanoTime() - began, connections.latencies());
    }

    private void follow(EchoConnection connection, long frames, long now) {
        messages += frames;
        if (!isEnding) {
            connection.owe(frames, now);
        }
    }
}
