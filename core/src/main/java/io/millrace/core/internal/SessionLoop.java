package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.ErrorCode;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.LogLimiter;
import io.millrace.core.engine.SerialRunner;
import io.millrace.core.engine.Turn;
import io.millrace.core.internal.Lifecycle.Phase;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides, step by step, what happens next on one connection. */
final class SessionLoop extends SerialRunner implements ReceiveLoop.Receiver, SendLoop.Sender, FrameDispatch.Events {
    /*
     * Everything that happens to the session arrives as a signal: a read completed, the queue drained, a deadline
     * passed, somebody called close. Each step then looks at where the session is (see Lifecycle) and does all that
     * can be done there:
     *
     *   OPEN      deliver the frames that have arrived, unless the peer must be slowed down; read on
     *   CLOSING   send what is queued, then the end of the stream; drop what arrives, up to a limit and a deadline, so
     *             that closing with unread input does not reset the connection under our last bytes (lingering close)
     *   CLOSED    wait until neither direction has an operation in flight; then tell the application, give back both
     *             contexts and their memory, and tell the owner: ENDED
     *
     * That the session has opened, and that a read has completed, is signalled once per event. Everything else is read
     * from the state, so a signal too many does no harm and two that coincide are one.
     *
     * A session that is held back with frames undelivered must not read: the read would hide them until the peer sends
     * more, which it may not do before it is answered. So takeIn() says whether all was delivered, and only then does
     * the same step read.
     *
     * No way to get stuck: a session that reads is moved on by its read, which completes at the latest when the
     * channel is closed. One that does not read is congested or lingering: the first has a write in flight, whose
     * completion or write-progress deadline moves it on, and so does the second, or its linger deadline. One whose peer
     * has finished waits for the application's answers, with a deadline too.
     */

    /** Who hears how the session fares, besides its handler. */
    interface Listener {
        /** Hears that the application has been told of the open session. */
        void opened();

        /** Hears that the session has ended, onClose has been called and everything given back. */
        void ended();
    }

    private static final int OPENED = 1;
    private static final int READ_DONE = 1 << 1;
    private static final int STATE_CHANGED = 1 << 2;
    private static final int REQUESTS_DUE = 1 << 3;

    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long LINGER_BYTES = 64 << 10;
    private static final long HALF_CLOSED_NANOS = TimeUnit.SECONDS.toNanos(60);

    private static final Logger log = LoggerFactory.getLogger(SessionLoop.class);

    private final Session session;
    private final AsynchronousSocketChannel channel;
    private final SessionSetup setup;
    private final Listener listener;
    private final Lifecycle life = new Lifecycle();
    private final ReceiveLoop receive;
    private final SendLoop send;
    private final FrameDispatch dispatch;

    // Confined to the steps.
    private boolean openTold;
    private int earlyBits;
    private boolean finishRequested;
    private boolean lingering;
    private @Nullable Deadline cutOff;
    private long lingerLimitBytes;

    // Written by the steps; read by anyone.
    private volatile boolean peerDraining;

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
        this.dispatch = new FrameDispatch(runtime, setup, session, send, this);
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

    @Nullable
    RequestTable requests() {
        return dispatch.requests();
    }

    Lifecycle lifecycle() {
        return life;
    }

    boolean isPeerDraining() {
        return peerDraining;
    }

    /** Returns whether the caller is one of this session's own callbacks. */
    boolean isInStep() {
        return stepThread == Thread.currentThread();
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
            } catch (IOException e) {
                log.debug("close failed; {} cause={}", session, e.toString());
            }
            signal(STATE_CHANGED);
        }
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
        try {
            if ((bits & OPENED) != 0) {
                open();
            }
            if ((bits & READ_DONE) != 0) {
                takeRead();
            }
            moveOn();
            if ((bits & REQUESTS_DUE) != 0) {
                // After what has arrived was delivered: a reply that is here in time must not count as late.
                expireRequests();
            }
        } finally {
            stepThread = null;
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
        log.debug("session opened; {}", session);
        try {
            setup.opened(session);
        } catch (Throwable thrown) {
            handlerThrew("onOpen", thrown);
            life.startClosing(CloseReasons.handlerThrew("onOpen", thrown));
        }
        listener.opened();
    }

    private void takeRead() {
        Throwable failure = receive.takeResult();
        if (failure != null) {
            breakOff(failure);
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

    private void moveOn() {
        boolean mayRead = !receive.isReading();
        dispatch.resumeReplies();
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
            case OPEN -> {
                if (mayRead && !mustPause()) {
                    readOn();
                }
            }
            case CLOSING -> receive.read();
            case CLOSED -> tryEnd();
            case ENDED -> {
                // A signal that came too late.
            }
        }
    }

    /** Delivers what has arrived; returns whether all of it, so that more may be read. */
    private boolean takeIn() {
        try {
            boolean all = receive.deliverFrames();
            if (all && receive.isEndOfStream()) {
                peerFinished();
            }
            return all;
        } catch (MalformedFrameException malformed) {
            life.startClosing(CloseReasons.malformed(malformed, session.remoteAddress(), receive.undelivered()));
            dispatch.malformed(malformed);
        } catch (RuntimeException | Error decoderFailed) {
            life.startClosing(CloseReasons.decoderFailed(decoderFailed));
        }
        return false;
    }

    /** The peer has nothing more to say: the session closes when it has its answers, or when they do not come. */
    private void peerFinished() {
        if (dispatch.isIdle()) {
            life.startClosing(
                    CloseReasons.peerFinished(receive.isInsideFrame(), receive.bufferedBytes(), receive.frameLength()));
        } else if (cutOff == null) {
            cutOff = new CutOff(CloseReasons.unanswered(HALF_CLOSED_NANOS));
            runtime().deadlines().arm(cutOff, HALF_CLOSED_NANOS);
        }
    }

    private void readOn() {
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
        if (!receive.isReading()) {
            receive.discard();
        }
        if (!send.isOutputFinished()) {
            // Reads on without limit: the peer may have to get rid of its output before it reads ours.
            return;
        }
        if (receive.isEndOfStream()) {
            abort(CloseReasons.local("closed"));
        } else if (!lingering) {
            lingering = true;
            lingerLimitBytes = receive.discardedBytes() + LINGER_BYTES;
            cancelCutOff();
            cutOff = new CutOff(CloseReasons.local("the peer kept its side open after the close"));
            runtime().deadlines().arm(cutOff, LINGER_NANOS);
        } else if (receive.discardedBytes() > lingerLimitBytes) {
            abort(CloseReasons.local("the peer kept sending after the close"));
        }
    }

    private boolean mustPause() {
        return (setup.side() == Side.SERVER && send.isCongested()) || dispatch.isFull();
    }

    private void tryEnd() {
        if (!receive.isReading() && send.stop()) {
            end();
        }
    }

    private void end() {
        life.end();
        failRequests(send.writtenBytes());
        CloseReason reason = life.reasonOr("closed");
        log.debug("session closed; {} reason={}", session, reason);
        try {
            setup.closed(session, reason);
        } catch (Throwable thrown) {
            logThrow("onClose", thrown);
        }
        cancelCutOff();
        send.release();
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
    public void readCompleted() {
        signal(READ_DONE);
    }

    @Override
    public boolean mayDeliver() {
        return life.isOpen() && !mustPause();
    }

    @Override
    public void deliver(FrameKind kind, long token, ByteBuffer payload) {
        dispatch.dispatch(kind, token, payload);
        if (peerDraining) {
            closeWhenNothingIsInFlight();
        }
    }

    @Override
    public void tooLong(FrameKind kind, long token) {
        dispatch.tooLong(kind, token);
    }

    @Override
    public void peerIsDraining(int code, String text) {
        log.debug("peer is draining; {} code={} text={}", session, ErrorCode.nameOf(code), text);
        peerDraining = true;
    }

    private void closeWhenNothingIsInFlight() {
        RequestTable requests = dispatch.requests();
        if (dispatch.isIdle() && (requests == null || requests.size() == 0)) {
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
                    case REFUSE_OR_CLOSE_OWN -> isInStep();
                    case CLOSE -> true;
                };
        if (closes) {
            abort(CloseReasons.queueFull(send.queuedBytes()));
        }
    }

    @Override
    public void handlerThrew(String callback, Throwable thrown) {
        logThrow(callback, thrown);
        if (thrown instanceof Error) {
            life.startClosing(CloseReasons.handlerThrew(callback, thrown));
        }
    }

    /** A peer that finds a message which makes the handler throw must not be able to fill the disk. */
    private void logThrow(String callback, Throwable thrown) {
        LogLimiter limiter = runtime().throwsLogged();
        if (!limiter.allows()) {
            return;
        }
        if (thrown instanceof Error) {
            log.error("{} threw; {}", callback, session, thrown);
        } else {
            log.warn("{} threw; {}", callback, session, thrown);
        }
    }

    @Override
    public void writeFailed(Throwable cause) {
        breakOff(cause);
    }

    @Override
    public void sendQueueRelieved() {
        signal(STATE_CHANGED);
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

    private void cancelCutOff() {
        if (cutOff != null) {
            runtime().deadlines().cancel(cutOff);
        }
    }

    /** Ends the session when it has waited long enough for its peer, or for its own application. */
    private final class CutOff extends Deadline {
        private final CloseReason reason;

        CutOff(CloseReason reason) {
            this.reason = reason;
        }

        @Override
        protected void expired() {
            abort(reason);
        }
    }
}
