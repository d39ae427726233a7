package io.millrace.benchmarks.calls.netty;

import io.netty.buffer.ByteBuf;

/** Takes whole frames, on the event loop. */
interface FrameTaker {
    /**
     * Takes one.
     *
     * @param in borrowed: holds the frame, and perhaps more
     * @param start the index of the frame's length
     */
    void take(ByteBuf in, int start);

    /** Hears that all frames of a read have been taken. */
    void readComplete();
}
