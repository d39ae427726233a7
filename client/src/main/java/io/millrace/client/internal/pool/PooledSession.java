package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.internal.SessionOpener;
import io.millrace.core.CloseReason;
import io.millrace.core.ErrorReplyException;
import io.millrace.core.ReplyHandler;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.SessionStats;
import io.millrace.core.TransportException;
import io.millrace.core.internal.TcpSession;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A connection of the pool, and what the pool knows of it. */
public final class PooledSession implements SessionOpener.Events, ReplyHandler {
    /*
     *            opened          lent                       drains, closes, is lost
     *     MADE ----------> FREE ------> LEASED  (any) ------------------------------> GONE
     *                       ^  |           |
     *                       |  +-reserved--+   (shared ones: kept from new requests until they are free of old ones)
     *                       +--------------+
     *                          given back
     *
     * Requests that share their connection use a FREE one, and begin only if it is still FREE when they are counted: see
     * Lending. Who has several requests for the same connection holds it: while it is held it is not lent, and whoever
     * holds it may begin more on it though it is RESERVED. GONE is for good: what is still in flight on it finishes, but
     * the pool counts it no more.
     *
     * Where a connection carries one request at a time, it is this that waits for the reply: first the connection goes
     * back, then the reply to whoever asked, so that their next request finds it. If there is no reply the connection
     * cannot be trusted any more.
     */
    enum State {
        /** Being connected, or just connected. */
        MADE,
        /** Whoever comes may use it. */
        FREE,
        /** Waits until the requests on it are done, to be lent. */
        RESERVED,
        /** Belongs to one borrower, or to one request. */
        LEASED,
        /** Not to be used any more. */
        GONE
    }

    /** How long a connection has to last to count as good though nothing was answered on it, in nanoseconds. */
    private static final long LASTING_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ConnectionPool pool;
    private final EndpointSlot slot;
    private final Supplier<@Nullable TransportException> permission = this::permission;
    // Written once, before the pool lists this.
    private @Nullable TcpSession session;

    // Written under the pool's lock, read without it by requests that begin.
    volatile State state = State.MADE;
    // Written and read by anyone.
    private final AtomicInteger holders = new AtomicInteger();
    private volatile boolean endedHere;

    // Guarded by the pool.
    boolean used;
    long openedNanos;
    long busyNanos;
    private int unansweredSeen;
    private long heardSeen;
    private long receivedSeen;
    private long sentSeen;

    // Written by the one request at a time that has the lease; read when its outcome comes.
    private volatile @Nullable ReplyHandler asker;

    PooledSession(ConnectionPool pool, EndpointSlot slot) {
        this.pool = pool;
        this.slot = slot;
    }

    /**
     * Takes the session, once it is there and before the pool is told.
     *
     * @param newSession the session
     */
    public void connected(TcpSession newSession) {
        session = newSession;
    }

    /**
     * Returns where it is connected to.
     *
     * @return the endpoint
     */
    public Endpoint endpoint() {
        return slot.endpoint();
    }

    /**
     * Returns the session.
     *
     * @return the session itself, unguarded
     */
    public TcpSession session() {
        return Objects.requireNonNull(session, "session");
    }

    EndpointSlot slot() {
        return slot;
    }

    /** Returns how many requests wait for replies on it. */
    int pending() {
        return session().pendingRequests();
    }

    /** Returns whether new requests may be begun on it, as far as it knows. */
    public boolean isUsable() {
        return session().takesRequests();
    }

    /**
     * Begins a request.
     *
     * @param payload borrowed
     * @param timeoutNanos how long to wait for the reply, in nanoseconds
     * @param handler hears the outcome, if the request begins
     * @return null if it has begun; else why not: then nothing was sent, and the connection has been given back or
     *     dropped if it was lent for one request only
     * @see #isForOthers
     */
    public @Nullable TransportException begin(ByteBuffer payload, long timeoutNanos, ReplyHandler handler) {
        if (pool.sharesConnections()) {
            return notBegun(session().begin(payload, timeoutNanos, handler, permission));
        }
        asker = handler;
        TransportException failure;
        try {
            failure = session().begin(payload, timeoutNanos, this);
        } catch (RuntimeException | Error cannotBeFramed) {
            asker = null;
            pool.giveBack(this);
            throw cannotBeFramed;
        }
        if (failure != null) {
            asker = null;
            if (isUsable()) {
                pool.giveBack(this);
            }
        }
        return notBegun(failure);
    }

    /** Returns why a request that is counted already may not begin, or null. */
    private @Nullable TransportException permission() {
        return state == State.FREE ? null : new LentException(this);
    }

    /**
     * Begins one of several requests, for who holds the connection, or has it lent.
     *
     * @param payload borrowed
     * @param timeoutNanos how long to wait for the reply, in nanoseconds
     * @param handler hears the outcome, if the request begins
     * @return null if it has begun; else why not: then nothing was sent
     */
    public @Nullable TransportException beginHeld(ByteBuffer payload, long timeoutNanos, ReplyHandler handler) {
        return notBegun(session().begin(payload, timeoutNanos, handler));
    }

    /**
     * Keeps a connection that requests share from being lent.
     *
     * @return false if it has just been; otherwise {@link #letGo} must follow
     */
    public boolean tryHold() {
        holders.incrementAndGet();
        if (state == State.FREE) {
            return true;
        }
        letGo();
        return false;
    }

    /** Lets the connection be lent again. */
    public void letGo() {
        holders.decrementAndGet();
    }

    /** Returns whether it is, or is to be, for somebody else alone: who shares connections uses another one. */
    boolean isKept() {
        return pool.sharesConnections() && state != State.FREE;
    }

    /**
     * Returns whether a request that was not begun here should be begun on another connection.
     *
     * @param refusal why it was not begun
     * @return true if this one is on its way out, or belongs to somebody else now
     */
    public boolean isForOthers(TransportException refusal) {
        return refusal instanceof LentException || !isUsable();
    }

    /** Lends the connection if nobody uses it: see Lending. Guarded by the pool. */
    boolean tryLend() {
        if (pending() != 0 || !isUsable()) {
            return false;
        }
        State before = state;
        state = State.LEASED;
        boolean unused =
                !pool.sharesConnections() || (holders.get() == 0 && session().hasNoRequests());
        if (!unused) {
            state = before;
        }
        return unused;
    }

    /** Notes that it is this side that ends the connection, which is nobody's failure. */
    void endsHere() {
        endedHere = true;
    }

    boolean isEndedHere() {
        return endedHere;
    }

    /** Has the pool forget a connection that takes no requests, lest it lend it again before it hears of that. */
    private @Nullable TransportException notBegun(@Nullable TransportException failure) {
        if (failure != null && !isUsable()) {
            pool.retire(this);
        }
        return failure;
    }

    @Override
    public void onReply(ByteBuffer reply) {
        ReplyHandler waiting = takeAsker();
        pool.giveBack(this);
        waiting.onReply(reply);
    }

    @Override
    public void onFailure(TransportException failure) {
        ReplyHandler waiting = takeAsker();
        if (failure instanceof ErrorReplyException) {
            pool.giveBack(this);
        } else {
            if (failure instanceof RequestTimeoutException) {
                pool.unanswered(this, 1);
            }
            pool.retire(this);
            session()
                    .close(CloseReason.of(
                            CloseReason.Kind.TIMEOUT, "a reply is missing, and no other can be told from it"));
        }
        waiting.onFailure(failure);
    }

    private ReplyHandler takeAsker() {
        ReplyHandler waiting = asker;
        asker = null;
        return Objects.requireNonNull(waiting, "asker");
    }

    /** Notes whether anything has moved since the last look; returns whether the peer was heard. Guarded by the pool. */
    boolean look(long nowNanos) {
        SessionStats stats = session().stats();
        boolean heard = stats.messagesReceived() != receivedSeen;
        if (heard || stats.messagesSent() != sentSeen || pending() > 0) {
            busyNanos = nowNanos;
        }
        receivedSeen = stats.messagesReceived();
        sentSeen = stats.messagesSent();
        return heard;
    }

    /** Returns whether the peer was heard since this was asked last. Guarded by the pool. */
    boolean isHeard() {
        long received = session().stats().messagesReceived();
        boolean heard = received != heardSeen;
        heardSeen = received;
        if (heard) {
            unansweredSeen = 0;
        }
        return heard;
    }

    /** Takes how many requests in a row were not answered; returns how many of them are news. Guarded by the pool. */
    int unanswered(int inARow) {
        int news = inARow > unansweredSeen ? inARow - unansweredSeen : inARow;
        unansweredSeen = inARow;
        return news;
    }

    /** Returns whether the last thing that happened on it is that a request was not answered. Guarded by the pool. */
    boolean isUnanswered() {
        return !isHeard() && unansweredSeen > 0;
    }

    /** Returns whether it has never been handed out, once. Guarded by the pool. */
    boolean firstUse() {
        boolean first = !used;
        used = true;
        return first;
    }

    /** Returns whether the connection was good for something: the peer has answered, or it has lasted for some time. */
    boolean wasGood(long nowNanos) {
        SessionStats stats = session().stats();
        boolean conversed = stats.messagesSent() > 0 && stats.messagesReceived() > 0;
        return conversed || nowNanos - openedNanos >= LASTING_NANOS;
    }

    @Override
    public void draining() {
        pool.retire(this);
    }

    @Override
    public void ended() {
        pool.retire(this);
    }

    @Override
    public void requestsOverdue(int inARow) {
        // Of the one request that has the lease onFailure has told already, while this was still in the pool.
        if (state != State.GONE) {
            pool.unanswered(this, inARow);
        }
    }

    @Override
    public String toString() {
        return session == null ? endpoint().toString() : session.toString();
    }
}
