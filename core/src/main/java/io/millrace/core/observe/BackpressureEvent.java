package io.millrace.core.observe;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The send queue of a session has passed its high mark, or is back at its low mark. */
@Name("io.millrace.Backpressure")
@Label("Backpressure")
@Category("Millrace")
@Description("The send queue of a session has passed its high mark, or is back at its low mark")
@StackTrace(false)
final class BackpressureEvent extends Event {
    // Written before the event is committed, by the one thread that knows it.
    @Label("Session")
    long session;

    @Label("On")
    boolean on;

    @Label("Queued Bytes")
    @DataAmount(DataAmount.BYTES)
    long queuedBytes;

    static void emit(long session, boolean on, long queuedBytes) {
        BackpressureEvent event = new BackpressureEvent();
        if (event.shouldCommit()) {
            event.session = session;
            event.on = on;
            event.queuedBytes = queuedBytes;
            event.commit();
        }
    }
}
