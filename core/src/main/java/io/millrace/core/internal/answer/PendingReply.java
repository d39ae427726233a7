package io.millrace.core.internal.answer;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.Reply;
import io.millrace.core.SendResult;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The answer that a request waits for, in the hands of the handler; perhaps given, and kept until its turn comes. */
final class PendingReply implements Reply {
    /*
     *                  send, fail                            its turn, and room in the queue
     *     waiting ------------------> answered, and given ------------------------------------> left the line
     *        |                        (in order only: kept, or `closing`)
     *        +--- with tokens, or if it is its turn: answered, and nothing is kept
     */

    /** Stands for the start of what is refused without having begun, and does not count. */
    static final long NOT_BEGUN = Long.MIN_VALUE;

    final long token;
    final long startNanos;
    private final Responder responder;

    // All guarded by the responder.

    /** The one behind it in the line. */
    @Nullable
    PendingReply next;

    /** Whether its handler may give no other answer. */
    boolean answered;
    /** Whether what is kept is an error, for the counters. */
    boolean isError;

    /** What waits for its turn to leave. */
    @Nullable
    ByteBuffer kept;

    /** Why the session closes when its turn comes, instead of an answer. */
    @Nullable
    CloseReason closing;

    PendingReply(Responder responder, long token, long startNanos) {
        this.responder = responder;
        this.token = token;
        this.startNanos = startNanos;
    }

    /** Returns whether something waits for its turn here. Guarded by the responder. */
    boolean isGiven() {
        return kept != null || closing != null;
    }

    /** Returns whether the handler was asked: only then the meter counts it, and the limit of all sessions. */
    boolean hasBegun() {
        return startNanos != NOT_BEGUN;
    }

    @Override
    public SendResult send(ByteBuffer payload) {
        return responder.send(this, payload);
    }

    @Override
    public SendResult fail(int code, String text) {
        if (code < 1 || code > ErrorCode.LAST) {
            throw new IllegalArgumentException("error code is " + code + "; it must be from 1 to " + ErrorCode.LAST);
        }
        CloseReason reason = CloseReason.of(
                CloseReason.Kind.LOCAL, "a request was answered with an error: " + ErrorCode.nameOf(code) + " " + text);
        return responder.fail(this, code, text, reason);
    }

    @Override
    public boolean isAnswered() {
        synchronized (responder) {
            return answered;
        }
    }
}
