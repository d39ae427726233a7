package io.millrace.client.internal.exchange;

import io.millrace.client.internal.pool.Claim;
import io.millrace.client.internal.pool.PooledSession;
import io.millrace.client.request.ConnectionUse;
import io.millrace.client.request.Outcome.Kind;
import io.millrace.client.request.Outcome.Route;
import io.millrace.client.request.RequestOptions;
import io.millrace.client.request.RequestRefusedException;
import io.millrace.client.request.RequestRefusedException.Reason;
import io.millrace.core.Codec;
import io.millrace.core.ErrorCode;
import io.millrace.core.ErrorReplyException;
import io.millrace.core.NotSentException;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.TransportException;
import io.millrace.core.internal.request.AbandonableReply;
import io.millrace.core.internal.request.RequestTable;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One request, from the claim on a connection to its outcome, and the future that its caller holds.
 *
 * @param <R> what replies are
 * @param <T> what the caller is told
 */
abstract class Exchange<R, T> extends CompletableFuture<T> implements AbandonableReply {
    /*
     * A request is given to a connection, perhaps to several one after the other, and has one outcome.
     *
     *                 a connection is ready
     *      START ---------------------------> ACQUIRED ---begin---> IN FLIGHT
     *      ^   |                                ^   |                   |
     *      |   | none                           |   | refused           | reply: DONE
     *      |   v                                |   v                   | failure
     *      | WAITING ---------acquired----------+   +---> FAILED <------+
     *      |   | failed: DONE                               |
     *      +------- on an I/O thread, if it may be made again, else DONE
     *
     * The states are places in the code: one thing at a time is under way, and whoever ends it (the pool, the session,
     * this class) does the next. Fields are written before the step that may continue elsewhere, and not touched after
     * it; the locks inside the pool and the request table publish them.
     *
     * One outcome: completing a future happens once. No lock is held here at all.
     *
     * No recursion: making it again is a task of the group, which an I/O thread runs after what it is doing. A request
     * that is refused as fast as it is made again is a loop there.
     *
     * Time: while it waits the pool keeps its deadline, in flight the session's table does. In between it only moves.
     *
     * Cancelled while waiting, the claim is withdrawn. The pool may not have it yet: then `await` finds the future done
     * when it has. It may have been served already: then `acquired` finds the future done and gives the session back.
     * Cancelled in flight, the table is told to forget it; where it cannot, for replies have their turn there, it sees
     * that nobody waits (isAbandoned), and drops the reply. Cancelled while it begins, `acquired` finds the future done
     * when it has begun, and has it forgotten.
     *
     * A begin, however it ends, settles the claim of a session that is not exclusive. A session that is acquired and not
     * begun on is given back.
     */
    private final Exchanges client;
    private final ByteBuffer payload;
    private final Codec<R> codec;
    private final boolean idempotent;
    private final int maxAttempts;
    private final long timeoutNanos;
    private final long deadlineNanos;

    // Written by the one step that is under way; see above.
    private @Nullable TransportException maybeDone;

    // Written by the one step that is under way; whoever cancels may read an earlier one, which is as true. Immutable,
    // so it needs no fence, which every request would pay for.
    private Route route = Route.NONE;

    // Written by the one step that is under way; read by whoever cancels, too.
    private volatile @Nullable Claim claim;

    // Written under the lock of a table, the token first; read by whoever cancels. Should both belong to different
    // attempts, the table does not find it.
    private long token;
    private volatile @Nullable RequestTable table;

    Exchange(Exchanges client, ByteBuffer borrowed, Codec<R> codec, RequestOptions options) {
        this.client = client;
        this.payload = CopyCodec.copy(borrowed);
        this.codec = codec;
        this.idempotent = options.isIdempotent();
        this.maxAttempts = client.maxAttempts(options);
        this.timeoutNanos = options.timeout().toNanos();
        this.deadlineNanos = client.nanoTime() + timeoutNanos;
    }

    /** Tells the caller that there is a reply. */
    abstract void replied(R reply);

    /** Tells the caller that there is none. */
    abstract void failed(Kind kind, TransportException failure);

    /** Returns where the request has been. */
    final Route route() {
        return route;
    }

    /** Begins, unless the client has too much to do already. */
    final void begin() {
        PooledSession ready = client.pool().tryClaimAtOnce();
        if (ready != null) {
            acquired(ready, ConnectionUse.REUSED, timeoutNanos);
            return;
        }
        TransportException refused = client.pool().refusal();
        if (refused != null) {
            endLater(refused);
        } else {
            start(timeoutNanos);
        }
    }

    private void startAgain() {
        start(nanosLeft());
    }

    private void start(long nanosLeft) {
        PooledSession ready = client.pool().tryClaim();
        if (ready != null) {
            acquired(ready, ConnectionUse.REUSED, nanosLeft);
        } else {
            await();
        }
    }

    private void await() {
        Waiting waiting = new Waiting();
        claim = waiting;
        client.pool().claim(waiting, Math.max(1, nanosLeft()));
        if (isDone()) {
            client.pool().withdraw(waiting);
        }
    }

    private long nanosLeft() {
        return deadlineNanos - client.nanoTime();
    }

    private void acquired(PooledSession acquired, ConnectionUse how, long nanosLeft) {
        if (isDone() || nanosLeft <= 0) {
            client.pool().giveBack(acquired);
            endLater(new RequestRefusedException(
                    Reason.TIMED_OUT, "the time was over when a connection was free; not sent"));
            return;
        }
        Route before = route;
        route = new Route(acquired.endpoint(), how, before.attempts() + 1);
        TransportException refusal;
        try {
            refusal = acquired.begin(payload, nanosLeft, this);
        } catch (RuntimeException | Error cannotBeSent) {
            endLater(new NotSentException("not sent: " + cannotBeSent.getMessage(), cannotBeSent));
            return;
        }
        if (refusal != null && acquired.isForOthers(refusal)) {
            // Not an attempt: the connection was on its way out. The pool knows by now, and has others.
            route = before;
            client.runtime().execute(this::startAgain);
        } else if (refusal != null) {
            client.runtime().execute(() -> attemptFailed(refusal));
        } else if (isDone()) {
            forget();
        }
    }

    /** Ends on an I/O thread: whoever brings a connection is in the middle of something, whoever asks may ask again. */
    private void endLater(TransportException failure) {
        client.runtime().execute(() -> end(failure));
    }

    @Override
    public final void onReply(ByteBuffer reply) {
        R decoded;
        try {
            decoded = codec.decode(reply);
            if (decoded == null) {
                throw new IllegalStateException("decode of " + codec + " returned null");
            }
        } catch (Throwable unreadable) {
            failed(Kind.UNREADABLE_REPLY, unreadable(unreadable));
            rethrowError(unreadable);
            return;
        }
        replied(decoded);
    }

    private static TransportException unreadable(Throwable thrown) {
        return thrown instanceof TransportException refusal
                ? refusal
                : new TransportException("the reply could not be read: " + thrown, thrown);
    }

    /** An error ends the session, as in any callback; that there is no memory for one reply is that request's alone. */
    private static void rethrowError(Throwable thrown) {
        if (thrown instanceof Error error && !(thrown instanceof OutOfMemoryError)) {
            throw error;
        }
    }

    @Override
    public final void onFailure(TransportException failure) {
        attemptFailed(failure);
    }

    private void attemptFailed(TransportException failure) {
        if (mayRetry(failure)) {
            if (failure.maybeSent()) {
                maybeDone = failure;
            }
            client.runtime().execute(this::startAgain);
        } else {
            end(failure);
        }
    }

    private boolean mayRetry(TransportException failure) {
        return isWorthRetrying(failure)
                && !isDone()
                && hasAttemptsLeft(failure)
                && nanosLeft() > 0
                && client.budget().tryTake();
    }

    /**
     * A server that drains may have many connections, and say so on each one after the other: that is not what attempts
     * are counted for. The time and the budget bound it.
     */
    private boolean hasAttemptsLeft(TransportException failure) {
        return isTurnedAway(failure) ? maxAttempts > 1 : route.attempts() < maxAttempts;
    }

    private boolean isWorthRetrying(TransportException failure) {
        if (failure instanceof ErrorReplyException) {
            return isTurnedAway(failure);
        }
        return !(failure instanceof RequestTimeoutException) && (idempotent || !failure.maybeSent());
    }

    /**
     * Returns whether a server that drains has answered that it did not begin. One that is BUSY did not begin either, but
     * is not helped by asking again.
     */
    static boolean isTurnedAway(TransportException failure) {
        return failure instanceof ErrorReplyException answer && answer.code() == ErrorCode.DRAINING;
    }

    /** Ends with a failure; if an earlier attempt may have been done, with that one, as the caller must know. */
    private void end(TransportException failure) {
        TransportException told = failure;
        TransportException earlier = maybeDone;
        if (earlier != null && !failure.maybeSent()) {
            earlier.addSuppressed(failure);
            told = earlier;
        }
        failed(FailureKinds.of(told), told);
    }

    @Override
    public final boolean isAbandoned() {
        return isDone();
    }

    @Override
    public final void waitsIn(RequestTable newTable, long newToken) {
        token = newToken;
        table = newTable;
    }

    /** Has the request table forget it, once the future is done by its caller. */
    final void forget() {
        RequestTable waitedIn = table;
        if (waitedIn != null) {
            waitedIn.forget(token, this);
        }
    }

    /**
     * Takes the claim back. Before the future is done by it, to learn whether that was in time; and once more after it,
     * for a claim that was made in between: see above.
     *
     * @return true if the request waited, and no attempt of it may have been sent
     */
    final boolean withdraw() {
        Claim waiting = claim;
        return waiting != null && client.pool().withdraw(waiting) && maybeDone == null;
    }

    /** The claim on the next connection. */
    private final class Waiting extends Claim {
        Waiting() {
            super(false, payload.remaining());
        }

        @Override
        protected void acquired(PooledSession acquired, ConnectionUse how) {
            Exchange.this.acquired(acquired, how, nanosLeft());
        }

        @Override
        protected void failed(TransportException failure) {
            endLater(failure);
        }
    }
}
