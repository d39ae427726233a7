package io.millrace.core.internal.answer;

import io.millrace.core.CloseReason;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.SendResult;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;

/** What the responder needs of its session. */
public interface Outlet {
    /** Refuses a payload that cannot be framed, with IllegalArgumentException. */
    void check(ByteBuffer payload);

    /** Queues a frame that has been checked; {@link #flushQueued()} must follow. The payload is borrowed. */
    SendResult queue(FrameKind kind, long token, ByteBuffer payload);

    /** Sees to it that what was queued leaves. May call the channel, so no lock may be held. */
    void flushQueued();

    /** Sends an answer of the framework's own, or closes the session if that is not possible. */
    void answerError(long token, int code, String text);

    /** Returns whether a frame that was refused will find room later, and {@link Responder#resume()} be called then. */
    boolean willBeRelieved();

    /** Hears that a request has been answered, on whatever thread; and whether more may be taken in since. */
    void requestAnswered(boolean takesMore);

    /** Closes the session behind what was queued. */
    void close(CloseReason reason);

    /** Hears that a reply was refused, and does what the policy says. */
    void refused();

    /**
     * Hears that a request is no good, for which the peer is to blame: tells the application.
     *
     * @param request what the handler was given, from the first byte again
     * @return why the session is to be closed
     */
    CloseReason malformed(MalformedFrameException cause, ByteBuffer request);

    /** Hears that the handler threw: logs it, and closes the session if it was an Error. */
    void handlerThrew(String callback, Throwable thrown);
}
