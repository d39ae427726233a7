package io.millrace.core.internal.answer;

import io.millrace.core.CloseReason;
import org.jspecify.annotations.Nullable;

/** How many requests of one session's peer are in progress, and the line of their replies where those have an order. */
abstract class RequestsInProgress {
    final ServedRequests served;
    final boolean byToken;
    /** Empty where replies have tokens. Guarded by this. */
    final ReplyLine line;

    // Guarded by this.
    private int count;
    /** Whether no reply can leave any more: the session ends, or has ended. */
    private boolean over;
    /** Why it has to be closed, until somebody has taken that on himself. */
    private @Nullable CloseReason ending;

    /**
     * Whether anything is in progress, or no reply can leave any more. Written under this; read without by the
     * callbacks and the session's steps. A true that is not so any more costs them the lock. A false that is not so
     * any more could let an answer overtake another one: but only callbacks begin requests, and whoever else finds
     * that all is over finds it true already, or nothing in progress that could be overtaken.
     */
    private boolean hasAny;

    RequestsInProgress(ServedRequests served, Outlet outlet) {
        this.served = served;
        this.byToken = served.isByToken();
        this.line = new ReplyLine(outlet);
    }

    /** Returns whether anything is in progress, or the session has ended; asked by callbacks. */
    final boolean hasAny() {
        return hasAny;
    }

    /** Returns how many are in progress, with the replies that are kept. Guarded by this. */
    final int count() {
        return count;
    }

    /** Returns whether no reply can leave any more. Guarded by this. */
    final boolean isOver() {
        return over;
    }

    /** Takes why the session has to be closed now, once; or null. Guarded by this. */
    final @Nullable CloseReason takeEnding() {
        CloseReason reason = ending;
        ending = null;
        return reason;
    }

    /** Returns whether no more requests should be taken in, where they cannot be refused. */
    public final boolean isFull() {
        return !byToken && hasAny && isFullInOrder();
    }

    private synchronized boolean isFullInOrder() {
        return count >= served.sessionLimit() || line.keptBytes() >= served.keptLimitBytes();
    }

    /** Takes in a request, and the place of its reply. Guarded by this. */
    final void add(PendingReply reply) {
        setCount(count + 1);
        if (!byToken) {
            line.add(reply);
        }
    }

    /** Takes the first reply out of the line: it is on its way. Guarded by this. */
    final void leave(PendingReply reply, boolean isError) {
        line.removeFirst();
        answered(reply, isError);
    }

    /** A request has been answered. Guarded by this. */
    final void answered(PendingReply reply, boolean isError) {
        setCount(count - 1);
        if (reply.hasBegun()) {
            served.meter().end(reply.startNanos, isError);
            served.leave(1);
        }
    }

    /** The session ends behind what was queued; those that wait have no turn any more. Guarded by this. */
    final void endBecause(CloseReason reason) {
        ending = reason;
        forgetAll();
    }

    /** No reply can leave any more. Guarded by this. */
    final void forgetAll() {
        over = true;
        int begun = count - line.clear();
        served.meter().drop(begun);
        served.leave(begun);
        setCount(0);
    }

    /** Guarded by this. */
    private void setCount(int newCount) {
        count = newCount;
        hasAny = newCount > 0 || over;
    }

    /** Hears that the session has ended: whoever has not answered need not. */
    public final synchronized void end() {
        forgetAll();
    }
}
