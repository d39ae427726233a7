package io.millrace.benchmarks.calls.caller;

import java.nio.ByteBuffer;

/** One of the requests in flight: its payload does not change while it is being asked. */
public interface Slot {
    /** Returns the payload's bytes. */
    byte[] bytes();

    /** Returns the same bytes, between position 0 and the limit; both stay where they are. */
    ByteBuffer payload();

    /**
     * Takes the reply.
     *
     * @param length its bytes
     * @param number its first eight bytes
     */
    void answered(int length, long number);

    /** Takes the reason why there is no reply. */
    void failed(Throwable cause);
}
