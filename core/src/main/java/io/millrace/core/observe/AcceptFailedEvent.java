package io.millrace.core.observe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** Accepting a connection has failed and is tried again. */
@Name("io.millrace.AcceptFailed")
@Label("Accept Failed")
@Category("Millrace")
@Description("Accepting a connection has failed and is tried again")
@StackTrace(false)
final class AcceptFailedEvent extends Event {
    // Written before the event is committed, by the one thread that knows it.
    @Label("Cause")
    String cause = "";

    @Label("Failures")
    long failures;

    @Label("Pause")
    @Timespan(Timespan.NANOSECONDS)
    long pause;

    static void emit(Throwable cause, long failures, long pauseNanos) {
        AcceptFailedEvent event = new AcceptFailedEvent();
        if (event.shouldCommit()) {
            event.cause = cause.toString();
            event.failures = failures;
            event.pause = pauseNanos;
            event.commit();
        }
    }
}
