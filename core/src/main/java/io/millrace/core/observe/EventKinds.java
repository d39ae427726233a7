package io.millrace.core.observe;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;

/**
 * Makes the events known to the flight recorder as soon as that starts, by the thread that starts it. Otherwise the first
 * event of each kind would do it, on the I/O thread that tells of it, which takes long enough to be felt.
 *
 * <p>Threading: Thread-safe.
 */
final class EventKinds implements FlightRecorderListener {
    private static final List<Class<? extends Event>> ALL = List.of(
            AcceptFailedEvent.class,
            BackpressureEvent.class,
            BufferLeakEvent.class,
            ConnectionClosedEvent.class,
            ConnectionOpenedEvent.class,
            SlowHandlerEvent.class);
    private static final AtomicBoolean listening = new AtomicBoolean();

    private EventKinds() {}

    /** Waits for a flight recorder, once for the whole JVM; registers at once where there is one already. */
    static void listen() {
        if (listening.compareAndSet(false, true)) {
            FlightRecorder.addListener(new EventKinds());
        }
    }

    @Override
    public void recorderInitialized(FlightRecorder recorder) {
        ALL.forEach(FlightRecorder::register);
    }
}
