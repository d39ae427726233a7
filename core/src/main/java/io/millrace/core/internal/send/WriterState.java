package io.millrace.core.internal.send;

import io.millrace.core.SessionConfig;
import io.millrace.core.engine.Turn;
import org.jspecify.annotations.Nullable;

/** What the writer of one session is doing, and what it may do next. */
abstract class WriterState {
    /*
     *                 flush, something to write                written, nothing more
     *     IDLE -----------------------------> WRITING ------------------------------> IDLE
     *                                          |   ^ written, more queued: write again
     *                                          +---+
     *     any --- failed write, or stop() ---> STOPPED: nothing is accepted or written any more
     *
     * IDLE is neither `writing` nor `stopped`. Who stops while a write is in flight finds `writing` until it has ended.
     *
     * Who starts a write from a thread of the group is `starting` until that call has returned. A completion in
     * between, on whatever thread, is only noted (`completedWhileStarting`), and whoever has started goes on with it:
     * so there is one writer at a time, and writes that complete at once do not recurse.
     *
     * The end of the stream is an item behind the last byte: closeInput() refuses further messages, and the output is
     * finished when the queue has run empty.
     */

    // All guarded by the queue.

    /** The turn that flushes at its end, as the last one that queued something; forgotten when a write begins. */
    private @Nullable Turn touchedBy;

    private boolean writing;
    private boolean starting;
    private boolean completedWhileStarting;
    private @Nullable Throwable failure;
    private boolean inputClosed;
    private boolean outputFinished;
    private boolean stopped;

    // Written under the queue's lock; read by anyone.
    private volatile boolean congested;

    /** Returns what is written. Its lock guards all this. */
    abstract SendQueue queue();

    abstract SessionConfig config();

    /**
     * Notes who flushes.
     *
     * @return whether this turn does not know yet that there is something to flush. Guarded by the queue.
     */
    final boolean touchBy(@Nullable Turn turn) {
        boolean first = touchedBy != turn;
        touchedBy = turn;
        return first;
    }

    /**
     * Begins to write, unless that is done already or there is nothing to write. Guarded by the queue.
     *
     * @param mayComplete whether the caller goes on with a write that completes within its call
     */
    final boolean tryStart(boolean mayComplete) {
        touchedBy = null;
        if (writing || stopped || !queue().canTake()) {
            return false;
        }
        goOn(true, mayComplete);
        return true;
    }

    /** Goes on to WRITING or to IDLE; to STOPPED if the last write has failed. Guarded by the queue. */
    final void goOn(boolean again, boolean mayComplete) {
        stopped |= failure != null;
        writing = again;
        starting = again && mayComplete;
    }

    /** Returns whether whoever starts a write goes on when it completes within the call. Guarded by the queue. */
    final boolean isStarting() {
        return starting;
    }

    /** Notes how a write has ended; returns whether whoever has started it goes on from there. Guarded by the queue. */
    final boolean noteCompletion(@Nullable Throwable cause) {
        failure = cause;
        completedWhileStarting = starting;
        return starting;
    }

    /** The call that started a write has returned: tells whether it has completed by then. Guarded by the queue. */
    final boolean takeCompletion() {
        boolean completed = completedWhileStarting;
        starting = false;
        completedWhileStarting = false;
        return completed;
    }

    /** Returns why the last write has failed, or null. Guarded by the queue. */
    final @Nullable Throwable failure() {
        return failure;
    }

    /** Returns whether a write is in flight, or about to be. Guarded by the queue. */
    final boolean isInFlight() {
        return writing;
    }

    /** Returns whether a write is in flight that matters still. Guarded by the queue. */
    public final boolean isWriting() {
        return writing && !stopped;
    }

    /** Stops for good. Guarded by the queue. */
    final void setStopped() {
        stopped = true;
    }

    /** Guarded by the queue. */
    public final boolean isStopped() {
        return stopped;
    }

    /** Lets the end of the stream follow the last message. Guarded by the queue. */
    final void closeInput() {
        inputClosed = true;
    }

    /** Returns whether nothing more may be queued. Guarded by the queue. */
    final boolean isClosed() {
        return inputClosed || stopped;
    }

    /** Returns whether the output is to be finished now, which it is once. The queue is empty. Guarded by the queue. */
    final boolean tryFinishOutput() {
        boolean finishes = inputClosed && !writing && !outputFinished && !stopped;
        outputFinished |= finishes;
        return finishes;
    }

    final boolean isOutputFinished() {
        synchronized (queue()) {
            return outputFinished;
        }
    }

    /** Asks senders to slow down; returns whether that is news. Guarded by the queue. */
    final boolean congest() {
        boolean news = !congested;
        congested = true;
        return news;
    }

    /** Returns whether the queue has just become short enough. Guarded by the queue. */
    final boolean relieve() {
        boolean relieved = congested && queue().queuedBytes() <= config().sendLowMark();
        congested = congested && !relieved;
        return relieved;
    }

    final boolean isCongested() {
        return congested;
    }
}
