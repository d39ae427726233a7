package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.engine.SerialRunner;
import io.millrace.core.internal.send.SentMarker;
import java.io.IOException;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls the application of one session: inside its steps or in its lane, in order, and never two calls at a time. */
abstract class SessionCallbacks extends SerialRunner {
    /*
     * Whatever a callback throws closes the session and goes no further. Tasks and completions wait in a queue until a
     * step comes by; in the lane they are work like any other.
     */

    /** A callback of the application's. */
    @FunctionalInterface
    interface Callback {
        void run() throws Exception;
    }

    static final int OPENED = 1;
    static final int READ_DONE = 1 << 1;
    static final int STATE_CHANGED = 1 << 2;
    static final int REQUESTS_DUE = 1 << 3;
    static final int TASKS_WAIT = 1 << 4;
    static final int TIMER_DUE = 1 << 5;
    static final int QUEUE_RELIEVED = 1 << 6;

    private static final Logger log = LoggerFactory.getLogger(SessionCallbacks.class);

    final Session session;
    final Lifecycle life = new Lifecycle();
    final @Nullable HandOver handOver;

    private final AsynchronousSocketChannel channel;

    // Guarded by life. Made when the first task comes, for most sessions never get one.
    private @Nullable TaskQueue tasks;

    // Written by the steps. Any thread may read it, to ask whether it is itself in a step: that answer is always right,
    // because each thread sees its own writes. What else it reads is a hint.
    @Nullable
    Thread stepThread;

    SessionCallbacks(
            IoRuntime runtime, AsynchronousSocketChannel channel, Session session, @Nullable Executor executor) {
        super(runtime);
        this.session = session;
        this.channel = channel;
        this.handOver = executor == null ? null : new HandOver(runtime, executor, frameTaker());
    }

    /** Returns who takes the frames that are handed over to an executor. Called while this is made. */
    abstract HandOver.Receiver frameTaker();

    /** Calls what waits, and lets nothing in any more. */
    final void finishTasks() {
        tasks().close();
        runTasks();
    }

    /** Returns whether the caller is one of this session's own callbacks. */
    boolean isInCallback() {
        return stepThread == Thread.currentThread()
                || (handOver != null && handOver.lane().isRunning());
    }

    /** Returns the thread that a callback or a step holds, as far as another thread can tell, or null. */
    @Nullable
    Thread callbackThread() {
        Thread ofLane = handOver == null ? null : handOver.lane().runningThread();
        return ofLane != null ? ofLane : stepThread;
    }

    /** Finishes what is in flight and begins nothing new, then closes. */
    public void drain(CloseReason reason) {
        if (life.startDraining(reason) || mayHaveBeenForgotten()) {
            signal(STATE_CHANGED);
        }
    }

    public void close(CloseReason reason) {
        if (life.startClosing(reason) || mayHaveBeenForgotten()) {
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
        } else if (mayHaveBeenForgotten()) {
            signal(STATE_CHANGED);
        }
    }

    /** An executor may have dropped the last callback of a session that has ended: the next step finds that out. */
    private boolean mayHaveBeenForgotten() {
        return handOver != null && life.phase() == Lifecycle.Phase.ENDED;
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

    /** Calls the application, here or in its lane; whatever it throws closes the session. */
    final void call(String name, Callback callback) {
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
    final void callInPlace(String name, Callback callback) {
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

    /** Calls what waits. */
    final void runTasks() {
        Runnable task;
        TaskQueue queue = tasks();
        while ((task = queue.poll()) != null) {
            call("task", task::run);
        }
    }

    /** Hears that a callback threw: logs it, and closes the session if it was an Error. */
    public void handlerThrew(String callback, Throwable thrown) {
        ThrowLog.log(runtime(), callback, session, thrown);
        if (thrown instanceof Error) {
            close(CloseReasons.handlerThrew(callback, thrown));
        }
    }

    /** Tells the sender of a message that it has been written. */
    public void sent(SentMarker marker) {
        if (marker.isDirect()) {
            marker.completion().completed(null);
            return;
        }
        tasks().add(() -> callNow("completed", () -> marker.completion().completed(null)));
        signal(TASKS_WAIT);
    }

    /** Tells the sender of a message that it never will be. */
    final void notSent(SentMarker marker, long passedBytes, CloseReason reason) {
        SessionClosedException failure = new SessionClosedException(reason, marker.isWritten(passedBytes));
        if (marker.isDirect()) {
            marker.completion().completed(failure);
        } else {
            call("completed", () -> marker.completion().completed(failure));
        }
    }

    @Override
    public String toString() {
        return session.toString();
    }
}
