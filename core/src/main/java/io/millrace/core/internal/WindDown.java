package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.internal.receive.ReceiveLoop;
import io.millrace.core.internal.send.SendLoop;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Brings a session to its end in good order: what is in flight, then what is queued, then a little time for the peer. */
final class WindDown {
    /*
     * A peer that has been told of the draining finishes by itself, and whatever it asked before it heard of that gets
     * an answer. The time is for a peer that gets no processor for a while; one that ignores the notice gets no more.
     *
     * Closing with unread input would reset the connection, and could destroy our last bytes on their way. So after
     * the end of our stream what arrives is read and dropped, up to a limit and a deadline (lingering close).
     *
     * Confined to the session's steps; the deadlines only abort, or signal.
     */
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long LINGER_BYTES = 64 << 10;
    private static final long HALF_CLOSED_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final ReceiveLoop receive;
    private final SendLoop send;
    private final Deadlines deadlines;
    private final Consumer<CloseReason> abort;

    private boolean lingering;
    private long lingerLimitBytes;
    private @Nullable CutOff cutOff;
    private @Nullable Patience patience;

    WindDown(ReceiveLoop receive, SendLoop send, Deadlines deadlines, Consumer<CloseReason> abort) {
        this.receive = receive;
        this.send = send;
        this.deadlines = deadlines;
        this.abort = abort;
    }

    /** Gives a peer that is told of the draining a little time to finish by itself; returns false if that has begun. */
    boolean startDraining(Runnable signal) {
        if (patience != null) {
            return false;
        }
        patience = new Patience(signal);
        deadlines.arm(patience, PATIENCE_NANOS);
        return true;
    }

    /** Returns whether a peer that was told has had its time. */
    boolean isPatienceOver() {
        return patience != null && patience.over;
    }

    /** Gives the application a limited time to answer a peer that has finished. */
    void awaitAnswers() {
        if (cutOff == null) {
            arm(CloseReasons.unanswered(HALF_CLOSED_NANOS), HALF_CLOSED_NANOS);
        }
    }

    /** Goes on with the close as far as it can be now. */
    void moveOn() {
        if (!receive.isReading()) {
            receive.discard();
        }
        if (!send.isOutputFinished()) {
            // Reads on without limit: the peer may have to get rid of its output before it reads ours.
            return;
        }
        if (receive.isEndOfStream()) {
            abort.accept(CloseReasons.local("closed"));
        } else if (!lingering) {
            lingering = true;
            lingerLimitBytes = receive.discardedBytes() + LINGER_BYTES;
            arm(CloseReasons.local("the peer kept its side open after the close"), LINGER_NANOS);
        } else if (receive.discardedBytes() > lingerLimitBytes) {
            abort.accept(CloseReasons.local("the peer kept sending after the close"));
        }
    }

    private void arm(CloseReason reason, long nanos) {
        cancel();
        cutOff = new CutOff(reason, abort);
        deadlines.arm(cutOff, nanos);
    }

    void cancel() {
        if (cutOff != null) {
            deadlines.cancel(cutOff);
        }
        if (patience != null) {
            deadlines.cancel(patience);
        }
    }

    /** Waits for a peer that was told of the draining. */
    private static final class Patience extends Deadline {
        private final Runnable signal;

        // Written by the timer; read by the steps.
        private volatile boolean over;

        Patience(Runnable signal) {
            this.signal = signal;
        }

        @Override
        protected void expired() {
            over = true;
            signal.run();
        }
    }

    /** Ends the session when it has waited long enough for its peer, or for its own application. */
    private static final class CutOff extends Deadline {
        private final CloseReason reason;
        private final Consumer<CloseReason> abort;

        CutOff(CloseReason reason, Consumer<CloseReason> abort) {
            this.reason = reason;
            this.abort = abort;
        }

        @Override
        protected void expired() {
            abort.accept(reason);
        }
    }
}
