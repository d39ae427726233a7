package io.millrace.client.internal.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.pool.Borrowed;
import io.millrace.client.request.ConnectionUse;
import io.millrace.core.Session;
import java.lang.ref.Cleaner;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a borrower holds. */
final class Loan implements Borrowed {
    /*
     * Nothing but the borrower refers to this and to its session, which refer to each other: so when both have become
     * unreachable, nobody can give the connection back any more, and the cleaner says so to the record.
     */
    private static final Cleaner CLEANER = Cleaner.create();

    private final LoanRecord record;
    private final GuardedSession session;
    // Written once, before it is handed out.
    private Cleaner.@Nullable Cleanable unreachable;

    private Loan(LoanRecord record) {
        this.record = record;
        this.session = new GuardedSession(this);
    }

    static Loan of(LoanRecord record) {
        Loan loan = new Loan(record);
        loan.unreachable = CLEANER.register(loan, record::unreachable);
        return loan;
    }

    LoanRecord record() {
        return record;
    }

    @Override
    public Session session() {
        return session;
    }

    @Override
    public Endpoint endpoint() {
        return record.endpoint();
    }

    @Override
    public ConnectionUse use() {
        return record.use();
    }

    @Override
    public void giveBack() {
        if (!end()) {
            throw new IllegalStateException(
                    "given back already: somebody else may have the connection by now; give each"
                            + " loan back once, or use close(), which may be called again; " + record);
        }
    }

    @Override
    public void close() {
        end();
    }

    private boolean end() {
        boolean first = record.end();
        if (first) {
            // Only so that the cleaner forgets it: the record knows already.
            Objects.requireNonNull(unreachable, "unreachable").clean();
        }
        return first;
    }

    @Override
    public String toString() {
        return "Borrowed[" + record + "]";
    }
}
