package io.millrace.core.internal.answer;

import io.millrace.core.SendResult;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The replies of a protocol without tokens, in the order of their requests: waited for, or given and kept. */
final class ReplyLine {
    /*
     *     first                                  last
     *     | given: leaves, and all given behind it | waiting | given, kept | waiting |
     *
     * Kept replies that find no room in the send queue wait for its relief (`due`). The relief may come while that is
     * found out: so `due` is set first, and then the queue is asked again.
     */

    /** How often a queue may refuse and say that no relief will come, until that is believed: it may just have come. */
    private static final int MOST_ATTEMPTS = 3;

    private final Outlet outlet;

    // Guarded by the responder.
    private @Nullable PendingReply first;
    private @Nullable PendingReply last;
    private long keptBytes;

    // Written under the responder's lock; read by the session's steps.
    private volatile boolean due;

    ReplyLine(Outlet outlet) {
        this.outlet = outlet;
    }

    /** Puts a reply behind the others. Guarded by the responder. */
    void add(PendingReply reply) {
        if (last == null) {
            first = reply;
        } else {
            last.next = reply;
        }
        last = reply;
    }

    /** Returns whether it is this reply's turn. Guarded by the responder. */
    boolean isFirst(PendingReply reply) {
        return first == reply;
    }

    /** Returns the first reply if it has been given, or null. Guarded by the responder. */
    @Nullable
    PendingReply firstGiven() {
        return first != null && first.isGiven() ? first : null;
    }

    /** Keeps what a reply has been given, until its turn comes. Guarded by the responder. */
    void keep(PendingReply reply, ByteBuffer payload) {
        reply.kept = payload;
        keptBytes += payload.remaining();
    }

    /** Returns how much is kept. Guarded by the responder. */
    long keptBytes() {
        return keptBytes;
    }

    /** Takes out the first reply: it is on its way. Guarded by the responder. */
    void removeFirst() {
        PendingReply leaving = first;
        if (leaving == null) {
            return;
        }
        if (leaving.kept != null) {
            keptBytes -= leaving.kept.remaining();
        }
        first = leaving.next;
        if (first == null) {
            last = null;
        }
    }

    /** Takes out everything; returns how many of the replies were of requests that had not begun. Guarded by the responder. */
    int clear() {
        int notBegun = 0;
        for (PendingReply reply = first; reply != null; reply = reply.next) {
            notBegun += reply.hasBegun() ? 0 : 1;
        }
        first = null;
        last = null;
        keptBytes = 0;
        return notBegun;
    }

    /**
     * Queues what was kept. If it is refused, and the relief of the queue will come, that {@linkplain #isDue goes on}
     * with it. Guarded by the responder.
     */
    SendResult queue(ByteBuffer kept) {
        SendResult result = outlet.queue(FrameKind.MESSAGE, 0, kept);
        return result == SendResult.REFUSED ? queueAgain(kept) : result;
    }

    private SendResult queueAgain(ByteBuffer kept) {
        due = true;
        for (int i = 0; i < MOST_ATTEMPTS; i++) {
            SendResult result = outlet.queue(FrameKind.MESSAGE, 0, kept);
            if (result != SendResult.REFUSED) {
                due = false;
                return result;
            }
            if (outlet.willBeRelieved()) {
                return result;
            }
        }
        due = false;
        return SendResult.REFUSED;
    }

    /** Returns whether the first reply waits for the relief of the queue; takes no lock. */
    boolean isDue() {
        return due;
    }

    /** Notes that the relief has come. Guarded by the responder. */
    void relieved() {
        due = false;
    }
}
