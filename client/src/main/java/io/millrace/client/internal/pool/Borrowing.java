package io.millrace.client.internal.pool;

import io.millrace.client.internal.pool.LoanRecord.Borrower;
import io.millrace.client.pool.Borrowed;
import io.millrace.client.request.ConnectionUse;
import io.millrace.core.TransportException;
import java.util.concurrent.CompletableFuture;

/** Somebody's wish to borrow a connection, and the future of it. */
final class Borrowing extends Claim {
    /*
     * The future is completed by whoever comes first: the pool with a loan or a failure, or the caller, who cancels it
     * (or does anything else to it that futures allow). If it was the caller, the claim is withdrawn; if the pool has
     * settled that already, `acquired` finds the future done, and the connection goes straight back.
     */
    private final ConnectionPool pool;
    private final Leaks leaks;
    private final Borrower borrower;
    private final CompletableFuture<Borrowed> future = new CompletableFuture<>();

    // Written by the pool's call, before it completes the future; read by whoever completes it.
    private volatile boolean settled;

    Borrowing(ConnectionPool pool, Leaks leaks) {
        super(true, 0);
        this.pool = pool;
        this.leaks = leaks;
        this.borrower = leaks.borrower();
    }

    /** Claims a connection. Called once. */
    CompletableFuture<Borrowed> start(long timeoutNanos) {
        future.whenComplete((loan, failure) -> {
            if (!settled) {
                pool.withdraw(this);
            }
        });
        pool.claim(this, timeoutNanos);
        return future;
    }

    @Override
    protected void acquired(PooledSession session, ConnectionUse use) {
        settled = true;
        if (future.isDone()) {
            pool.takeBack(session);
            return;
        }
        LoanRecord loan = new LoanRecord(pool, leaks, session, use, borrower);
        Loan lent = Loan.of(loan);
        leaks.began(loan);
        if (!future.complete(lent)) {
            lent.close();
        }
    }

    @Override
    protected void failed(TransportException failure) {
        settled = true;
        future.completeExceptionally(failure);
    }
}
