package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import org.jspecify.annotations.Nullable;

/** How far a session has come, and the first reason why it is ending. */
final class Lifecycle {
    /*
     *           startClosing            channelClosed           end
     *   OPEN ------------------> CLOSING -----------> CLOSED ---------> ENDED
     *     |                                             ^
     *     +---------------------------------------------+
     *                       channelClosed
     *
     * Only forwards, each transition once: the caller that made it is told true and does what belongs to it. The
     * reason is that of the first transition; but a good end by the peer that turns out to be a reset becomes one.
     *
     * Notes. startClosing when not OPEN, channelClosed when CLOSED or ENDED: false, nothing happens. end is called by
     * the session's own steps, after channelClosed.
     */
    enum Phase {
        /** Traffic both ways. */
        OPEN,
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
        return phase == Phase.OPEN;
    }

    @Nullable
    CloseReason reason() {
        return reason;
    }

    /** Returns the reason, for where one is needed before there may be one. */
    CloseReason reasonOr(String detail) {
        CloseReason first = reason;
        return first != null ? first : CloseReason.of(CloseReason.Kind.LOCAL, detail);
    }

    synchronized boolean startClosing(CloseReason why) {
        if (phase != Phase.OPEN) {
            return false;
        }
        reason = why;
        phase = Phase.CLOSING;
        return true;
    }

    synchronized boolean channelClosed(CloseReason why) {
        if (phase != Phase.OPEN && phase != Phase.CLOSING) {
            return false;
        }
        if (reason == null || isMistaken(reason, why)) {
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
