package io.millrace.benchmarks.calls.netty;

import org.jspecify.annotations.Nullable;

/**
 * The correlation map: tokens count up, so a token's low bits are its place in a ring, and looking one up is one array
 * access. The ring grows when a place is still taken.
 *
 * <p><b>Threading:</b> confined to the event loop.
 */
final class PendingRequests {
    // Confined to the event loop.
    private @Nullable NettyAsking[] ring = new NettyAsking[2048];

    void put(NettyAsking asking) {
        while (ring[place(asking.token)] != null) {
            grow();
        }
        ring[place(asking.token)] = asking;
    }

    @Nullable
    NettyAsking remove(long token) {
        int place = place(token);
        NettyAsking asking = ring[place];
        if (asking == null || asking.token != token) {
            return null;
        }
        ring[place] = null;
        return asking;
    }

    /** Takes out and fails those whose deadline is not after this tick. */
    void expire(int tick, Throwable cause) {
        for (int i = 0; i < ring.length; i++) {
            NettyAsking asking = ring[i];
            if (asking != null && asking.deadlineTick - tick <= 0) {
                ring[i] = null;
                asking.slot.failed(cause);
            }
        }
    }

    private int place(long token) {
        return (int) token & (ring.length - 1);
    }

    private void grow() {
        @Nullable NettyAsking[] old = ring;
        ring = new NettyAsking[old.length * 2];
        for (NettyAsking asking : old) {
            if (asking != null) {
                ring[place(asking.token)] = asking;
            }
        }
    }
}
