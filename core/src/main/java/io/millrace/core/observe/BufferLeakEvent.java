package io.millrace.core.observe;

import java.util.Arrays;
import java.util.stream.Collectors;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A leased buffer cannot be given back any more. */
@Name("io.millrace.BufferLeak")
@Label("Buffer Leak")
@Category("Millrace")
@Description("A leased buffer cannot be given back any more")
@StackTrace(false)
final class BufferLeakEvent extends Event {
    // Written before the event is committed, by the one thread that knows it.
    @Label("Bytes")
    @DataAmount(DataAmount.BYTES)
    int bytes;

    @Label("Acquired At")
    String acquiredAt = "";

    static void emit(int bytes, @Nullable Throwable acquiredAt) {
        BufferLeakEvent event = new BufferLeakEvent();
        if (event.shouldCommit()) {
            event.bytes = bytes;
            event.acquiredAt = acquiredAt == null ? "" : stackOf(acquiredAt);
            event.commit();
        }
    }

    private static String stackOf(Throwable acquiredAt) {
        return Arrays.stream(acquiredAt.getStackTrace()).map(String::valueOf).collect(Collectors.joining("\n"));
    }
}
