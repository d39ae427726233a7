package io.millrace.client;

import io.millrace.client.internal.SessionOpener;
import io.millrace.client.internal.pool.Attempt;
import io.millrace.client.internal.pool.PooledSession;
import io.millrace.client.pool.SessionPreparation;
import io.millrace.core.internal.TcpSession;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Opens the connections of a client's pool. */
record PoolOpening(SessionOpener opener, ClientPlan plan) implements Attempt.Opening {
    @Override
    public CompletableFuture<TcpSession> connect(PooledSession pooled) {
        return opener.open(pooled.endpoint(), plan.connectNanos(), pooled);
    }

    @Override
    public @Nullable CompletionStage<?> prepare(TcpSession session) {
        SessionPreparation preparation = plan.prepare();
        return preparation == null
                ? null
                : Objects.requireNonNull(preparation.prepare(session), "the preparation returned null");
    }
}
