package io.millrace.client.internal.exchange;

import io.millrace.client.request.Outcome.Kind;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.Codec;
import io.millrace.core.TransportException;
import java.nio.ByteBuffer;

/** A request whose caller wants the reply, or an exception. */
final class ReplyExchange<R> extends Exchange<R, R> {
    ReplyExchange(Exchanges client, ByteBuffer borrowed, Codec<R> codec, RequestOptions options) {
        super(client, borrowed, codec, options);
    }

    @Override
    void replied(R reply) {
        complete(reply);
    }

    @Override
    void failed(Kind kind, TransportException failure) {
        completeExceptionally(failure);
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        boolean cancelled = super.cancel(mayInterruptIfRunning);
        withdraw();
        forget();
        return cancelled;
    }
}
