package io.millrace.benchmarks.calls.netty;

import io.millrace.benchmarks.calls.caller.Asking;
import io.millrace.benchmarks.calls.caller.Slot;

/** A slot's place on its connection: the object of the correlation map, used again and again. */
final class NettyAsking implements Asking {
    final Slot slot;
    private final NettyConnection connection;

    // Confined to the event loop.
    long token;
    int deadlineTick;

    NettyAsking(Slot slot, NettyConnection connection) {
        this.slot = slot;
        this.connection = connection;
    }

    @Override
    public void ask() {
        connection.ask(this);
    }
}
