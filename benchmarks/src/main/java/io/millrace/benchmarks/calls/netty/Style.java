package io.millrace.benchmarks.calls.netty;

/** How frames are taken apart and written. */
public enum Style {
    /** As Netty's documentation shows: its frame decoder, a buffer for each frame, one flush for all of a read. */
    FRAMES,

    /** Frames are found in place, and all that one read causes is written as one buffer. */
    LEAN
}
