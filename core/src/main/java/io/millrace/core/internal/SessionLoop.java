package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.Turn;
import io.millrace.core.internal.Lifecycle.Phase;
import io.millrace.core.internal.receive.ReceiveLoop;
import io.millrace.core.internal.send.SendLoop;
import io.millrace.core.internal.send.Sender;
import io.millrace.core.internal.send.SentMarker;
import io.millrace.core.memory.Chunk;
import io.millrace.core.observe.FlightEvents;
import io.millrace.core.observe.LogContext;
import io.millrace.core.protocol.Protocol;
import java.nio.channels.AsynchronousSocketChannel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides, step by step, what happens next on one connection. */
final class SessionLoop extends SessionInput implements Sender, SessionEvents {
    /*
     * Everything that happens to the session arrives as a signal: a read completed, the queue drained, a deadline
     * passed, somebody called close. Each step then looks at where the session is (see Lifecycle) and does all that
     * can be done there:
     *
     *   OPEN      deliver the frames that have arrived, unless the peer must be slowed down; read on
     *   DRAINING  the same, but tell the peer, and close when nothing is in flight any more
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
     * No way to get stuck: a session that reads is moved on by its read, which completes at the latest when the
     * channel is closed. One that does not read is congested, lingering, paused by the application or waiting for its
     * executor: the first has a write in flight, whose completion or write-progress deadline moves it on, and so does
     * the second, or its linger deadline; the others are moved on by the application. One whose peer has finished waits
     * for the application's answers, with a deadline too.
     */

    private static final Logger log = LoggerFactory.getLogger(SessionLoop.class);

    private final SendLoop send;

    // Written by the steps. Read by the lane, which has its order from them.
    private SessionSetup setup;
    private FrameDispatch dispatch;

    // Confined to the steps.
    private boolean openTold;
    private int earlyBits;
    private boolean finishRequested;
    private boolean released;
    private @Nullable WindDown windDown;
    private long openedNanos;

    // Written by the callback that is the last one; read by the steps.
    private volatile boolean closeTold;

    /** Reserves all that the session needs, or fails and leaves nothing behind. */
    SessionLoop(
            IoRuntime runtime,
            AsynchronousSocketChannel channel,
            SessionSetup setup,
            Session session,
            Listener listener)
            throws TransportException {
        super(runtime, channel, setup, session, listener);
        this.setup = setup;
        try {
            this.send = new SendLoop(channel, setup.protocol().newEncoder(setup.side()), runtime, setup.config(), this);
        } catch (TransportException | RuntimeException | Error e) {
            receive.release();
            throw e;
        }
        this.dispatch = new FrameDispatch(runtime, setup, session, send, this, handOver);
    }

    void start() {
        signal(OPENED);
    }

    @Override
    SessionSetup setup() {
        return setup;
    }

    @Override
    SendLoop sendLoop() {
        return send;
    }

    ReceiveLoop receiveLoop() {
        return receive;
    }

    @Override
    FrameDispatch dispatch() {
        return dispatch;
    }

    Lifecycle lifecycle() {
        return life;
    }

    /** Speaks another protocol from here on; called by a callback of the session. */
    void upgrade(Protocol protocol, MessageHandler handler) {
        if (handOver != null || stepThread != Thread.currentThread()) {
            throw new IllegalStateException("upgrade() must be called from a callback of the session itself, and not"
                    + " with handlers on an executor: elsewhere the place in the stream is not known; " + session);
        }
        dispatch.requireNothingInFlight();
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

    private void open() {
        openedNanos = runtime().deadlines().nanoTime();
        FlightEvents.connectionOpened(session.id(), session.remoteAddress(), session.localAddress());
        log.debug("session opened; {}", session);
        startTimer();
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

    private void moveOn() {
        boolean mayRead = !receive.isReading() && mayTouchBuffer();
        dispatch.resumeReplies();
        if (handOver != null) {
            resumeLane(handOver);
        }
        if (mayRead && life.isOpen()) {
            mayRead = takeIn();
        }
        announceDrain();
        closeIfDrained();
        tellDraining();
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
            case OPEN, DRAINING -> readOnIf(mayRead);
            case CLOSING -> {
                if (mayTouchBuffer()) {
                    receive.read();
                }
            }
            case CLOSED -> tryEnd();
            case ENDED -> giveBack();
        }
    }

    @Override
    public void announceDrain() {
        if (life.isDraining() && windDownPart().startDraining(() -> signal(STATE_CHANGED))) {
            dispatch.sayGoodbye(ErrorCode.DRAINING, life.reasonToDrain().detail());
        }
    }

    private void windDown() {
        if (!finishRequested) {
            finishRequested = true;
            // What is queued is still sent, so none of it may be called unsent.
            failRequests(life.reasonOr("closed"), Long.MAX_VALUE);
            send.finish();
        }
        if (mayTouchBuffer()) {
            windDownPart().moveOn();
        }
    }

    @Override
    boolean isPeerExcused() {
        return !dispatch.hasGoodbye() || windDownPart().isPatienceOver();
    }

    @Override
    void awaitAnswers() {
        windDownPart().awaitAnswers();
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
        failRequests(life.reasonOr("closed"), send.passedBytes());
        dispatch.end();
        long passedBytes = send.passedBytes();
        Chunk unsent = send.release();
        finishTasks();
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

    private void giveBack() {
        if (!closeTold || released) {
            return;
        }
        released = true;
        if (windDown != null) {
            windDown.cancel();
        }
        cancelTimer();
        pauses().end();
        receive.release();
        listener.ended();
    }

    @Override
    public void requestAnswered(boolean takesMore) {
        if (takesMore || isPeerDraining() || life.isDraining() || receive.isEndOfStream()) {
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
    public void writeFailed(Throwable cause) {
        breakOff(cause);
    }

    @Override
    public void sourceFailed(Throwable cause) {
        abort(CloseReasons.sourceFailed(cause));
    }

    @Override
    public void sendQueueCongested() {
        FlightEvents.backpressure(session.id(), true, send.queuedBytes());
    }

    @Override
    public void sendQueueRelieved() {
        FlightEvents.backpressure(session.id(), false, send.queuedBytes());
        signal(QUEUE_RELIEVED);
        sendQueueIsShort();
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
}
