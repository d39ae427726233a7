package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.Session;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.Lifecycle.Phase;
import io.millrace.core.internal.request.RequestTable;
import io.millrace.core.internal.send.SendLoop;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one session has in flight, both ways: when requests may begin, and when a session that drains has finished. */
abstract class SessionExchanges extends SessionCallbacks {
    /*
     * Requests ask beginsRequests() under the lock of their table, and once more under the send queue's, unless they are
     * gathered. So whoever has made that false, and has then passed both locks, knows that every request that began is
     * in the table, and that no other will be sent.
     *
     * That no more begin is told to the listener by a step, once: whatever makes it so signals, or is itself a step.
     */

    /** Who hears how the session fares, besides its handler. */
    interface Listener {
        /** Hears that the application has been told of the open session. */
        void opened();

        /** Hears that no more requests can begin. */
        void draining();

        /** Hears that so many requests have had no reply in time since the last reply. */
        void requestsOverdue(int inARow);

        /** Hears that the session has ended, onClose has been called and everything given back. */
        void ended();
    }

    private static final Logger log = LoggerFactory.getLogger(SessionExchanges.class);

    final Listener listener;

    // Confined to the steps.
    private boolean drainingTold;

    // Written by the steps; read by anyone.
    private volatile boolean peerDraining;

    // Written by the steps, or by whoever shuts the output; read by anyone.
    private volatile boolean asksNoMore;

    SessionExchanges(
            IoRuntime runtime,
            AsynchronousSocketChannel channel,
            Session session,
            @Nullable Executor executor,
            Listener listener) {
        super(runtime, channel, session, executor);
        this.listener = listener;
    }

    abstract SendLoop sendLoop();

    abstract FrameDispatch dispatch();

    /** Returns whether the peer has sent the end of its stream. */
    abstract boolean isInputEnded();

    /** Returns whether nothing more is expected of a peer, now that this side drains. */
    abstract boolean isPeerExcused();

    /** Returns false once either side drains or ends: then no request can slip in behind the look at those in flight. */
    public boolean beginsRequests() {
        return !asksNoMore && life.phase() == Phase.OPEN;
    }

    /** Begins no more requests, though the session stays open. */
    final void askNoMore() {
        asksNoMore = true;
        signal(STATE_CHANGED);
    }

    /** Tells the listener, once, when no more requests can begin. */
    final void tellDraining() {
        if (!drainingTold && !beginsRequests()) {
            drainingTold = true;
            listener.draining();
        }
    }

    /** Fails what waits for a reply of the peer's: there will be none, and no more requests can begin. */
    final void failRequests(CloseReason reason, long writtenBytes) {
        RequestTable requests = dispatch().requests();
        if (requests != null) {
            sendLoop().testBehindRequests(() -> true);
            requests.close(reason, writtenBytes);
        }
    }

    /** Fails what waits for a reply of a peer that has finished, while the session goes on. */
    final void failOwnRequests(CloseReason reason) {
        asksNoMore = true;
        // What is queued is still sent, so none of it may be called unsent.
        failRequests(reason, Long.MAX_VALUE);
        tellDraining();
    }

    final boolean isPeerDraining() {
        return peerDraining;
    }

    /** Hears that the peer will not answer further requests. */
    public void peerIsDraining(int code, String text) {
        log.debug("peer is draining; {} code={} text={}", session, ErrorCode.nameOf(code), text);
        peerDraining = true;
        asksNoMore = true;
        tellDraining();
    }

    /** Returns whether nothing new is begun here. */
    public boolean isDraining() {
        return life.isDraining();
    }

    /** Returns why nothing new is begun here. */
    public CloseReason reasonToDrain() {
        return life.reasonToDrain();
    }

    public void requestsDue() {
        signal(REQUESTS_DUE);
    }

    public void requestForgotten() {
        if (!beginsRequests()) {
            signal(STATE_CHANGED);
        }
    }

    public void requestsOverdue(int inARow) {
        listener.requestsOverdue(inARow);
    }

    final void expireRequests() {
        RequestTable requests = dispatch().requests();
        if (requests == null) {
            return;
        }
        CloseReason lost = requests.expire(session.remoteAddress());
        if (lost != null) {
            close(lost);
        } else {
            closeIfDrained();
        }
    }

    /** Closes if one of the sides drains and nothing is in flight any more. */
    final void closeIfDrained() {
        boolean draining = life.isDraining();
        // Not once it closes: there every step would ask for the next one.
        if ((draining || peerDraining) && life.isOpen() && isNothingInFlight()) {
            if (peerDraining) {
                close(CloseReason.of(CloseReason.Kind.PEER, "the peer is draining"));
            } else if (isInputEnded() || isPeerExcused()) {
                close(life.reasonToDrain());
            }
        }
    }

    private boolean isNothingInFlight() {
        RequestTable requests = dispatch().requests();
        boolean taken = handOver == null || handOver.isIdle();
        return taken
                && dispatch().isIdle()
                && (requests == null || sendLoop().testBehindRequests(() -> requests.size() == 0));
    }
}
