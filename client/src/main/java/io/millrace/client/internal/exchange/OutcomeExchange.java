package io.millrace.client.internal.exchange;

import io.millrace.client.request.Outcome;
import io.millrace.client.request.Outcome.Kind;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.Codec;
import io.millrace.core.NotSentException;
import io.millrace.core.TransportException;
import java.nio.ByteBuffer;

/** A request whose caller wants the outcome, whatever it is. */
final class OutcomeExchange<R> extends Exchange<R, Outcome<R>> {
    OutcomeExchange(Exchanges client, ByteBuffer borrowed, Codec<R> codec, RequestOptions options) {
        super(client, borrowed, codec, options);
    }

    @Override
    void replied(R reply) {
        complete(Outcome.replied(reply, route()));
    }

    @Override
    void failed(Kind kind, TransportException failure) {
        complete(Outcome.failed(kind, failure, route()));
    }

    /** Cancels the request: an outcome like any other, so that whoever waits for outcomes need not catch this one. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        TransportException failure = withdraw()
                ? new NotSentException("the caller has cancelled the request; it was not sent")
                : new TransportException("the caller has cancelled the request; it may have been sent");
        boolean cancelled = complete(Outcome.failed(Kind.CANCELLED, failure, route()));
        withdraw();
        forget();
        return cancelled;
    }

    @Override
    public boolean isCancelled() {
        Outcome<R> outcome = isDone() && !isCompletedExceptionally() ? join() : null;
        return outcome == null ? super.isCancelled() : outcome.kind() == Kind.CANCELLED;
    }
}
