package io.millrace.client.internal;

import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.TcpSession;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The one connection that a client's requests share: made when it is first needed, and again when it is lost. */
public final class SharedSession {
    /*
     * Requests that come before the connection wait here, in order, as many as would fit the send queue. While any
     * of them waits, later ones queue behind it, so that the requests of one thread keep their order also across the
     * moment in which the connection comes.
     *
     * One thread sends what waits (`sendingWaiting`), without the lock, and clears that under the lock when nothing
     * waits any more. Nothing that a request throws gets past it, or nobody would ever send again.
     */
    private final IoRuntime runtime;
    private final Supplier<CompletableFuture<Session>> connect;
    private final int waitingLimitBytes;

    // Guarded by this.
    private @Nullable CompletableFuture<Session> current;
    private final ArrayDeque<WaitingRequest> waiting = new ArrayDeque<>();
    private long waitingBytes;
    private boolean sendingWaiting;

    /**
     * Makes a shared session that is not connected yet.
     *
     * @param runtime the group
     * @param connect makes a connection
     * @param waitingLimitBytes how much may wait for the connection, in bytes
     */
    public SharedSession(IoRuntime runtime, Supplier<CompletableFuture<Session>> connect, int waitingLimitBytes) {
        this.runtime = runtime;
        this.connect = connect;
        this.waitingLimitBytes = waitingLimitBytes;
    }

    /**
     * Sends a request, once there is a connection.
     *
     * @param payload borrowed
     * @param timeoutNanos how long connecting and answering may take together, in nanoseconds
     * @return the reply, as {@link Session#request} answers it, or why there is no connection
     */
    public CompletableFuture<ByteBuffer> request(ByteBuffer payload, long timeoutNanos) {
        Session ready;
        synchronized (this) {
            ready = waiting.isEmpty() && !sendingWaiting ? openSession() : null;
        }
        return ready != null ? ready.request(payload, Duration.ofNanos(timeoutNanos)) : await(payload, timeoutNanos);
    }

    private CompletableFuture<ByteBuffer> await(ByteBuffer payload, long timeoutNanos) {
        WaitingRequest request = new WaitingRequest(payload, timeoutNanos);
        CompletableFuture<Session> begun;
        synchronized (this) {
            if (waitingBytes + payload.remaining() > waitingLimitBytes && !waiting.isEmpty()) {
                request.fail(new TransportException("not sent: " + waitingBytes + " bytes of requests wait for the"
                        + " connection already; the limit is sendLimit, " + waitingLimitBytes));
                return request.reply;
            }
            waiting.addLast(request);
            waitingBytes += payload.remaining();
            begun = connectIfNeeded();
        }
        if (begun != null) {
            begun.whenComplete((session, failure) -> {
                if (session != null) {
                    connected(session);
                } else {
                    failWaiting(begun, failure);
                }
            });
        }
        return request.reply;
    }

    /** Guarded by this. */
    private @Nullable Session openSession() {
        CompletableFuture<Session> future = current;
        if (future == null || !future.isDone() || future.isCompletedExceptionally()) {
            return null;
        }
        Session session = future.join();
        boolean draining = session instanceof TcpSession tcp && tcp.isPeerDraining();
        return session.isOpen() && !draining ? session : null;
    }

    /** Guarded by this. Returns the connection to wait for, if nobody waits for it yet. */
    private @Nullable CompletableFuture<Session> connectIfNeeded() {
        CompletableFuture<Session> future = current;
        if (future != null && (!future.isDone() || sendingWaiting)) {
            return null;
        }
        if (future == null || openSession() == null) {
            future = connect.get();
            current = future;
        }
        return future;
    }

    private void connected(Session session) {
        synchronized (this) {
            if (sendingWaiting) {
                // One thread at a time, or their order would be lost: that one goes on with whatever waits.
                return;
            }
            sendingWaiting = true;
        }
        WaitingRequest next;
        while ((next = nextWaiting()) != null) {
            next.sendOn(session);
        }
    }

    /** Fails those who wait now; who asks from their callbacks, or later, has a new connection made. */
    private void failWaiting(CompletableFuture<Session> attempt, @Nullable Throwable failure) {
        List<WaitingRequest> failed;
        synchronized (this) {
            if (current == attempt) {
                current = null;
            }
            failed = new ArrayList<>(waiting);
            waiting.clear();
            waitingBytes = 0;
        }
        failed.forEach(one -> one.fail(failure));
    }

    private synchronized @Nullable WaitingRequest nextWaiting() {
        WaitingRequest next = waiting.pollFirst();
        sendingWaiting = next != null;
        if (next != null) {
            waitingBytes -= next.payload.remaining();
        }
        return next;
    }

    /** A request that came before the connection. */
    private final class WaitingRequest extends Deadline {
        private final CompletableFuture<ByteBuffer> reply = new CompletableFuture<>();
        private final ByteBuffer payload;
        private final long timeoutNanos;
        private final long deadlineNanos;

        WaitingRequest(ByteBuffer borrowed, long timeoutNanos) {
            this.payload = ByteBuffer.allocate(borrowed.remaining())
                    .put(borrowed.duplicate())
                    .flip();
            this.timeoutNanos = timeoutNanos;
            this.deadlineNanos = runtime.deadlines().nanoTime() + timeoutNanos;
            runtime.deadlines().arm(this, timeoutNanos);
        }

        void sendOn(Session session) {
            long leftNanos = deadlineNanos - runtime.deadlines().nanoTime();
            if (leftNanos > 0 && !reply.isDone()) {
                runtime.deadlines().cancel(this);
                try {
                    session.request(payload, Duration.ofNanos(leftNanos)).whenComplete(this::answered);
                } catch (Throwable refused) {
                    // Of this request alone: those behind it are owed their turn.
                    reply.completeExceptionally(refused);
                }
            }
        }

        void fail(@Nullable Throwable failure) {
            runtime.deadlines().cancel(this);
            reply.completeExceptionally(failure);
        }

        private void answered(@Nullable ByteBuffer answer, @Nullable Throwable failure) {
            if (failure != null) {
                reply.completeExceptionally(failure);
            } else {
                reply.complete(answer);
            }
        }

        @Override
        protected void expired() {
            runtime.execute(() -> reply.completeExceptionally(new RequestTimeoutException("no connection within "
                    + Duration.ofNanos(timeoutNanos).toMillis() + " ms, so the request was not sent")));
        }
    }
}
