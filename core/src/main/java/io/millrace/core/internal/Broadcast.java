package io.millrace.core.internal;

import io.millrace.core.SendResult;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.Turn;
import io.millrace.core.internal.send.SendLoop;
import io.millrace.core.internal.send.SharedMessage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Sends one message to many sessions.
 *
 * <p>Threading: Confined to the thread that sends.
 *
 * <p>Lifecycle: closed when the message has been sent to the last one.
 *
 * <p>Ownership: the message is borrowed until the close.
 */
public final class Broadcast implements AutoCloseable {
    /*
     * The message is queued at once, so that it keeps its place among what the thread sends otherwise. What takes time
     * is the writing. For a few sessions that is as after any other send: at the end of the turn, or now. For many the
     * I/O threads do it, a batch at a time. Which of two threads flushes a session does not matter, since whoever
     * flushes writes whatever is queued.
     *
     * An I/O thread cannot pass anything on to the others itself: there is no way to post from one that the JDK would
     * not turn into a call (see GroupWake). The timer does it, which costs a tick and not a long stay in this thread.
     *
     * No lost flush: close() hands on or flushes all that were queued for, whatever has been thrown before.
     */

    /** Up to so many sessions are flushed like after any other send. */
    private static final int FEW_SESSIONS = 32;

    /** How many sessions an I/O thread flushes in one step. */
    private static final int BATCH_SESSIONS = 64;

    private final IoRuntime runtime;
    private final int payloadLength;
    private final SharedMessage message;
    private final boolean inTurn = Turn.current() != null;
    private final List<Batch> full = new ArrayList<>();
    private Batch batch = new Batch();

    /**
     * Begins to send a message.
     *
     * @param member any of the sessions, which all belong to one group
     * @param payload borrowed: the message between position and limit, which do not change
     */
    public Broadcast(TcpSession member, ByteBuffer payload) {
        this.runtime = member.runtime;
        this.payloadLength = payload.remaining();
        this.message = new SharedMessage(payload, runtime.buffers());
    }

    /**
     * Refuses a message that the sessions cannot send. Those that have changed over to another protocol do not count.
     *
     * @param sessions to whom it is to be sent
     * @param setup what they had in common from the start
     * @return whether any of them still has that; otherwise nothing was checked but the heartbeat
     * @throws IllegalArgumentException if their frames cannot carry it, or it would be taken for a heartbeat
     */
    public boolean check(TcpSession[] sessions, SessionSetup setup) {
        setup.requireNoHeartbeat(payloadLength);
        for (TcpSession session : sessions) {
            if (session.loop().setup().equals(setup)) {
                session.loop().sendLoop().check(message);
                return true;
            }
        }
        return false;
    }

    /**
     * Queues the message for one session.
     *
     * @param session the session
     * @return what became of it; a session whose own protocol cannot carry it has refused it
     */
    public SendResult send(TcpSession session) {
        SessionLoop loop = session.loop();
        if (!loop.lifecycle().isOpen()) {
            return SendResult.CLOSED;
        }
        SendResult answer;
        try {
            loop.setup().requireNoHeartbeat(payloadLength);
            answer = loop.sendLoop().queue(message);
        } catch (IllegalArgumentException cannotCarry) {
            return SendResult.REFUSED;
        }
        if (answer.isAccepted()) {
            flushLater(loop.sendLoop());
        }
        return answer;
    }

    private void flushLater(SendLoop queued) {
        if (batch.size() == BATCH_SESSIONS) {
            if (inTurn) {
                full.add(batch);
            } else {
                // Now, so that the first ones are written while there are still others to queue for.
                runtime.execute(batch);
            }
            batch = new Batch();
        }
        batch.add(queued);
    }

    /**
     * Returns whether whoever sends to a session should slow down.
     *
     * @param session the session
     * @return true from when its queue passes the high mark until it has fallen to the low one
     */
    public boolean isCongested(TcpSession session) {
        return session.loop().sendLoop().isCongested();
    }

    /**
     * Cuts a session off because it takes messages too slowly.
     *
     * @param session one that has refused the message
     * @return false if its queue is below the high mark: then it is not slow, but memory was short
     */
    public boolean cutOff(TcpSession session) {
        long queued = session.queuedBytes();
        boolean isSlow = queued >= session.loop().setup().config().sendHighMark();
        if (isSlow) {
            session.abort(CloseReasons.queueFull(queued));
        }
        return isSlow;
    }

    /** Sees to it that what was queued leaves, and lets go the message. */
    @Override
    public void close() {
        message.release();
        if (batch.size() <= FEW_SESSIONS && full.isEmpty()) {
            batch.forEach(SendLoop::flushQueued);
        } else if (inTurn) {
            batch.forEach(SendLoop::flushQueued);
            runtime.deadlines().arm(new HandOn(runtime, full), 0);
        } else {
            runtime.execute(batch);
        }
    }

    /** Sessions that one step of an I/O thread flushes. */
    @SuppressWarnings("serial")
    private static final class Batch extends ArrayList<SendLoop> implements Runnable {
        @Override
        public void run() {
            for (int i = 0; i < size(); i++) {
                get(i).flush();
            }
        }
    }

    /** Passes batches on to the I/O threads. */
    private static final class HandOn extends Deadline {
        private final IoRuntime runtime;
        private final List<Batch> batches;

        HandOn(IoRuntime runtime, List<Batch> batches) {
            this.runtime = runtime;
            this.batches = batches;
        }

        @Override
        protected void expired() {
            batches.forEach(runtime::execute);
        }
    }
}
