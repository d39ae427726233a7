package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.RoundTrip;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.receive.ReceiveLoop;
import io.millrace.core.internal.receive.Receiver;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import org.jspecify.annotations.Nullable;

/** What comes in on one session: reads it, finds the frames, brings them to where they belong, and watches the clock. */
abstract class SessionInput extends SessionExchanges implements Receiver, HandOver.Receiver, ReadingPauses.Reader {
    /*
     * A session that is held back with frames undelivered must not read: the read would hide them until the peer sends
     * more, which it may not do before it is answered. So takeIn() says whether all was delivered, and only then does
     * the same step read.
     *
     * After a malformed frame nothing in the stream means anything (streamBroken): what came before it is still
     * delivered, then the session closes.
     */
    final ReceiveLoop receive;

    // Confined to the steps.
    private boolean streamBroken;
    private boolean inputEndTold;

    // Written by the steps; read by anyone.
    private volatile @Nullable SessionTimer timer;

    // Written under the lock of the pauses; read by the steps.
    private volatile boolean readingPaused;

    // Made once, under the lock of this, when somebody first pauses or relays; read by anyone.
    private volatile @Nullable ReadingPauses pauses;

    SessionInput(
            IoRuntime runtime,
            AsynchronousSocketChannel channel,
            SessionSetup setup,
            Session session,
            Listener listener)
            throws TransportException {
        super(runtime, channel, session, setup.handlers().executor(), listener);
        this.receive = new ReceiveLoop(
                channel, setup.protocol().newDecoder(setup.side()), runtime.buffers(), runtime.contexts(), this);
    }

    abstract SessionSetup setup();

    /** Gives the application a limited time to answer a peer that has finished. */
    abstract void awaitAnswers();

    @Override
    final HandOver.Receiver frameTaker() {
        return this;
    }

    /** Starts to watch the clock, if anything depends on it from the beginning. */
    final void startTimer() {
        if (SessionTimer.isNeeded(setup().config())) {
            timer = newTimer();
            checkTimer();
        }
    }

    final void cancelTimer() {
        if (timer != null) {
            timer.cancel();
        }
    }

    /** Returns who has paused the reading, and for whom others have. */
    final ReadingPauses pauses() {
        ReadingPauses made = pauses;
        return made == null ? newPauses() : made;
    }

    private synchronized ReadingPauses newPauses() {
        ReadingPauses made = pauses;
        if (made == null) {
            made = new ReadingPauses(this);
            pauses = made;
        }
        return made;
    }

    /** Lets those read on that wait for this session's queue. Who begins to wait only now looks at the queue after this. */
    final void sendQueueIsShort() {
        ReadingPauses made = pauses;
        if (made != null) {
            made.relieved();
        }
    }

    @Override
    public boolean isCongested() {
        return sendLoop().isCongested();
    }

    @Override
    public void setReadingPaused(boolean paused) {
        readingPaused = paused;
    }

    @Override
    public void readingChanged() {
        signal(STATE_CHANGED);
    }

    private SessionTimer newTimer() {
        Heartbeats heartbeats = Heartbeats.of(setup(), heartbeatSender());
        return new SessionTimer(setup().config(), runtime().deadlines(), heartbeats, () -> signal(TIMER_DUE));
    }

    private Heartbeats.Sender heartbeatSender() {
        return new Heartbeats.Sender() {
            @Override
            public boolean trySend(long token) {
                return dispatch().heartbeat(token);
            }

            @Override
            public long queuedBytes() {
                return sendLoop().queuedBytes();
            }

            @Override
            public long writtenBytes() {
                return sendLoop().writtenBytes();
            }
        };
    }

    final void takeRead() {
        Throwable failure = receive.takeResult();
        if (failure != null) {
            breakOff(failure);
        } else if (timer != null) {
            timer.received();
        }
    }

    final void checkTimer() {
        SessionTimer due = timer;
        if (due == null || !life.isOpen()) {
            return;
        }
        boolean insideFrame = mayTouchBuffer() && receive.isInsideFrame();
        CloseReason reason =
                due.check(sendLoop().lastWriteNanos(), receive.receivedFrames(), insideFrame, receive.isEndOfStream());
        if (reason == null && due.isTooOld()) {
            drain(CloseReasons.tooOld(setup().config().maxAge()));
        }
        if (reason == null && due.isIdle() && !SessionTimer.isNeeded(setup().config())) {
            // It was for one frame that came in pieces. An idle session holds nothing that it can do without.
            timer = null;
        } else if (reason != null && reason.kind() == CloseReason.Kind.IDLE) {
            close(reason);
        } else if (reason != null) {
            // A peer that is gone, or that dawdles, gets no time to say goodbye.
            abort(reason);
        }
    }

    @Override
    final boolean isInputEnded() {
        return receive.isEndOfStream();
    }

    final boolean mayTouchBuffer() {
        return handOver == null || !handOver.isLent();
    }

    final void resumeLane(HandOver over) {
        if (mayTake() || !wantsFrames()) {
            over.lane().resume();
        }
    }

    /** Delivers what has arrived; returns whether all of it, so that more may be read. */
    final boolean takeIn() {
        boolean all;
        try {
            do {
                all = receive.deliverFrames();
                if (handOver != null) {
                    handOver.submit();
                }
            } while (!all && mayDeliver());
        } catch (MalformedFrameException malformed) {
            breakStream(CloseReasons.malformed(malformed, session.remoteAddress(), receive.undelivered()), malformed);
            return false;
        } catch (RuntimeException | Error decoderFailed) {
            ThrowLog.log(runtime(), "decoder", session, decoderFailed);
            breakStream(CloseReasons.decoderFailed(decoderFailed), null);
            return false;
        }
        if (all && receive.isEndOfStream()) {
            peerFinished();
        } else if (all && receive.isInsideFrame()) {
            noteCutFrame();
        }
        return all;
    }

    /** Nothing that follows in the stream means anything. What came before is delivered, then the session closes. */
    private void breakStream(CloseReason reason, @Nullable MalformedFrameException malformed) {
        streamBroken = true;
        if (handOver != null) {
            handOver.submit();
        }
        callInPlace("onMalformed", () -> {
            try {
                if (malformed != null && life.isOpen()) {
                    setup().malformed(session, malformed);
                }
            } finally {
                life.startClosing(reason);
                if (malformed != null) {
                    dispatch().malformed(malformed);
                }
                signal(STATE_CHANGED);
            }
        });
    }

    private void noteCutFrame() {
        if (timer == null && !setup().config().frameTimeout().isZero()) {
            timer = newTimer();
        }
        if (timer != null) {
            timer.frameBegun(receive.receivedFrames());
        }
    }

    /** The peer has nothing more to say: the session closes when it has its answers, or when they do not come. */
    private void peerFinished() {
        if (handOver != null && !handOver.isIdle()) {
            // What has arrived is delivered first; the end of the batch signals.
            return;
        }
        if (setup().config().halfClose()
                && !receive.isInsideFrame()
                && !sendLoop().isOutputFinished()) {
            if (!inputEndTold) {
                inputEndTold = true;
                failOwnRequests(CloseReasons.peerFinished(receive.isInsideFrame(), 0, 0));
                call("onInputEnd", () -> setup().inputEnded(session));
            }
        } else if (dispatch().isIdle()) {
            life.startClosing(
                    CloseReasons.peerFinished(receive.isInsideFrame(), receive.bufferedBytes(), receive.frameLength()));
        } else {
            failOwnRequests(CloseReasons.peerFinished(receive.isInsideFrame(), 0, 0));
            awaitAnswers();
        }
    }

    final void readOnIf(boolean mayRead) {
        boolean reads = mayRead && mayTake() && !streamBroken && (handOver == null || !handOver.isFull());
        if (timer != null) {
            boolean stopped = !reads && !receive.isReading() && !receive.isEndOfStream();
            timer.excuse(stopped, !mayTake(), handOver != null && !handOver.isIdle());
        }
        if (!reads) {
            return;
        }
        try {
            receive.makeRoom();
            receive.read();
        } catch (TransportException exhausted) {
            close(CloseReasons.outOfMemory(exhausted));
        }
    }

    @Override
    public void readCompleted() {
        signal(READ_DONE);
    }

    @Override
    public boolean mayDeliver() {
        boolean room = handOver == null ? mayTake() : !handOver.isFull() && handOver.hasRoom();
        return room && wantsFrames() && !streamBroken;
    }

    @Override
    public boolean takesParts(FrameKind kind) {
        return dispatch().takesParts(kind);
    }

    @Override
    public void deliverPart(ByteBuffer part, int remaining) {
        dispatch().part(part, remaining);
    }

    @Override
    public void tooLong(FrameKind kind, long token) {
        dispatch().tooLong(kind, token);
    }

    @Override
    public boolean wantsFrames() {
        return life.isOpen();
    }

    @Override
    public boolean mayTake() {
        boolean congested = setup().side() == Side.SERVER && sendLoop().isCongested();
        return !readingPaused && !congested && !dispatch().isFull();
    }

    @Override
    public void take(FrameKind kind, long token, ByteBuffer payload) {
        dispatch().take(kind, token, payload);
    }

    @Override
    public @Nullable PooledBuffer giveUpBuffer() {
        return receive.giveUp();
    }

    @Override
    public PooledBuffer lendBuffer() {
        return receive.buffer();
    }

    @Override
    public void batchDone() {
        signal(STATE_CHANGED);
    }

    public long nanoTime() {
        return runtime().deadlines().nanoTime();
    }

    /** Hears that a ping has been answered. */
    public void pong(long token) {
        if (timer != null) {
            timer.pong(token);
        }
    }

    /** Returns how long pings took, or null if none has been answered. */
    @Nullable
    RoundTrip roundTrip() {
        SessionTimer current = timer;
        return current == null ? null : current.roundTrip();
    }

    /** Returns how many heartbeats in a row the peer has missed up to now. */
    int missedHeartbeats() {
        SessionTimer current = timer;
        return current == null ? 0 : current.missedHeartbeats();
    }

    /** An operation failed. If we have closed the channel that is why, and this does nothing. */
    final void breakOff(Throwable cause) {
        abort(CloseReasons.broken(cause));
    }

    @Override
    public void deliver(FrameKind kind, long token, ByteBuffer payload) {
        dispatch().dispatch(kind, token, payload);
        if (isPeerDraining() || life.isDraining()) {
            closeIfDrained();
        }
    }
}
