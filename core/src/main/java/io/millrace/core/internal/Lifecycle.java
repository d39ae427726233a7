package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import org.jspecify.annotations.Nullable;

/** How far a session has come, and the first reason why it is ending. */
final class Lifecycle {
    /*
     *         startDraining             startClosing           channelClosed          end
     *   OPEN ----------------> DRAINING --------------> CLOSING ------------> CLOSED ------> ENDED
     *     |                     |  |                     ^                      ^
     *     +---------------------|--+---------------------+                      |
     *     |       startClosing  |                                               |
     *     +---------------------+-----------------------------------------------+
     *                                   channelClosed
     *
     * Only forwards, each transition once: the caller that made it is told true and does what belongs to it. The
     * reason is that of the first transition; but a good end by the peer that turns out to be a reset becomes one. A
     * session that drains is open, and has no reason yet; when it is done, or its peer finishes first, as it should,
     * the reason is that of the draining.
     *
     * Notes. startDraining when not OPEN, startClosing when neither OPEN nor DRAINING, channelClosed when CLOSED or
     * ENDED: false, nothing happens. end is called by the session's own steps, after channelClosed.
     */
    enum Phase {
        /** Traffic both ways. */
        OPEN,
        /** Traffic both ways, but nothing new is begun: what is in flight is finished, then the session closes. */
        DRAINING,
        /** A graceful close has begun: what is queued is sent, what arrives is dropped. */
        CLOSING,
        /** The channel has been closed; operations in flight are still to complete. */
        CLOSED,
        /** Both directions have completed: onClose is being called, and everything is being given back. */
        ENDED
    }

    // Written under this; read by anyone.
    private volatile Phase phase = Phase.OPEN;
    private volatile @Nullable CloseReason reason;

    Phase phase() {
        return phase;
    }

    boolean isOpen() {
        Phase now = phase;
        return now == Phase.OPEN || now == Phase.DRAINING;
    }

    boolean isDraining() {
        return phase == Phase.DRAINING;
    }

    /** Returns why the session is closing or has ended; null while it is open. */
    @Nullable
    CloseReason reason() {
        return isOpen() ? null : reason;
    }

    /** Returns why the session drains, or else why it is closing. */
    CloseReason reasonToDrain() {
        return reasonAlways("drained");
    }

    /** Returns the reason, for where one is needed before there may be one. */
    CloseReason reasonOr(String detail) {
        return isOpen() ? CloseReason.of(CloseReason.Kind.LOCAL, detail) : reasonAlways(detail);
    }

    private CloseReason reasonAlways(String detail) {
        CloseReason first = reason;
        return first != null ? first : CloseReason.of(CloseReason.Kind.LOCAL, detail);
    }

    synchronized boolean startDraining(CloseReason why) {
        if (phase != Phase.OPEN) {
            return false;
        }
        // In this order, because readers take no lock: a reason without its phase is not shown.
        reason = why;
        phase = Phase.DRAINING;
        return true;
    }

    synchronized boolean startClosing(CloseReason why) {
        if (!isOpen()) {
            return false;
        }
        if (reason == null || why.kind() != CloseReason.Kind.PEER) {
            reason = why;
        }
        phase = Phase.CLOSING;
        return true;
    }

    synchronized boolean channelClosed(CloseReason why) {
        if (phase == Phase.CLOSED || phase == Phase.ENDED) {
            return false;
        }
        if (reason == null || phase == Phase.DRAINING || isMistaken(reason, why)) {
            reason = why;
        }
        phase = Phase.CLOSED;
        return true;
    }

    /** Of two operations in flight a reset fails one only; if that is the write, the read is told of a good end. */
    private static boolean isMistaken(CloseReason first, CloseReason next) {
        return first.kind() == CloseReason.Kind.PEER && next.kind() == CloseReason.Kind.RESET;
    }

    synchronized void end() {
        if (phase != Phase.CLOSED) {
            throw new IllegalStateException("a session cannot end from " + phase);
        }
        phase = Phase.ENDED;
    }
}
