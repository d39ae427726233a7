package io.millrace.client.internal.exchange;

import io.millrace.client.internal.pool.Claim;
import io.millrace.client.internal.pool.PooledSession;
import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.ConnectionUse;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.Outcome.Kind;
import io.millrace.client.request.Outcome.Route;
import io.millrace.client.request.RequestRefusedException;
import io.millrace.client.request.RequestRefusedException.Reason;
import io.millrace.core.ErrorReplyException;
import io.millrace.core.NotSentException;
import io.millrace.core.TransportException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Many requests on one connection, and the future of all their outcomes. */
final class Batch extends CompletableFuture<List<Outcome<ByteBuffer>>> {
    /*
     * Each item is unsent, in flight, or settled:
     *
     *                 begin
     *     UNSENT -----------------> IN FLIGHT ----reply, failure----> SETTLED
     *      |  ^                        |                                 ^
     *      |  +--certainly not sent----+                                 |
     *      +--------------------the batch stops------------------------- +
     *
     * and the batch itself has a connection, claims one, or has stopped:
     *
     *     CLAIMING --acquired--> RUNNING --lost or refused, nothing in flight--> CLAIMING, if it may go on elsewhere
     *        | failed               | left and may not, a failure that stops it, out of time
     *        +----------------------+------> STOPPED: whatever is unsent fails with the reason
     *
     * When all items are settled the future is completed with their outcomes, once.
     *
     * Whatever happens (a connection, a reply, a cancel) is noted under the lock, and then `pump` decides what comes
     * next and does it without the lock. One thread pumps at a time; the others leave word in `work` and go, so nothing
     * recurses: a begin or a claim that is answered at once is one more round of the loop.
     *
     * Nothing waits for ever: the pool has a deadline for the claim, the session's table for what is in flight. Whatever
     * is unsent is timed out when the pump comes to it after that.
     *
     * The connection. A shared one is held, so that it is not lent to a borrower between two requests. Any is given back
     * exactly once: when it is lost, or when the batch is over and nothing is in flight on it any more.
     */
    private final Exchanges client;
    private final BatchOptions options;
    private final boolean exclusive;
    private final int inFlightLimit;
    private final long deadlineNanos;
    private final List<BatchItem> items;
    /** How often the pump is to look; not 0 while a thread pumps. */
    private final AtomicInteger work = new AtomicInteger();

    // Guarded by this: the items.
    private final PriorityQueue<BatchItem> unsent;
    private int inFlight;
    private int unsettled;
    private @Nullable TransportException stop;
    private boolean over;

    // Guarded by this: the connection.
    private @Nullable Claim claim;
    private @Nullable PooledSession session;
    private @Nullable PooledSession toGiveBack;
    private Route route = Route.NONE;
    private boolean begunAnywhere;
    private boolean full;
    private int fruitlessClaims;

    // Written once, under the lock.
    private volatile boolean cancelled;

    Batch(Exchanges client, List<ByteBuffer> payloads, BatchOptions options, boolean exclusive) {
        this.client = client;
        this.options = options;
        this.exclusive = exclusive;
        this.inFlightLimit = exclusive ? 1 : options.inFlight();
        this.deadlineNanos = client.nanoTime() + options.timeout().toNanos();
        this.items = new ArrayList<>(payloads.size());
        for (ByteBuffer payload : payloads) {
            items.add(new BatchItem(this, items.size(), payload));
        }
        this.unsent = new PriorityQueue<>(items);
        this.unsettled = items.size();
    }

    void start() {
        TransportException refused = client.pool().refusal();
        if (refused == null) {
            pump();
        } else {
            client.runtime().execute(() -> noConnection(refused));
        }
    }

    boolean isExclusive() {
        return exclusive;
    }

    private void pump() {
        if (work.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            Runnable step;
            while ((step = next()) != null) {
                step.run();
            }
            seen = work.addAndGet(-seen);
        } while (seen != 0);
    }

    /** Decides what comes next, to be done without the lock; null if that is for others to bring about. */
    private synchronized @Nullable Runnable next() {
        PooledSession left = toGiveBack;
        if (left != null) {
            toGiveBack = null;
            return () -> giveBack(left);
        }
        settleUnsentIfStopped();
        if (unsettled == 0) {
            return ending();
        }
        if (unsent.isEmpty() || claim != null) {
            return null;
        }
        PooledSession current = session;
        if (current == null) {
            return inFlight == 0 ? claiming() : null;
        }
        return inFlight < inFlightLimit && !full ? sending(current, unsent.remove()) : null;
    }

    /** Guarded by this. */
    private void settleUnsentIfStopped() {
        if (stop == null && !unsent.isEmpty() && nanosLeft() <= 0) {
            stop = new RequestRefusedException(
                    Reason.TIMED_OUT,
                    "not sent: the time of its batch, " + options.timeout() + ", was over before its turn came");
        }
        TransportException reason = stop;
        if (reason != null) {
            settleUnsent(FailureKinds.of(reason), reason);
        }
    }

    /** Guarded by this. */
    private void settleUnsent(Kind kind, TransportException reason) {
        BatchItem item;
        while ((item = unsent.poll()) != null) {
            settle(item, item.failed(kind, reason));
        }
    }

    /** Guarded by this. */
    private void settle(BatchItem item, Outcome<ByteBuffer> outcome) {
        if (item.settle(outcome)) {
            unsettled--;
        }
    }

    /** Guarded by this. The connection goes back before anybody is told, who may want it next. */
    private @Nullable Runnable ending() {
        Claim waiting = claim;
        if (waiting != null) {
            claim = null;
            return () -> client.pool().withdraw(waiting);
        }
        PooledSession last = session;
        if (last != null && (inFlight == 0 || !exclusive)) {
            session = null;
            return () -> giveBack(last);
        }
        if (over) {
            return null;
        }
        over = true;
        return () -> complete(items.stream().map(BatchItem::outcome).toList());
    }

    private void giveBack(PooledSession left) {
        if (exclusive) {
            client.pool().giveBack(left);
        } else {
            left.letGo();
        }
    }

    private long nanosLeft() {
        return deadlineNanos - client.nanoTime();
    }

    /** Guarded by this. */
    private Runnable claiming() {
        Waiting waiting = new Waiting();
        claim = waiting;
        fruitlessClaims++;
        long nanosLeft = Math.max(1, nanosLeft());
        return () -> {
            PooledSession ready = exclusive ? null : client.pool().tryClaim();
            if (ready != null) {
                waiting.acquired(ready, ConnectionUse.REUSED);
            } else {
                client.pool().claim(waiting, nanosLeft);
            }
        };
    }

    /** Guarded by this. */
    private Runnable sending(PooledSession current, BatchItem item) {
        inFlight++;
        item.attempt(route);
        long nanosLeft = Math.max(1, nanosLeft());
        return () -> {
            TransportException refusal;
            try {
                refusal = current.beginHeld(item.payload(), nanosLeft, item);
            } catch (RuntimeException | Error cannotBeSent) {
                var failure = new NotSentException("not sent: " + cannotBeSent.getMessage(), cannotBeSent);
                failed(item, Kind.NOT_SENT, failure);
                return;
            }
            if (refusal == null) {
                begun();
                if (cancelled) {
                    item.forget();
                }
            } else {
                refused(current, item, refusal);
            }
        };
    }

    private synchronized void begun() {
        begunAnywhere = true;
        fruitlessClaims = 0;
    }

    /** If there will be room on the connection when something in flight has its reply, it is waited for. */
    private synchronized void refused(PooledSession current, BatchItem item, TransportException refusal) {
        inFlight--;
        if (item.isSettled()) {
            return;
        }
        unsent.add(item);
        boolean usable = current.isUsable();
        full = usable && inFlight > 0;
        if (!full) {
            leave(refusal);
        }
    }

    /** Gives the connection up, and returns whether the rest goes to another one. Guarded by this. */
    private boolean leave(TransportException failure) {
        PooledSession left = session;
        if (left != null) {
            session = null;
            toGiveBack = left;
            boolean mayGoOn = options.isMovable() || !begunAnywhere;
            if (stop == null
                    && !(mayGoOn
                            && fruitlessClaims < client.maxAttempts()
                            && client.budget().tryTake())) {
                stop = new NotSentException(
                        "not sent: the batch has lost its connection, and "
                                + (mayGoOn ? "may not be retried again" : "what is left may not go to another one"),
                        failure);
            }
        }
        return stop == null;
    }

    /** Hears that an item was answered. */
    void replied(BatchItem item, ByteBuffer reply) {
        synchronized (this) {
            landed();
            settle(item, item.replied(reply));
        }
        pump();
    }

    /** Hears that an item that was in flight has failed. */
    void failed(BatchItem item, TransportException failure) {
        synchronized (this) {
            if (!item.isSettled() && isUnsentAgain(failure)) {
                landed();
                unsent.add(item);
            } else {
                settleFailed(item, FailureKinds.of(failure), failure);
            }
        }
        pump();
    }

    /** Returns whether what has failed may still be sent. Guarded by this. */
    private boolean isUnsentAgain(TransportException failure) {
        if (failure instanceof ErrorReplyException) {
            return Exchange.isTurnedAway(failure) && options.isMovable() && leave(failure);
        }
        if (!failure.maybeSent()) {
            leave(failure);
        }
        return !failure.maybeSent();
    }

    /** Hears that an item has failed for good. */
    void failed(BatchItem item, Kind kind, TransportException failure) {
        synchronized (this) {
            settleFailed(item, kind, failure);
        }
        pump();
    }

    /** Guarded by this. */
    private void settleFailed(BatchItem item, Kind kind, TransportException failure) {
        landed();
        settle(item, item.failed(kind, failure));
        if (options.stopsOnFailure() && stop == null) {
            stop = new NotSentException("not sent: a request of its batch before it has failed", failure);
        }
    }

    /** Guarded by this. */
    private void landed() {
        inFlight--;
        full = false;
    }

    /** Cancels what has no outcome yet, which is an outcome: what has been answered keeps its own. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        synchronized (this) {
            if (unsettled == 0) {
                return false;
            }
            cancelled = true;
            settleUnsent(Kind.CANCELLED, new NotSentException("the caller has cancelled the batch; it was not sent"));
            TransportException maybeSent =
                    new TransportException("the caller has cancelled the batch; it may have been sent");
            for (BatchItem item : items) {
                settle(item, item.failed(Kind.CANCELLED, maybeSent));
            }
        }
        items.forEach(BatchItem::forget);
        pump();
        return true;
    }

    @Override
    public boolean isCancelled() {
        return cancelled || super.isCancelled();
    }

    private void noConnection(TransportException failure) {
        synchronized (this) {
            claim = null;
            stop = stop == null ? failure : stop;
        }
        pump();
    }

    /** The claim on a connection. */
    private final class Waiting extends Claim {
        Waiting() {
            super(exclusive, BatchItem.payloadBytes(items));
        }

        @Override
        protected void acquired(PooledSession acquired, ConnectionUse use) {
            boolean held = exclusive || acquired.tryHold();
            synchronized (Batch.this) {
                claim = null;
                // If it has just been lent, another one is claimed.
                session = held ? acquired : null;
                route = new Route(acquired.endpoint(), use, 0);
                full = false;
            }
            // Not here: whoever brings the connection is in the middle of something.
            client.runtime().execute(Batch.this::pump);
        }

        @Override
        protected void failed(TransportException failure) {
            // Not here: who asks again when it is refused would go deeper and deeper.
            client.runtime().execute(() -> noConnection(failure));
        }
    }
}
