package io.millrace.core.internal.request;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorReplyException;
import io.millrace.core.ReplyHandler;
import io.millrace.core.SessionClosedException;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Stage;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The requests of one session that wait for their replies. */
public abstract class RequestTable {
    /*
     * Where replies have tokens a request is put in when it is prepared, under one lock, and then sent. Where they have
     * not it is put in under the send loop's lock when it is queued, so that the table's order is the stream's.
     *
     * Once it is in it has exactly one outcome: whoever takes its handler out of it, under this table's lock, delivers
     * the outcome, outside the lock: the reply, an error, its deadline, or the end of the session. If it then turns out
     * that it cannot be sent, its sender takes the handler, and tells nobody; or finds it gone, and has been told.
     *
     * No request is prepared once the requester begins none: so whoever makes that so, and then takes this lock, knows
     * that all that began are in, and that no other will be.
     */

    /** The most requests of one session that may wait for replies. */
    static final int IN_FLIGHT_LIMIT = 16_384;

    private static final VarHandle PREPARED;

    static {
        try {
            PREPARED = MethodHandles.lookup().findVarHandle(RequestTable.class, "prepared", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Deadlines deadlines;
    private final Requester requester;
    private final NextCheck nextCheck;
    private final GatheringClock clock;

    // Guarded by this; the count is also read by anyone, through pending() only.
    private @Nullable PendingRequest free;
    /** How many are prepared, being sent, or in the table. */
    private volatile int prepared;

    private long lateReplies;
    private int overdueInARow;

    RequestTable(Deadlines deadlines, Requester requester) {
        this.deadlines = deadlines;
        this.requester = requester;
        this.nextCheck = new NextCheck(deadlines, requester);
        this.clock = new GatheringClock(deadlines);
    }

    /** Returns the next request's token. Guarded by this. */
    abstract long nextToken();

    /** Returns whether replies come in the order of the requests, so that the table has to have that order. */
    public abstract boolean isInOrder();

    /** Puts a request in. Guarded by this. */
    abstract void put(PendingRequest request);

    /** Takes out the request that a reply answers, or null. Guarded by this. */
    abstract @Nullable PendingRequest take(long token);

    /** Lists all requests. Guarded by this. */
    abstract List<PendingRequest> all();

    /** Takes out everything. Guarded by this. */
    abstract void clear();

    /** Returns how many requests are in. Guarded by this. */
    abstract int count();

    /**
     * Takes out a request that its caller has cancelled, unless its place has to be kept. Guarded by this.
     *
     * @return whether it was there, waited for by this one, and is out now
     */
    abstract boolean tryForget(long token, ReplyHandler waiting);

    /** Returns how many requests may be in. */
    public abstract int limit();

    /**
     * Deals with one request whose time has come, or that nobody waits for any more. Guarded by this.
     *
     * @return why the connection cannot be trusted any more, or null
     */
    abstract @Nullable CloseReason overdue(PendingRequest request, long nowNanos);

    /** Returns when a request has to be looked at next, in nanoseconds from now. */
    abstract long nextCheckNanos(PendingRequest request, long nowNanos);

    /**
     * Prepares a request.
     *
     * @param waiting hears the outcome
     * @param timeoutNanos how long to wait for the reply, in nanoseconds
     * @return the request, to be {@linkplain PendingRequest#accepted accepted} or
     *     {@linkplain PendingRequest#unprepare taken back}; or null if too many are waiting, or none may be begun
     */
    public final @Nullable PendingRequest prepare(ReplyHandler waiting, long timeoutNanos) {
        return prepare(waiting, timeoutNanos, 0, Stage.NO_GATHERING);
    }

    /**
     * Prepares a request that is about to be gathered.
     *
     * @param waiting hears the outcome
     * @param timeoutNanos how long to wait for the reply, in nanoseconds
     * @param streamOffset where it will be in the stream, in bytes from its start
     * @param gathering the number of the gathering
     * @return the request, to be accepted or taken back; or null if too many are waiting, or none may be begun
     */
    public final synchronized @Nullable PendingRequest prepare(
            ReplyHandler waiting, long timeoutNanos, long streamOffset, long gathering) {
        if (prepared >= limit() || !requester.beginsRequests()) {
            return null;
        }
        setPending(prepared + 1);
        PendingRequest request = free;
        if (request == null) {
            request = new PendingRequest(this);
        } else {
            free = request.nextFree;
            request.nextFree = null;
        }
        request.prepare(waiting, nextToken(), clock.nanoTime(gathering), timeoutNanos);
        if (gathering != Stage.NO_GATHERING) {
            request.willBeGathered(streamOffset, gathering);
        }
        if (!isInOrder()) {
            put(request);
            nextCheck.at(request.deadlineNanos(), timeoutNanos);
        }
        return request;
    }

    /** Returns the time of the timer's clock. */
    final long nanoTime() {
        return deadlines.nanoTime();
    }

    /** Takes back a prepared request that was not sent; returns false if its handler has been told an outcome. */
    final boolean unprepare(PendingRequest request) {
        synchronized (this) {
            if (request.abandon() == null) {
                return false;
            }
            if (!isInOrder()) {
                take(request.token());
            }
            request.sent();
            recycle(request);
        }
        // It may have been the last one that somebody waits for who begins no more.
        requester.requestForgotten();
        return true;
    }

    /** Counts a request out, and keeps it for another one if its sender has finished with it. Guarded by this. */
    final void recycle(PendingRequest request) {
        setPending(prepared - 1);
        if (!request.isBeingSent()) {
            request.nextFree = free;
            free = request;
        }
    }

    /** Corrects the places of what was gathered, once they are known, and the deadlines if that has taken long. */
    final synchronized void settled(long gathering, long movedBytes) {
        long overrunNanos = clock.overrunNanos(gathering);
        if (movedBytes == 0 && overrunNanos == 0) {
            return;
        }
        for (PendingRequest request : all()) {
            request.settleIfIn(gathering, movedBytes, overrunNanos);
        }
    }

    /**
     * Returns how many requests wait for replies, are remembered because theirs may still come, or are just being sent.
     * Takes no lock.
     */
    public final int pending() {
        return prepared;
    }

    /** Returns whether {@link #pending} is 0; who prepares a request after that sees what the caller did before it. */
    public final synchronized boolean isQuiet() {
        return prepared == 0;
    }

    /**
     * Ordered, not volatile: the lock makes it seen by whoever must see it, and a request does not pay for a fence.
     * Guarded by this.
     */
    private void setPending(int count) {
        PREPARED.setRelease(this, count);
    }

    /**
     * Frees the place of a request that its caller has cancelled, if it is still there and its reply can be told from
     * others.
     *
     * @param token what it is called
     * @param waiting whose it is
     */
    public final void forget(long token, ReplyHandler waiting) {
        boolean forgotten;
        synchronized (this) {
            forgotten = tryForget(token, waiting);
        }
        if (forgotten) {
            requester.requestForgotten();
        }
    }

    /** Puts in what has been queued just now. */
    final synchronized void add(PendingRequest request) {
        request.sent();
        put(request);
        nextCheck.at(request.deadlineNanos(), request.timeoutNanos());
    }

    /**
     * Gives a reply to the request that it answers.
     *
     * @param reply borrowed
     * @return false if there is no such request
     */
    public final boolean reply(long token, ByteBuffer reply) {
        ReplyHandler waiting;
        synchronized (this) {
            overdueInARow = 0;
            PendingRequest request = take(token);
            if (request == null) {
                lateReplies++;
                return false;
            }
            waiting = takeHandler(request);
        }
        if (waiting != null) {
            tell(waiting, reply);
        }
        return true;
    }

    /**
     * Gives an error to the request that it answers.
     *
     * @return false if there is no such request
     */
    public final boolean fail(long token, int code, String text) {
        ReplyHandler waiting;
        synchronized (this) {
            overdueInARow = 0;
            PendingRequest request = take(token);
            if (request == null) {
                lateReplies++;
                return false;
            }
            waiting = takeHandler(request);
        }
        fail(waiting, new ErrorReplyException(code, text));
        return true;
    }

    /** Ends a request that has been taken out; returns who waits for the reply, or null. Guarded by this. */
    private @Nullable ReplyHandler takeHandler(PendingRequest request) {
        boolean late = request.isAbandoned();
        ReplyHandler waiting = request.abandon();
        recycle(request);
        if (late) {
            lateReplies++;
            return null;
        }
        return waiting;
    }

    /**
     * Gives up what is overdue.
     *
     * @param peer whom to name
     * @return why the connection cannot be trusted any more, or null
     */
    public final @Nullable CloseReason expire(Object peer) {
        long now = deadlines.nanoTime();
        long delayNanos = Long.MAX_VALUE;
        CloseReason lost = null;
        List<OverdueRequest> expired = new ArrayList<>();
        int inARow;
        synchronized (this) {
            nextCheck.passed();
            for (PendingRequest request : all()) {
                long timeoutNanos = request.timeoutNanos();
                if (request.isOverdue(now) && !request.isAbandoned()) {
                    expired.add(new OverdueRequest(request.abandon(), timeoutNanos));
                }
                if (request.isAbandoned() && lost == null) {
                    lost = overdue(request, now);
                }
                delayNanos = Math.min(delayNanos, nextCheckNanos(request, now));
            }
            overdueInARow += expired.size();
            inARow = overdueInARow;
        }
        for (OverdueRequest one : expired) {
            fail(one.waiting(), one.failure(peer));
        }
        if (delayNanos != Long.MAX_VALUE) {
            synchronized (this) {
                nextCheck.within(Math.max(1, delayNanos));
            }
        }
        if (!expired.isEmpty()) {
            requester.requestsOverdue(inARow);
        }
        return lost;
    }

    /**
     * Fails everything that waits, for good. Whoever calls this has made that no request begins any more.
     *
     * @param writtenBytes how many bytes of the stream may have been written: by which callers are told whether
     *     theirs was
     */
    public final void close(CloseReason reason, long writtenBytes) {
        List<ReplyHandler> waiting = new ArrayList<>();
        List<Boolean> written = new ArrayList<>();
        synchronized (this) {
            nextCheck.endForGood();
            List<PendingRequest> underway = new ArrayList<>();
            for (PendingRequest request : all()) {
                if (request.isUnderway()) {
                    // It will be refused, and it is for its sender to tell.
                    underway.add(request);
                    continue;
                }
                boolean isWritten = request.isWritten(writtenBytes);
                ReplyHandler handler = request.abandon();
                if (handler != null) {
                    waiting.add(handler);
                    written.add(isWritten);
                }
            }
            setPending(prepared - count() + underway.size());
            clear();
            underway.forEach(this::put);
        }
        nextCheck.cancel();
        for (int i = 0; i < waiting.size(); i++) {
            fail(waiting.get(i), new SessionClosedException(reason, written.get(i)));
        }
    }

    private void tell(ReplyHandler waiting, ByteBuffer reply) {
        try {
            waiting.onReply(reply);
        } catch (Throwable thrown) {
            requester.handlerThrew("onReply", thrown);
        }
    }

    /** Tells whoever waits that there will be no reply. */
    public final void fail(@Nullable ReplyHandler waiting, TransportException failure) {
        if (waiting == null) {
            return;
        }
        try {
            waiting.onFailure(failure);
        } catch (Throwable thrown) {
            requester.handlerThrew("onFailure", thrown);
        }
    }

    /** Returns how many requests wait for replies, or are remembered because theirs may still come. */
    public final synchronized int size() {
        return count();
    }

    /** Returns how many replies came that nobody waited for: too late, twice, or to nothing that was asked. */
    public final synchronized long lateReplies() {
        return lateReplies;
    }
}
