package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.internal.TcpSession;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** One end of a connection in a storm: what it was given to send, and what its peer has seen of that. */
final class ExchangeEnd {
    private static final int SENDERS = ExchangeTraffic.SENDERS;

    final int index;
    final TcpSession session;

    // Confined to the callbacks of this end.
    final Random random;

    // Each is used by its sender alone.
    final int[] accepted = new int[SENDERS];
    final int[] broadcasts = new int[SENDERS];

    // Thread-safe: the messages of which it is not known whether they have left.
    final Set<Long> takenBack = ConcurrentHashMap.newKeySet();

    // Confined to the callbacks of the peer.
    private final int[] seen = new int[SENDERS];
    private final int[] seenBroadcasts = new int[SENDERS];

    ExchangeEnd(int index, TcpSession session, Random random) {
        this.index = index;
        this.session = session;
        this.random = random;
    }

    static long id(int sender, int number) {
        return (long) sender << Integer.SIZE | number;
    }

    /**
     * Checks a message that the peer has received.
     *
     * @param breaking whether messages may be missing in front of it
     */
    void see(ByteBuffer message, boolean breaking) {
        int sender = message.getInt();
        int number = message.getInt();
        int filling = message.getInt();
        if (sender >= 0) {
            // A session that drains refuses requests without asking anybody here.
            while (seen[sender] < number && (breaking || takenBack.contains(id(sender, seen[sender])))) {
                seen[sender]++;
            }
            assertEquals(seen[sender]++, number, () -> "from " + sender + " to " + session);
        } else {
            seenBroadcasts[~sender]++;
        }
        while (message.hasRemaining()) {
            assertEquals((byte) filling, message.get());
        }
    }

    /** Returns whether the peer has seen all that was accepted here. Asked when nobody sends any more. */
    boolean hasArrived() {
        for (int sender = 0; sender < SENDERS; sender++) {
            int next = seen[sender];
            while (next < accepted[sender] && takenBack.contains(id(sender, next))) {
                next++;
            }
            if (next != accepted[sender] || seenBroadcasts[sender] != broadcasts[sender]) {
                return false;
            }
        }
        return true;
    }
}
