package io.millrace.core.internal.answer;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.Reply;
import io.millrace.core.SendResult;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The answer that a request waits for, in the hands of the handler; perhaps given, and kept until its turn comes. */
final class PendingReply implements Reply {
    /** Stands for the start of what is refused without having begun, and does not count. */
    static final long NOT_BEGUN = Long.MIN_VALUE;

    final long token;
    final long startNanos;
    private final Responder responder;

    // Guarded by the responder.
    @Nullable
    PendingReply next;

    boolean answered;
    boolean isError;

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

    /** Guarded by the responder. */
    boolean isGiven() {
        return kept != null || closing != null;
    }

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
