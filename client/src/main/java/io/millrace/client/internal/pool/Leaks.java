package io.millrace.client.internal.pool;

import io.millrace.client.internal.pool.LoanRecord.Borrower;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.LogLimiter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports loans that last suspiciously long, and those that nobody can end any more.
 *
 * <p>Threading: Thread-safe.
 */
final class Leaks {
    private static final Logger log = LoggerFactory.getLogger(Leaks.class);

    private final IoRuntime runtime;
    private final long leakNanos;
    private final PoolCounts counts;
    private final LogLimiter limiter = new LogLimiter(10, TimeUnit.MINUTES.toNanos(1));

    /**
     * Makes it.
     *
     * @param runtime the group
     * @param leakNanos how long a loan may last unsuspected, in nanoseconds; MAX_VALUE if for ever
     * @param counts where to count
     */
    Leaks(IoRuntime runtime, long leakNanos, PoolCounts counts) {
        this.runtime = runtime;
        this.leakNanos = leakNanos;
        this.counts = counts;
    }

    long nanoTime() {
        return runtime.deadlines().nanoTime();
    }

    /** Notes who borrows: called on the borrower's thread. */
    Borrower borrower() {
        return new Borrower(
                Thread.currentThread().getName(), leakNanos == Long.MAX_VALUE ? null : new Throwable("borrowed here"));
    }

    void began(LoanRecord loan) {
        if (leakNanos != Long.MAX_VALUE) {
            runtime.deadlines().arm(loan, leakNanos);
        }
    }

    void ended(LoanRecord loan) {
        if (leakNanos != Long.MAX_VALUE) {
            runtime.deadlines().cancel(loan);
        }
        if (loan.isReported()) {
            log.debug("borrowed connection came back after all; {} out={} ms", loan, outMillis(loan));
        }
    }

    /** On the timer thread, which does not log. */
    void suspect(LoanRecord loan) {
        runtime.execute(() -> {
            if (!loan.isOver()) {
                report("borrowed connection is not given back", loan);
            }
        });
    }

    /** On the cleaner's thread. What a closed client had lent is lost in any case. */
    void unreachable(LoanRecord loan, boolean clientClosed) {
        if (!clientClosed) {
            report("borrowed connection was lost by its borrower, and is closed", loan);
        }
    }

    private void report(String what, LoanRecord loan) {
        if (!loan.isReported()) {
            loan.setReported();
            counts.leaks.increment();
        }
        if (limiter.allows()) {
            Borrower borrower = loan.borrower();
            String advice = borrower.stack() == null ? "; leakAfter would have kept the stack of who borrowed it" : "";
            log.warn(
                    "{}; {} out={} ms borrower={}{}",
                    what,
                    loan,
                    outMillis(loan),
                    borrower.thread(),
                    advice,
                    borrower.stack());
        }
    }

    private long outMillis(LoanRecord loan) {
        return Duration.ofNanos(nanoTime() - loan.startNanos()).toMillis();
    }
}
