package io.millrace.core.observe;

import io.millrace.core.memory.BufferLeak;
import java.net.SocketAddress;
import jdk.jfr.FlightRecorder;

/**
 * Tells the JDK's flight recorder what happens. Costs a look at a flag while nothing is recorded; addresses and texts
 * are turned into strings only for an event that is.
 *
 * <p>The module {@code jdk.jfr} is optional: without it there are no events. That keeps Millrace fit for run-time
 * images that leave it out; a program on the module path adds it by {@code --add-modules jdk.jfr}.
 *
 * <p>Threading: Thread-safe.
 */
public final class FlightEvents {
    /** The classes of the events are only touched behind this, for without the module they cannot be loaded. */
    private static final boolean PRESENT =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private FlightEvents() {}

    /** The first event of a kind makes the recorder describe itself: megabytes and long enough to be felt. */
    private static boolean isOn() {
        return PRESENT && FlightRecorder.isInitialized();
    }

    /**
     * Tells of a connection that has opened.
     *
     * @param session the number of its session
     * @param remote the peer's address
     * @param local this side's address
     */
    public static void connectionOpened(long session, SocketAddress remote, SocketAddress local) {
        if (isOn()) {
            ConnectionOpenedEvent.emit(session, remote, local);
        }
    }

    /**
     * Tells of a connection that has ended.
     *
     * @param ended its session, asked only if the event is recorded
     */
    public static void connectionClosed(EndedConnection ended) {
        if (isOn()) {
            ConnectionClosedEvent.emit(ended);
        }
    }

    /** What the recorder asks of a session that has ended. */
    public interface EndedConnection {
        /** {@return the number of the session} */
        long id();

        /** {@return the peer's address} */
        SocketAddress remoteAddress();

        /** {@return this side's address} */
        SocketAddress localAddress();

        /** {@return who or what ended it, as one word} */
        String reasonKind();

        /** {@return what happened, for people} */
        String reasonDetail();

        /** {@return how long it was open, in nanoseconds} */
        long openNanos();

        /** {@return bytes read} */
        long bytesReceived();

        /** {@return bytes written} */
        long bytesSent();
    }

    /**
     * Tells that an application's callback holds an I/O thread.
     *
     * @param thread the thread it holds
     * @param heldNanos for how long by now, in nanoseconds; the least that is certain
     * @param stack where it is
     */
    public static void slowHandler(Thread thread, long heldNanos, StackTraceElement[] stack) {
        if (isOn()) {
            SlowHandlerEvent.emit(thread, heldNanos, stack);
        }
    }

    /**
     * Tells that a session's queue has passed its high mark, or is back at its low mark.
     *
     * @param session the number of the session
     * @param on true above the high mark
     * @param queuedBytes what is queued
     */
    public static void backpressure(long session, boolean on, long queuedBytes) {
        if (isOn()) {
            BackpressureEvent.emit(session, on, queuedBytes);
        }
    }

    /**
     * Tells that accepting a connection has failed and is tried again.
     *
     * @param cause why
     * @param failures how often by now
     * @param pauseNanos until the next try, in nanoseconds
     */
    public static void acceptFailed(Throwable cause, long failures, long pauseNanos) {
        if (isOn()) {
            AcceptFailedEvent.emit(cause, failures, pauseNanos);
        }
    }

    /**
     * Tells of leases that nobody can give back any more.
     *
     * @param leak what leaked, and who had acquired it
     */
    public static void bufferLeaked(BufferLeak leak) {
        if (isOn()) {
            BufferLeakEvent.emit(leak);
        }
    }
}
