package io.millrace.core;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Why a session ended: the first cause, whatever followed from it.
 *
 * <p>Threading: Immutable.
 */
public final class CloseReason {
    /** Who, or what, ended the session. */
    public enum Kind {
        /** This side called {@link Session#close()} or {@link Session#abort()}. */
        LOCAL,
        /** The peer closed its side in good order, between two frames. */
        PEER,
        /** The connection broke: the peer reset it or vanished. */
        RESET,
        /** Nothing was received, or sent, for too long. */
        IDLE,
        /**
         * A deadline passed: of a frame, a reply, a heartbeat. If it was a heartbeat's,
         * {@link Session#missedHeartbeats()} is more than 0.
         */
        TIMEOUT,
        /** The peer does not read what is sent to it. */
        STALLED,
        /** The peer sent what the protocol does not allow. */
        PROTOCOL,
        /** The application's callback threw. */
        HANDLER,
        /** The handshake or the record layer of TLS failed. Reserved: there is no TLS yet. */
        TLS,
        /** The session was not admitted, or could not be given what it needs. */
        REJECTED,
        /** The server, client or group is closing. */
        SHUTDOWN,
        /** The system failed in a way that is neither side's doing. */
        IO
    }

    private final Kind kind;
    private final String detail;
    private final @Nullable Throwable cause;

    private CloseReason(Kind kind, String detail, @Nullable Throwable cause) {
        this.kind = Objects.requireNonNull(kind, "kind");
        this.detail = Objects.requireNonNull(detail, "detail");
        this.cause = cause;
    }

    /**
     * Makes a reason without a cause.
     *
     * @param kind who, or what
     * @param detail what happened, for people
     * @return the reason
     */
    public static CloseReason of(Kind kind, String detail) {
        return new CloseReason(kind, detail, null);
    }

    /**
     * Makes a reason with a cause.
     *
     * @param kind who, or what
     * @param detail what happened, for people
     * @param cause what was thrown
     * @return the reason
     */
    public static CloseReason of(Kind kind, String detail, Throwable cause) {
        return new CloseReason(kind, detail, Objects.requireNonNull(cause, "cause"));
    }

    /**
     * Returns who, or what, ended the session.
     *
     * @return the kind
     */
    public Kind kind() {
        return kind;
    }

    /**
     * Returns what happened, for people.
     *
     * @return a sentence without its full stop
     */
    public String detail() {
        return detail;
    }

    /**
     * Returns what was thrown.
     *
     * @return the first cause, or null if nothing was thrown
     */
    public @Nullable Throwable cause() {
        return cause;
    }

    @Override
    public String toString() {
        return kind + " (" + detail + ")";
    }
}
