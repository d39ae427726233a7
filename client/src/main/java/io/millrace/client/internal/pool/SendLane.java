package io.millrace.client.internal.pool;

import io.millrace.client.request.ConnectionUse;
import io.millrace.core.NotSentException;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Messages that keep their order: all go over one connection, as long as that takes any. */
final class SendLane {
    /*
     *               send                    acquired                    all is sent
     *     UNPINNED ------> CLAIMING (queue) --------> PINNED, SENDING -------------> PINNED
     *         ^               | failed                                                 |
     *         +---------------+------------------------ the connection takes no more --+
     *
     * A message goes straight to the pinned connection if nothing waits; otherwise it waits behind the others, with a
     * copy of its own. One thread sends what waits, without the lock, and says under the lock when nothing waits any
     * more, so that a message of the same thread cannot pass those before it.
     */
    private record Waiting(ByteBuffer message, CompletableFuture<Void> written) {}

    private final IoRuntime runtime;
    private final ConnectionPool pool;
    private final long waitNanos;
    private final long waitingLimitBytes;

    // Guarded by this.
    private @Nullable PooledSession pinned;
    private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
    private long queuedBytes;
    private boolean claiming;
    private boolean sending;

    SendLane(IoRuntime runtime, ConnectionPool pool, long waitNanos, long waitingLimitBytes) {
        this.runtime = runtime;
        this.pool = pool;
        this.waitNanos = waitNanos;
        this.waitingLimitBytes = waitingLimitBytes;
    }

    CompletableFuture<Void> send(ByteBuffer message) {
        PooledSession straight;
        synchronized (this) {
            boolean usable = pinned != null && pinned.isUsable() && !pinned.isKept();
            straight = usable && queue.isEmpty() && !sending && !claiming ? pinned : null;
        }
        return straight != null ? straight.session().sendAsync(message) : await(message);
    }

    private CompletableFuture<Void> await(ByteBuffer message) {
        Waiting waiting = new Waiting(
                ByteBuffer.allocate(message.remaining())
                        .put(message.duplicate())
                        .flip(),
                new CompletableFuture<>());
        boolean claim;
        synchronized (this) {
            if (!queue.isEmpty() && queuedBytes + message.remaining() > waitingLimitBytes) {
                return CompletableFuture.failedFuture(new NotSentException("not sent: " + queuedBytes
                        + " bytes of messages wait for the connection already; the limit is sendLimit, "
                        + waitingLimitBytes + ": raise it, or send less"));
            }
            queue.addLast(waiting);
            queuedBytes += message.remaining();
            claim = !claiming && !sending;
            claiming |= claim;
        }
        if (claim) {
            claim();
        }
        return waiting.written();
    }

    private void claim() {
        PooledSession ready = pool.tryClaim();
        if (ready != null) {
            pin(ready);
        } else {
            pool.claim(new Pin(), waitNanos);
        }
    }

    private void pin(PooledSession session) {
        synchronized (this) {
            pinned = session;
            claiming = false;
            sending = true;
        }
        Waiting next;
        while ((next = nextWaiting()) != null) {
            CompletableFuture<Void> written = next.written();
            session.session().sendAsync(next.message()).whenComplete((nothing, failure) -> {
                if (failure != null) {
                    written.completeExceptionally(failure);
                } else {
                    written.complete(null);
                }
            });
        }
    }

    private synchronized @Nullable Waiting nextWaiting() {
        Waiting next = queue.pollFirst();
        sending = next != null;
        if (next != null) {
            queuedBytes -= next.message().remaining();
        }
        return next;
    }

    private void fail(TransportException failure) {
        List<Waiting> failed;
        synchronized (this) {
            claiming = false;
            failed = new ArrayList<>(queue);
            queue.clear();
            queuedBytes = 0;
        }
        failed.forEach(waiting -> waiting.written().completeExceptionally(failure));
    }

    /** The claim on the connection that messages wait for. */
    private final class Pin extends Claim {
        Pin() {
            super(false, 0);
        }

        @Override
        protected void acquired(PooledSession session, ConnectionUse use) {
            // Not here: whoever brings the connection is in the middle of something.
            runtime.execute(() -> pin(session));
        }

        @Override
        protected void failed(TransportException failure) {
            // Not here: who sends again when that is refused would go deeper and deeper.
            runtime.execute(() -> fail(failure));
        }
    }
}
