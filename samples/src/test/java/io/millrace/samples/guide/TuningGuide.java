package io.millrace.samples.guide;

import io.millrace.core.IoGroup;
import io.millrace.core.IoGroupStats;
import io.millrace.core.TransportException;
import java.util.ArrayList;
import java.util.List;

/** The code of tuning.md. */
final class TuningGuide {
    private TuningGuide() {}

    static IoGroup start() throws TransportException {
        IoGroup group = IoGroup.builder()
                .name("orders")
                .threads(4)
                .bufferMemory(1L << 30)
                .preallocateSessions(10_000)
                .start();
        return group;
    }

    /** Says what a group was short of since it was last looked at. */
    static List<String> shortages(IoGroupStats before, IoGroupStats now) {
        List<String> found = new ArrayList<>();
        if (now.bufferMisses() > before.bufferMisses()) {
            found.add("memory: raise bufferMemory, or lower marks and limits");
        }
        if (now.blockedIncidents() > before.blockedIncidents()) {
            found.add("I/O threads: a callback blocks, and its stack is in the log");
        }
        return found;
    }
}
