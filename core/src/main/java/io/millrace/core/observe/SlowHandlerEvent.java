package io.millrace.core.observe;

import java.util.Arrays;
import java.util.stream.Collectors;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A callback of the application holds an I/O thread. */
@Name("io.millrace.SlowHandler")
@Label("Slow Handler")
@Category("Millrace")
@Description("A callback of the application holds an I/O thread")
@StackTrace(false)
final class SlowHandlerEvent extends Event {
    // Written before the event is committed, by the one thread that knows it.
    @Label("Handler Thread")
    Thread handlerThread = Thread.currentThread();

    @Label("Held")
    @Timespan(Timespan.NANOSECONDS)
    long held;

    @Label("Stack")
    String stack = "";

    static void emit(Thread thread, long heldNanos, StackTraceElement[] stack) {
        SlowHandlerEvent event = new SlowHandlerEvent();
        if (event.shouldCommit()) {
            event.handlerThread = thread;
            event.held = heldNanos;
            event.stack = Arrays.stream(stack).map(String::valueOf).collect(Collectors.joining("\n"));
            event.commit();
        }
    }
}
