package io.millrace.client.internal.pool;

import io.millrace.client.request.ConnectionUse;
import io.millrace.core.NotSentException;
import io.millrace.core.ReplyHandler;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import java.nio.ByteBuffer;
import java.time.Duration;

/** A request that came before its connection, with a copy of its payload. */
public final class WaitingRequest extends Claim {
    /*
     * If the connection that it gets takes no requests any more, it waits for another one, until its deadline. It is
     * not begun twice: begin() answers before anything is sent.
     */
    private final IoRuntime runtime;
    private final ConnectionPool pool;
    private final ByteBuffer payload;
    private final long timeoutNanos;
    private final long deadlineNanos;
    private final ReplyHandler handler;

    /**
     * Makes a request.
     *
     * @param runtime the group
     * @param pool where it gets its connection from
     * @param borrowed the payload, which is copied
     * @param timeoutNanos how long waiting and answering may take together, in nanoseconds
     * @param handler hears the outcome, on an I/O thread
     */
    public WaitingRequest(
            IoRuntime runtime, ConnectionPool pool, ByteBuffer borrowed, long timeoutNanos, ReplyHandler handler) {
        super(false, borrowed.remaining());
        this.runtime = runtime;
        this.pool = pool;
        this.payload = ByteBuffer.allocate(borrowed.remaining())
                .put(borrowed.duplicate())
                .flip();
        this.timeoutNanos = timeoutNanos;
        this.deadlineNanos = runtime.deadlines().nanoTime() + timeoutNanos;
        this.handler = handler;
    }

    /** Waits for a connection. */
    public void start() {
        long leftNanos = deadlineNanos - runtime.deadlines().nanoTime();
        if (leftNanos > 0) {
            pool.claim(this, leftNanos);
        } else {
            failed(new RequestTimeoutException(
                    "no connection within " + Duration.ofNanos(timeoutNanos).toMillis()
                            + " ms, so the request was not sent",
                    false));
        }
    }

    @Override
    protected void acquired(PooledSession session, ConnectionUse use) {
        long leftNanos = Math.max(1, deadlineNanos - runtime.deadlines().nanoTime());
        TransportException failure;
        try {
            failure = session.begin(payload, leftNanos, handler);
        } catch (RuntimeException | Error cannotBeFramed) {
            failed(new NotSentException("not sent: " + cannotBeFramed, cannotBeFramed));
            return;
        }
        if (failure != null && session.isForOthers(failure)) {
            runtime.execute(this::start);
        } else if (failure != null) {
            failed(failure);
        }
    }

    /** Not here: a handler that asks again when it is refused would go deeper and deeper. */
    @Override
    protected void failed(TransportException failure) {
        runtime.execute(() -> handler.onFailure(failure));
    }
}
