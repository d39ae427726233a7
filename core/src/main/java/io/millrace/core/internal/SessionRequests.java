package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.NotSentException;
import io.millrace.core.ReplyHandler;
import io.millrace.core.SendResult;
import io.millrace.core.SessionClosedException;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.Stage;
import io.millrace.core.engine.Turn;
import io.millrace.core.internal.request.FutureReply;
import io.millrace.core.internal.request.PendingRequest;
import io.millrace.core.internal.request.RequestTable;
import io.millrace.core.internal.send.SendLoop;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What an application asks on a session: begins requests, or says at once why none can be begun. */
abstract class SessionRequests extends SessionSends {
    SessionRequests(IoRuntime runtime) {
        super(runtime);
    }

    /**
     * Returns how many requests of this side's are in flight: begun and not answered, or remembered because their
     * replies may still come. Takes no lock and allocates nothing.
     *
     * @return a count that may change at once
     */
    public int pendingRequests() {
        RequestTable table = loop().dispatch().requests();
        return table == null ? 0 : table.pending();
    }

    /**
     * Returns whether requests may be begun.
     *
     * @return false for good once either side drains or closes
     */
    public boolean takesRequests() {
        return loop().beginsRequests();
    }

    /**
     * Returns whether no request of this side's is in flight, or being begun. Whoever begins one from now on, and is
     * asked for its permission while that is so, sees all that the caller did before.
     *
     * @return true if there is none
     */
    public boolean hasNoRequests() {
        RequestTable table = loop().dispatch().requests();
        return table == null || table.isQuiet();
    }

    final long lateReplies() {
        RequestTable table = loop().dispatch().requests();
        return table == null ? 0 : table.lateReplies();
    }

    @Override
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, Duration timeout) {
        FutureReply reply = new FutureReply();
        request(payload, timeout, reply);
        return reply;
    }

    @Override
    public void request(ByteBuffer payload, Duration timeout, ReplyHandler handler) {
        RequestTable table = table();
        TransportException refused = begin(table, payload, Ranges.positiveNanos("timeout", timeout), handler, null);
        if (refused != null) {
            table.fail(handler, refused);
        }
    }

    /**
     * Begins a request as {@link #request(ByteBuffer, Duration, ReplyHandler)} does, but says here if it cannot.
     *
     * @param payload borrowed: the request between position and limit, which do not change
     * @param timeoutNanos how long to wait for the reply, in nanoseconds; more than zero
     * @param handler hears the outcome, once, unless this returns why there is none; perhaps before this returns
     * @return null if the request is on its way; otherwise why it certainly never will be, and the handler is not told
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     * @throws IllegalStateException if replies could not be told from messages or requests of the peer's
     */
    public @Nullable TransportException begin(ByteBuffer payload, long timeoutNanos, ReplyHandler handler) {
        return begin(table(), payload, timeoutNanos, handler, null);
    }

    /**
     * Begins a request as {@link #begin(ByteBuffer, long, ReplyHandler)} does, if it still may when it is counted: so
     * that somebody who wants the session without requests, and then looks at {@link #hasNoRequests}, misses none.
     *
     * @param payload borrowed: the request between position and limit, which do not change
     * @param timeoutNanos how long to wait for the reply, in nanoseconds; more than zero
     * @param handler hears the outcome, once, unless this returns why there is none; perhaps before this returns
     * @param permission returns why the request may not begin, or null if it may; must not block
     * @return null if the request is on its way; otherwise why it certainly never will be, and the handler is not told
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     * @throws IllegalStateException if replies could not be told from messages or requests of the peer's
     */
    public @Nullable TransportException begin(
            ByteBuffer payload,
            long timeoutNanos,
            ReplyHandler handler,
            Supplier<? extends @Nullable TransportException> permission) {
        return begin(table(), payload, timeoutNanos, handler, permission);
    }

    private RequestTable table() {
        RequestTable table = loop().dispatch().requests();
        if (table == null) {
            throw new IllegalStateException("this session cannot ask, because replies could not be told from what"
                    + " onMessage, onPart or onRequest take: ask on one without onMessage and the others, or use"
                    + " Protocol.millrace()");
        }
        return table;
    }

    private @Nullable TransportException begin(
            RequestTable table,
            ByteBuffer payload,
            long timeoutNanos,
            ReplyHandler handler,
            @Nullable Supplier<? extends @Nullable TransportException> permission) {
        SessionLoop session = loop();
        SendLoop send = session.sendLoop();
        FrameKind kind = session.dispatch().requestKind();
        session.setup().requireNoHeartbeat(payload.remaining());
        send.check(payload);
        Turn turn = Turn.current();
        // Asked first, for with a token the request enters the table, with its place in the stream, before it is sent.
        boolean isGathered = !table.isInOrder() && send.canGather(turn, kind, payload);
        Stage stage = turn == null ? null : turn.stage();
        PendingRequest request = stage != null && isGathered
                ? table.prepare(handler, timeoutNanos, stage.offset(), stage.gathering())
                : table.prepare(handler, timeoutNanos);
        if (request == null) {
            return session.beginsRequests() ? tooMany(table) : beginsNoMore();
        }
        TransportException forbidden = permission == null ? null : permission.get();
        if (forbidden != null) {
            return request.unprepare() ? forbidden : null;
        }
        SendResult answer = SendResult.ACCEPTED;
        try {
            // Another thread may have ended the gathering since, and then it goes the usual way.
            if (stage == null || !isGathered || !send.tryGather(stage, kind, payload, request)) {
                answer = send.request(turn, kind, payload, request);
            }
        } catch (RuntimeException | Error cannotBeFramed) {
            request.unprepare();
            throw cannotBeFramed;
        }
        return answer.isAccepted() ? null : notBegun(request, answer);
    }

    private NotSentException tooMany(RequestTable table) {
        return new NotSentException("not sent: the limit on requests that wait for a reply from " + remoteAddress()
                + " is " + table.limit() + ", and it is reached: wait for replies, or ask on another connection");
    }

    /**
     * Takes back a request that was not accepted.
     *
     * @return why it was not; or null if its handler has been told already, by whoever ended the session meanwhile
     */
    private @Nullable TransportException notBegun(PendingRequest request, SendResult answer) {
        TransportException refusal = answer == SendResult.REFUSED ? notSent(answer) : null;
        boolean isUntold = request.unprepare();
        if (refusal != null) {
            loop().refused();
        }
        if (!isUntold) {
            return null;
        }
        return refusal == null ? beginsNoMore() : refusal;
    }

    private TransportException beginsNoMore() {
        if (loop().isDraining() || (loop().isPeerDraining() && isOpen())) {
            String who = loop().isDraining() ? "this session" : remoteAddress().toString();
            return new NotSentException("not sent: " + who + " is draining and begins no requests");
        }
        CloseReason reason = loop().lifecycle().reasonOr("one of the two sides has finished, so no reply could come");
        return new SessionClosedException(reason, false);
    }
}
