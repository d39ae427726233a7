package io.millrace.core.internal;

import io.millrace.core.engine.IoRuntime;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.FrameKind;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Hands the frames of a session over to the application's executor, a turn at a time. */
final class HandOver {
    /*
     * Two batches go round: one that the executor works on, one that is filled meanwhile, so the session reads one
     * buffer ahead and then waits. A batch takes the receive buffer with it, and another one takes over what has
     * arrived behind its frames; when memory is too short for that the session lends its buffer instead, and neither
     * reads nor looks at it until the batch is done.
     */

    /** What the hand-over needs of its session. */
    interface Receiver extends FrameBatch.Taker {
        /** Returns whether the application still wants frames. */
        boolean wantsFrames();

        /** Returns whether frames may be taken now, and not only later. */
        boolean mayTake();

        /** Gives away the receive buffer, or returns null if there is no other to go on with. */
        @Nullable
        PooledBuffer giveUpBuffer();

        /** Returns the receive buffer, lent. */
        PooledBuffer lendBuffer();

        /** Hears, on any thread, that a batch is done. */
        void batchDone();
    }

    private final Receiver receiver;
    private final HandlerLane lane;

    // Guarded by this.
    private int onTheirWay;
    private boolean lent;
    private @Nullable FrameBatch spare;

    // Confined to the session's steps.
    private @Nullable FrameBatch filling;

    HandOver(IoRuntime runtime, Executor executor, Receiver receiver) {
        this.receiver = receiver;
        this.lane = new HandlerLane(runtime, executor, () -> receiver.mayTake() || !receiver.wantsFrames());
    }

    HandlerLane lane() {
        return lane;
    }

    /** Notes a frame that lies in the receive buffer. */
    void add(FrameKind kind, long token, ByteBuffer payload) {
        FrameBatch batch = filling;
        if (batch == null) {
            batch = takeSpare();
            filling = batch;
        }
        batch.add(kind, token, payload.position(), payload.limit());
    }

    private synchronized FrameBatch takeSpare() {
        FrameBatch batch = spare;
        spare = null;
        return batch != null ? batch : new FrameBatch();
    }

    /** Returns whether another frame can be noted. */
    boolean hasRoom() {
        return filling == null || !filling.isFull();
    }

    /** Returns whether the session must wait before it reads or decodes. */
    synchronized boolean isFull() {
        return onTheirWay > 1 || lent;
    }

    /** Returns whether the receive buffer is lent, so that the session must not touch it. */
    synchronized boolean isLent() {
        return lent;
    }

    /** Returns whether the application has taken everything, what has only been noted included. Asked by the steps. */
    synchronized boolean isIdle() {
        return onTheirWay == 0 && filling == null;
    }

    /** Hands over what has been noted. */
    void submit() {
        FrameBatch batch = filling;
        if (batch == null) {
            return;
        }
        filling = null;
        PooledBuffer given = receiver.giveUpBuffer();
        batch.lieIn(given != null ? given : receiver.lendBuffer(), given != null);
        synchronized (this) {
            onTheirWay++;
            lent = given == null;
        }
        lane.submit((HandlerLane.FrameWork) () -> work(batch));
    }

    private boolean work(FrameBatch batch) {
        boolean mustWait = false;
        try {
            while (!mustWait && batch.hasNext() && receiver.wantsFrames()) {
                mustWait = !receiver.mayTake();
                if (!mustWait) {
                    batch.takeNext(receiver);
                }
            }
        } finally {
            if (!mustWait) {
                finish(batch);
            }
        }
        return !mustWait;
    }

    private void finish(FrameBatch batch) {
        boolean wasLent = batch.isLent();
        batch.reset();
        synchronized (this) {
            onTheirWay--;
            lent = lent && !wasLent;
            spare = batch;
        }
        receiver.batchDone();
    }
}
