package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.request.ConnectionUse;
import io.millrace.core.CloseReason;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Protocol;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** What the pool knows of one loan. It expires when the loan has lasted suspiciously long. */
final class LoanRecord extends Deadline {
    /*
     * `users` counts the calls on the session that are under way, and has a bit that says that the loan is over:
     *
     *     LENT, n calls under way --- end() ---> OVER, n calls under way --- the last one leaves ---> returned
     *
     * The bit is set once, and nobody enters after that. So exactly one thread finds it set with no calls left, whoever
     * ends the loan or the last to leave, and that one returns the connection: once, and when nothing that the borrower
     * does with it can come any later. A call that never returns keeps the connection.
     *
     * No reference leads from here to the Loan, which must be collectable while the timer and the cleaner know this.
     */
    private static final int OVER = 1 << 31;
    private static final int UNREACHABLE = 1 << 30;
    private static final int CALLS = UNREACHABLE - 1;

    private final ConnectionPool pool;
    private final Leaks leaks;
    private final PooledSession pooled;
    private final ConnectionUse use;
    private final Borrower borrower;
    private final Protocol protocol;
    private final long startNanos;
    private final AtomicInteger users = new AtomicInteger();

    // Written by calls on the session, or when the leak is reported; read after the last one.
    private volatile boolean upgraded;
    private volatile boolean sent;
    private volatile boolean reported;

    /**
     * Who borrows.
     *
     * @param thread the name of the thread
     * @param stack what it was doing; null if nobody wants to know
     */
    record Borrower(String thread, @Nullable Throwable stack) {}

    LoanRecord(ConnectionPool pool, Leaks leaks, PooledSession pooled, ConnectionUse use, Borrower borrower) {
        this.pool = pool;
        this.leaks = leaks;
        this.pooled = pooled;
        this.use = use;
        this.borrower = borrower;
        this.protocol = pooled.session().protocol();
        this.startNanos = leaks.nanoTime();
    }

    Endpoint endpoint() {
        return pooled.endpoint();
    }

    ConnectionUse use() {
        return use;
    }

    Borrower borrower() {
        return borrower;
    }

    long startNanos() {
        return startNanos;
    }

    /** Returns the session for what needs no loan. */
    TcpSession peek() {
        return pooled.session();
    }

    /** Begins a call on the session; {@link #leave} must follow. */
    TcpSession enter() {
        int now;
        do {
            now = users.get();
            if (now < 0) {
                throw new IllegalStateException("given back: the session is not this borrower's any more; finish before"
                        + " giving it back, or borrow again with TcpClient.borrow(); " + this);
            }
        } while (!users.compareAndSet(now, now + 1));
        return pooled.session();
    }

    /** Begins a call that ends the connection: that is no failure of the endpoint's. */
    TcpSession enterToEnd() {
        TcpSession session = enter();
        pooled.endsHere();
        return session;
    }

    /** Begins a call that sends what is no request, and may be answered all the same. */
    TcpSession enterToSend() {
        TcpSession session = enter();
        sent = true;
        return session;
    }

    /** Begins a call that makes the connection useless for anybody else. */
    TcpSession enterToUpgrade() {
        TcpSession session = enter();
        upgraded = true;
        return session;
    }

    void leave() {
        returnIfLast(users.decrementAndGet());
    }

    /** Ends the loan; false if it has ended already. */
    boolean end() {
        return end(OVER);
    }

    /** Hears from the cleaner that nobody can use or give back the session any more, or that somebody just has. */
    void unreachable() {
        if (end(OVER | UNREACHABLE)) {
            leaks.unreachable(this, pool.isClosed());
        }
    }

    private boolean end(int bits) {
        int now;
        do {
            now = users.get();
            if (now < 0) {
                return false;
            }
        } while (!users.compareAndSet(now, now | bits));
        returnIfLast(now | bits);
        return true;
    }

    private void returnIfLast(int now) {
        if (now >= 0 || (now & CALLS) != 0) {
            return;
        }
        leaks.ended(this);
        if ((now & UNREACHABLE) != 0) {
            drop();
            pooled.session().close(reason("its borrower has lost it"));
            return;
        }
        TcpSession session = pooled.session();
        // A session that drains has to read, too.
        session.endPauses();
        String spoilt = spoilt(session);
        if (spoilt == null) {
            pool.takeBack(pooled);
        } else {
            drop();
            session.drain(reason(spoilt));
        }
    }

    /** Returns why nobody else can use the connection, or null if anybody can. */
    private @Nullable String spoilt(TcpSession session) {
        if (!session.takesRequests()) {
            return "given back after its end";
        }
        if (upgraded || session.protocol() != protocol) {
            return "given back speaking another protocol";
        }
        if (protocol.pairing() == Pairing.BY_TOKEN || !session.asks()) {
            return null;
        }
        if (sent) {
            // The peer cannot tell it from a request, and the next request would be taken to be what it answers.
            return "given back after a message that may be answered";
        }
        return session.hasNoRequests() ? null : "given back with requests in flight";
    }

    private void drop() {
        pooled.endsHere();
        pool.retire(pooled);
    }

    private static CloseReason reason(String detail) {
        return CloseReason.of(CloseReason.Kind.LOCAL, detail);
    }

    /** On the timer thread. */
    @Override
    protected void expired() {
        leaks.suspect(this);
    }

    boolean isOver() {
        return users.get() < 0;
    }

    boolean isReported() {
        return reported;
    }

    void setReported() {
        reported = true;
    }

    @Override
    public String toString() {
        return "endpoint=" + endpoint() + " " + pooled.session();
    }
}
