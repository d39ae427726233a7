package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.SerialRunner;
import io.millrace.core.engine.Turn;
import io.millrace.core.internal.Lifecycle.Phase;
import io.millrace.core.internal.receive.ReceiveLoop;
import io.millrace.core.internal.request.RequestTable;
import io.millrace.core.internal.send.SendLoop;
import io.millrace.core.internal.send.Sender;
import io.millrace.core.internal.send.SentMarker;
import io.millrace.core.memory.Chunk;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.observe.FlightEvents;
import io.millrace.core.observe.LogContext;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Heartbeat;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides, step by step, what happens next on one connection. */
final class SessionLoop extends SerialRunner
        implements ReceiveLoop.Receiver, Sender, FrameDispatch.Events, HandOver.Receiver {
    /*
     * Everything that happens to the session arrives as a signal: a read completed, the queue drained, a deadline
     * passed, somebody called close. Each step then looks at where the session is (see Lifecycle) and does all that
     * can be done there:
     *
     *   OPEN      deliver the frames that have arrived, unless the peer must be slowed down; read on
     *   CLOSING   send what is queued, then the end of the stream; drop what arrives (see WindDown)
     *   CLOSED    wait until neither direction has an operation in flight; then tell the application: ENDED
     *   ENDED     when it has been told, give back both contexts and their memory, and tell the owner
     *
     * That the session has opened, and that a read has completed, is signalled once per event. Everything else is read
     * from the state, so a signal too many does no harm and two that coincide are one.
     *
     * Callbacks run inside the steps, or, when the application has given an executor, in a lane of their own, in the
     * same order (see HandOver). Then a step goes on without waiting for them, and the end of the session waits for
     * the last one.
     *
     * A session that is held back with frames undelivered must not read: the read would hide them until the peer sends
     * more, which it may not do before it is answered. So takeIn() says whether all was delivered, and only then does
     * the same step read.
     *
     * No way to get stuck: a session that reads is moved on by its read, which completes at the latest when the
     * channel is closed. One that does not read is congested, lingering, paused by the application or waiting for its
     * executor: the first has a write in flight, whose completion or write-progress deadline moves it on, and so does
     * the second, or its linger deadline; the others are moved on by the application. One whose peer has finished waits
     * for the application's answers, with a deadline too.
     */

    /** Who hears how the session fares, besides its handler. */
    interface Listener {
        /** Hears that the application has been told of the open session. */
        void opened();

        /** Hears that the session has ended, onClose has been called and everything given back. */
        void ended();
    }

    /** A callback of the application's. */
    @FunctionalInterface
    private interface Callback {
        void run() throws Exception;
    }

    private static final int OPENED = 1;
    private static final int READ_DONE = 1 << 1;
    private static final int STATE_CHANGED = 1 << 2;
    private static final int REQUESTS_DUE = 1 << 3;
    private static final int TASKS_WAIT = 1 << 4;
    private static final int TIMER_DUE = 1 << 5;
    private static final int QUEUE_RELIEVED = 1 << 6;

    private static final Logger log = LoggerFactory.getLogger(SessionLoop.class);

    private final Session session;
    private final AsynchronousSocketChannel channel;
    private final Listener listener;
    private final Lifecycle life = new Lifecycle();
    private final ReceiveLoop receive;
    private final SendLoop send;
    private final @Nullable HandOver handOver;

    // Written by the steps. Read by the lane, which has its order from them.
    private SessionSetup setup;
    private FrameDispatch dispatch;

    // Guarded by life. Made when the first task comes, for most sessions never get one.
    private @Nullable TaskQueue tasks;

    // Confined to the steps.
    private boolean openTold;
    private int earlyBits;
    private boolean finishRequested;
    private boolean streamBroken;
    private boolean inputEndTold;
    private boolean released;
    private @Nullable WindDown windDown;
    // Written by the steps; read by anyone.
    private volatile @Nullable SessionTimer timer;
    private long openedNanos;

    // Written by the steps; read by anyone.
    private volatile boolean peerDraining;

    // Written by anyone; read by the steps.
    private volatile boolean readingPaused;

    // Written by the callback that is the last one; read by the steps.
    private volatile boolean closeTold;

    // Written by the steps. Any thread may read it, to ask only whether it is itself in a step: that answer is always
    // right, because each thread sees its own writes.
    private @Nullable Thread stepThread;

    /** Reserves all that the session needs, or fails and leaves nothing behind. */
    SessionLoop(
            IoRuntime runtime,
            AsynchronousSocketChannel channel,
            SessionSetup setup,
            Session session,
            Listener listener)
            throws TransportException {
        super(runtime);
        this.session = session;
        this.channel = channel;
        this.setup = setup;
        this.listener = listener;
        Protocol protocol = setup.protocol();
        this.receive = new ReceiveLoop(
                channel, protocol.newDecoder(setup.side()), runtime.buffers(), runtime.contexts(), this);
        try {
            this.send = new SendLoop(channel, protocol.newEncoder(setup.side()), runtime, setup.config(), this);
        } catch (TransportException | RuntimeException | Error e) {
            receive.release();
            throw e;
        }
        Executor executor = setup.handlers().executor();
        this.handOver = executor == null ? null : new HandOver(runtime, executor, this);
        this.dispatch = new FrameDispatch(runtime, setup, session, send, this, handOver);
    }

    void start() {
        signal(OPENED);
    }

    SendLoop sendLoop() {
        return send;
    }

    ReceiveLoop receiveLoop() {
        return receive;
    }

    FrameDispatch dispatch() {
        return dispatch;
    }

    Lifecycle lifecycle() {
        return life;
    }

    boolean isPeerDraining() {
        return peerDraining;
    }

    /** Returns whether the caller is one of this session's own callbacks. */
    boolean isInCallback() {
        return stepThread == Thread.currentThread()
                || (handOver != null && handOver.lane().isRunning());
    }

    @Override
    public void close(CloseReason reason) {
        if (life.startClosing(reason)) {
            signal(STATE_CHANGED);
        }
    }

    /** Closes now. */
    void abort(CloseReason reason) {
        if (life.channelClosed(reason)) {
            try {
                channel.close();
            } catch (IOException | RuntimeException e) {
                log.debug("close failed; {} cause={}", session, e.toString());
            }
            signal(STATE_CHANGED);
        }
    }

    /** Stops reading, or goes on with it. */
    void pauseReading(boolean pause) {
        readingPaused = pause;
        signal(STATE_CHANGED);
    }

    /** Runs a task between the callbacks; returns false if there will be none any more, or too many tasks wait. */
    boolean tryExecute(Runnable task) {
        if (!tasks().tryAdd(task)) {
            return false;
        }
        signal(TASKS_WAIT);
        return true;
    }

    boolean isOver() {
        return tasks().isClosed();
    }

    private TaskQueue tasks() {
        synchronized (life) {
            TaskQueue queue = tasks;
            if (queue == null) {
                queue = new TaskQueue();
                tasks = queue;
            }
            return queue;
        }
    }

    /** Speaks another protocol from here on; called by a callback of the session. */
    void upgrade(Protocol protocol, MessageHandler handler) {
        if (handOver != null || stepThread != Thread.currentThread()) {
            throw new IllegalStateException("upgrade() must be called from a callback of the session itself, and not"
                    + " with handlers on an executor: elsewhere the place in the stream is not known; " + session);
        }
        RequestTable requests = dispatch.requests();
        if (requests != null && requests.size() > 0) {
            throw new IllegalStateException("upgrade() while " + requests.size() + " requests wait for replies: they"
                    + " would be taken for something else; " + session);
        }
        if (!dispatch.isIdle()) {
            throw new IllegalStateException("upgrade() before every request of the peer has been answered: the answers"
                    + " would be framed in the new way; " + session);
        }
        SessionSetup upgraded = setup.upgraded(protocol, handler);
        receive.switchTo(protocol.newDecoder(setup.side()));
        send.switchTo(protocol.newEncoder(setup.side()));
        setup = upgraded;
        dispatch = new FrameDispatch(runtime(), upgraded, session, send, this, null);
    }

    @Override
    protected void step(int newBits) {
        if (!openTold && (newBits & OPENED) == 0) {
            // Listed but not started yet: whatever happens to it already waits for start(), so that onOpen comes first.
            earlyBits |= newBits;
            return;
        }
        int bits = newBits | earlyBits;
        earlyBits = 0;
        openTold = true;
        stepThread = Thread.currentThread();
        if (runtime().isLogContextOn()) {
            LogContext.enter(session.id(), session.remoteAddress());
        }
        try {
            if ((bits & OPENED) != 0) {
                open();
            }
            if ((bits & READ_DONE) != 0) {
                takeRead();
            }
            if ((bits & TASKS_WAIT) != 0) {
                runTasks();
            }
            if ((bits & QUEUE_RELIEVED) != 0 && life.isOpen()) {
                call("onWritable", () -> setup.writable(session));
            }
            moveOn();
            if ((bits & REQUESTS_DUE) != 0) {
                // After what has arrived was delivered: a reply that is here in time must not count as late.
                expireRequests();
            }
            if ((bits & TIMER_DUE) != 0) {
                checkTimer();
            }
        } finally {
            stepThread = null;
            if (runtime().isLogContextOn()) {
                LogContext.leave();
            }
        }
    }

    @Override
    protected void stepFailed(Throwable failure) {
        if (runtime().throwsLogged().allows()) {
            log.error("session failed; {}", session, failure);
        }
        abort(CloseReasons.internalError(failure));
    }

    /** Calls the application, here or in its lane; whatever it throws closes the session. */
    private void call(String name, Callback callback) {
        if (handOver == null) {
            callNow(name, callback);
        } else {
            handOver.lane().submit(() -> {
                callNow(name, callback);
                return true;
            });
        }
    }

    /** Calls the application after the frames that came before. */
    private void callInPlace(String name, Callback callback) {
        if (handOver == null) {
            callNow(name, callback);
        } else {
            handOver.lane().submit((HandlerLane.FrameWork) () -> {
                callNow(name, callback);
                return true;
            });
        }
    }

    private void callNow(String name, Callback callback) {
        try {
            callback.run();
        } catch (Throwable thrown) {
            handlerThrew(name, thrown);
            close(CloseReasons.handlerThrew(name, thrown));
        }
    }

    private void open() {
        openedNanos = runtime().deadlines().nanoTime();
        FlightEvents.connectionOpened(session.id(), session.remoteAddress(), session.localAddress());
        log.debug("session opened; {}", session);
        if (SessionTimer.isNeeded(setup.config())) {
            timer = newTimer();
            checkTimer();
        }
        call("onOpen", () -> {
            try {
                setup.opened(session);
            } catch (Throwable thrown) {
                // Before anybody else hears of the session.
                handlerThrew("onOpen", thrown);
                close(CloseReasons.handlerThrew("onOpen", thrown));
            }
            listener.opened();
        });
    }

    private SessionTimer newTimer() {
        HeartbeatConfig heartbeat = setup.config().heartbeat();
        boolean pings = setup.protocol().heartbeat() == Heartbeat.PING;
        Heartbeats heartbeats =
                heartbeat.isOn() ? new Heartbeats(heartbeat, pings, token -> dispatch.heartbeat(token)) : null;
        return new SessionTimer(setup.config(), runtime().deadlines(), heartbeats, () -> signal(TIMER_DUE));
    }

    private void takeRead() {
        Throwable failure = receive.takeResult();
        if (failure != null) {
            breakOff(failure);
        } else if (timer != null) {
            timer.received();
        }
    }

    private void runTasks() {
        Runnable task;
        TaskQueue queue = tasks();
        while ((task = queue.poll()) != null) {
            call("task", task::run);
        }
    }

    private void expireRequests() {
        RequestTable requests = dispatch.requests();
        if (requests == null) {
            return;
        }
        CloseReason lost = requests.expire(session.remoteAddress());
        if (lost != null) {
            close(lost);
        } else if (peerDraining) {
            closeWhenNothingIsInFlight();
        }
    }

    private void checkTimer() {
        SessionTimer due = timer;
        if (due == null || !life.isOpen()) {
            return;
        }
        boolean insideFrame = mayTouchBuffer() && receive.isInsideFrame();
        CloseReason reason = due.check(send.lastWriteNanos(), receive.receivedFrames(), insideFrame);
        if (reason == null && due.isIdle() && !SessionTimer.isNeeded(setup.config())) {
            // It was for one frame that came in pieces. An idle session holds nothing that it can do without.
            timer = null;
        } else if (reason != null && reason.kind() == CloseReason.Kind.IDLE) {
            close(reason);
        } else if (reason != null) {
            // A peer that is gone, or that dawdles, gets no time to say goodbye.
            abort(reason);
        }
    }

    private void moveOn() {
        boolean mayRead = !receive.isReading() && mayTouchBuffer();
        dispatch.resumeReplies();
        if (handOver != null) {
            resumeLane(handOver);
        }
        if (peerDraining && life.isOpen()) {
            closeWhenNothingIsInFlight();
        }
        if (mayRead && life.phase() == Phase.OPEN) {
            mayRead = takeIn();
        }
        // Looked at once from here on: whoever changes the phase meanwhile signals, and another step follows.
        Phase phase = life.phase();
        if (phase == Phase.CLOSING) {
            windDown();
        }
        Turn turn = Turn.current();
        if (turn != null) {
            turn.flush();
        }
        switch (phase) {
            case OPEN -> readOnIf(mayRead);
            case CLOSING -> {
                if (mayTouchBuffer()) {
                    receive.read();
                }
            }
            case CLOSED -> tryEnd();
            case ENDED -> giveBack();
        }
    }

    private boolean mayTouchBuffer() {
        return handOver == null || !handOver.isLent();
    }

    private void resumeLane(HandOver over) {
        if (mayTake() || !wantsFrames()) {
            over.lane().resume();
        }
    }

    /** Delivers what has arrived; returns whether all of it, so that more may be read. */
    private boolean takeIn() {
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
            if (decoderFailed instanceof Error) {
                ThrowLog.log(runtime(), "decoder", session, decoderFailed);
            }
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
                    setup.malformed(session, malformed);
                }
            } finally {
                life.startClosing(reason);
                if (malformed != null) {
                    dispatch.malformed(malformed);
                }
                signal(STATE_CHANGED);
            }
        });
    }

    private void noteCutFrame() {
        if (timer == null && !setup.config().frameTimeout().isZero()) {
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
        if (setup.config().halfClose() && !receive.isInsideFrame() && !send.isOutputFinished()) {
            if (!inputEndTold) {
                inputEndTold = true;
                if (timer != null) {
                    timer.endInput();
                }
                call("onInputEnd", () -> setup.inputEnded(session));
            }
        } else if (dispatch.isIdle()) {
            life.startClosing(
                    CloseReasons.peerFinished(receive.isInsideFrame(), receive.bufferedBytes(), receive.frameLength()));
        } else {
            windDownPart().awaitAnswers();
        }
    }

    private void readOnIf(boolean mayRead) {
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

    private void windDown() {
        if (!finishRequested) {
            finishRequested = true;
            // What is queued is still sent, so none of it may be called unsent.
            failRequests(Long.MAX_VALUE);
            send.finish();
        }
        if (mayTouchBuffer()) {
            windDownPart().moveOn();
        }
    }

    private WindDown windDownPart() {
        WindDown part = windDown;
        if (part == null) {
            part = new WindDown(receive, send, runtime().deadlines(), this::abort);
            windDown = part;
        }
        return part;
    }

    private void tryEnd() {
        if (!receive.isReading() && send.stop()) {
            end();
        }
    }

    /** Tells the application, last of all, that the session has ended. */
    private void end() {
        life.end();
        failRequests(send.passedBytes());
        long passedBytes = send.passedBytes();
        Chunk unsent = send.release();
        tasks().close();
        runTasks();
        CloseReason reason = life.reasonOr("closed");
        for (Chunk marker = unsent; marker != null; marker = marker.next) {
            notSent((SentMarker) marker, passedBytes, reason);
        }
        log.debug("session closed; {} reason={}", session, reason);
        long openNanos = runtime().deadlines().nanoTime() - openedNanos;
        FlightEvents.connectionClosed(new EndedSession(session, reason, openNanos));
        call("onClose", () -> {
            try {
                setup.closed(session, reason);
            } catch (Throwable thrown) {
                ThrowLog.log(runtime(), "onClose", session, thrown);
            }
            closeTold = true;
            signal(STATE_CHANGED);
        });
        giveBack();
    }

    private void notSent(SentMarker marker, long passedBytes, CloseReason reason) {
        SessionClosedException failure = new SessionClosedException(reason, marker.isWritten(passedBytes));
        if (marker.isDirect()) {
            marker.completion().completed(failure);
        } else {
            call("completed", () -> marker.completion().completed(failure));
        }
    }

    private void giveBack() {
        if (!closeTold || released) {
            return;
        }
        released = true;
        if (windDown != null) {
            windDown.cancel();
        }
        if (timer != null) {
            timer.cancel();
        }
        receive.release();
        listener.ended();
    }

    private void failRequests(long writtenBytes) {
        RequestTable requests = dispatch.requests();
        if (requests != null) {
            requests.close(life.reasonOr("closed"), writtenBytes);
        }
    }

    @Override
    public String toString() {
        return session.toString();
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
        return dispatch.takesParts(kind);
    }

    @Override
    public void deliver(FrameKind kind, long token, ByteBuffer payload) {
        dispatch.dispatch(kind, token, payload);
        if (peerDraining) {
            closeWhenNothingIsInFlight();
        }
    }

    @Override
    public void deliverPart(ByteBuffer part, int remaining) {
        dispatch.part(part, remaining);
    }

    @Override
    public void tooLong(FrameKind kind, long token) {
        dispatch.tooLong(kind, token);
    }

    @Override
    public boolean wantsFrames() {
        return life.isOpen();
    }

    @Override
    public boolean mayTake() {
        boolean congested = setup.side() == Side.SERVER && send.isCongested();
        return !readingPaused && !congested && !dispatch.isFull();
    }

    @Override
    public void take(FrameKind kind, long token, ByteBuffer payload) {
        dispatch.take(kind, token, payload);
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

    @Override
    public void pong(long token) {
        if (timer != null) {
            timer.pong(token);
        }
    }

    /** Returns how long the last answered ping took, in nanoseconds; -1 if none has been answered. */
    long roundTripNanos() {
        SessionTimer current = timer;
        return current == null ? -1 : current.roundTripNanos();
    }

    @Override
    public void peerIsDraining(int code, String text) {
        log.debug("peer is draining; {} code={} text={}", session, ErrorCode.nameOf(code), text);
        peerDraining = true;
    }

    private void closeWhenNothingIsInFlight() {
        RequestTable requests = dispatch.requests();
        boolean taken = handOver == null || handOver.isIdle();
        if (taken && dispatch.isIdle() && (requests == null || requests.size() == 0)) {
            close(CloseReason.of(CloseReason.Kind.PEER, "the peer is draining"));
        }
    }

    @Override
    public void requestAnswered(boolean takesMore) {
        if (takesMore || peerDraining || receive.isEndOfStream()) {
            signal(STATE_CHANGED);
        }
    }

    /** A message or reply was refused: the policy may want the session closed. */
    @Override
    public void refused() {
        boolean closes =
                switch (setup.config().sendOverflow()) {
                    case REFUSE -> false;
                    case REFUSE_OR_CLOSE_OWN -> isInCallback();
                    case CLOSE -> true;
                };
        if (closes) {
            abort(CloseReasons.queueFull(send.queuedBytes()));
        }
    }

    @Override
    public void handlerThrew(String callback, Throwable thrown) {
        ThrowLog.log(runtime(), callback, session, thrown);
        if (thrown instanceof Error) {
            close(CloseReasons.handlerThrew(callback, thrown));
        }
    }

    @Override
    public void writeFailed(Throwable cause) {
        breakOff(cause);
    }

    @Override
    public void sourceFailed(Throwable cause) {
        abort(CloseReasons.sourceFailed(cause));
    }

    @Override
    public void sent(SentMarker marker) {
        if (marker.isDirect()) {
            marker.completion().completed(null);
            return;
        }
        tasks().add(() -> callNow("completed", () -> marker.completion().completed(null)));
        signal(TASKS_WAIT);
    }

    @Override
    public void sendQueueCongested() {
        FlightEvents.backpressure(session.id(), true, send.queuedBytes());
    }

    @Override
    public void sendQueueRelieved() {
        FlightEvents.backpressure(session.id(), false, send.queuedBytes());
        signal(QUEUE_RELIEVED);
    }

    @Override
    public void outputFinished() {
        signal(STATE_CHANGED);
    }

    @Override
    public void writesStopped() {
        signal(STATE_CHANGED);
    }

    @Override
    public void writeStalled() {
        abort(CloseReasons.stalled(setup.config().writeProgressTimeout(), send.queuedBytes()));
    }

    @Override
    public void requestsDue() {
        signal(REQUESTS_DUE);
    }

    /** An operation failed. If we have closed the channel that is why, and this does nothing. */
    private void breakOff(Throwable cause) {
        abort(CloseReasons.broken(cause));
    }
}
