package io.millrace.core.internal;

import io.millrace.core.ReplyHandler;
import io.millrace.core.SendResult;
import io.millrace.core.TransportException;
import io.millrace.core.config.Ranges;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.request.FutureReply;
import io.millrace.core.internal.request.PendingRequest;
import io.millrace.core.internal.request.RequestTable;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** What an application asks on a session: begins requests, or says at once why none can be begun. */
abstract class SessionRequests extends SessionSends {
    SessionRequests(IoRuntime runtime) {
        super(runtime);
    }

    /**
     * Returns how many requests of this side's wait for replies, or are remembered because theirs may still come.
     *
     * @return a count that may change at once
     */
    public int requestsInFlight() {
        RequestTable table = loop().dispatch().requests();
        return table == null ? 0 : table.size();
    }

    @Override
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, Duration timeout) {
        FutureReply reply = new FutureReply();
        request(payload, timeout, reply);
        return reply;
    }

    @Override
    public void request(ByteBuffer payload, Duration timeout, ReplyHandler handler) {
        RequestTable table = loop().dispatch().requests();
        if (table == null) {
            throw new IllegalStateException("this session cannot ask, because replies could not be told from what"
                    + " onMessage, onPart or onRequest take: ask on one without onMessage and the others, or use"
                    + " Protocol.millrace()");
        }
        long timeoutNanos = Ranges.positiveNanos("timeout", timeout);
        if (loop().isPeerDraining() || loop().isDraining()) {
            table.fail(handler, begunTooLate());
            return;
        }
        PendingRequest request = table.prepare(handler, timeoutNanos);
        if (request == null) {
            table.fail(
                    handler,
                    new TransportException("not sent: the limit on requests that wait for a reply from "
                            + remoteAddress()
                            + " is " + table.limit() + ", and it is reached"));
            return;
        }
        SendResult answer = sendRequest(payload, request);
        if (!answer.isAccepted()) {
            table.unprepare(request);
            if (answer == SendResult.REFUSED) {
                loop().refused();
            }
            boolean tooLate = loop().isPeerDraining() || loop().isDraining();
            table.fail(handler, tooLate ? begunTooLate() : notSent(answer));
        }
    }

    private TransportException begunTooLate() {
        String who = loop().isDraining() ? "this session" : remoteAddress().toString();
        return new TransportException("not sent: " + who + " is draining and begins no requests");
    }

    private SendResult sendRequest(ByteBuffer payload, PendingRequest request) {
        try {
            loop().setup().requireNoHeartbeat(payload.remaining());
            return loop().lifecycle().isOpen()
                    ? loop().sendLoop().request(loop().dispatch().requestKind(), payload, request)
                    : SendResult.CLOSED;
        } catch (RuntimeException | Error cannotBeFramed) {
            request.unprepare();
            throw cannotBeFramed;
        }
    }
}
