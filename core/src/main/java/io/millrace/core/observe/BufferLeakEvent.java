package io.millrace.core.observe;

import io.millrace.core.memory.BufferLeak;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Buffers or contexts that were acquired in one place cannot be given back any more. */
@Name("io.millrace.BufferLeak")
@Label("Buffer Leak")
@Category("Millrace")
@Description("Buffers or contexts that were acquired in one place cannot be given back any more")
@StackTrace(false)
final class BufferLeakEvent extends Event {
    // Written before the event is committed, by the one thread that knows it.
    @Label("Kind")
    String kind = "";

    @Label("Count")
    int count;

    @Label("Bytes")
    @DataAmount(DataAmount.BYTES)
    long bytes;

    @Label("Acquired At")
    String acquiredAt = "";

    static void emit(BufferLeak leak) {
        BufferLeakEvent event = new BufferLeakEvent();
        if (event.shouldCommit()) {
            event.kind = leak.kind();
            event.count = leak.count();
            event.bytes = leak.bytes();
            event.acquiredAt = leak.site();
            event.commit();
        }
    }
}
