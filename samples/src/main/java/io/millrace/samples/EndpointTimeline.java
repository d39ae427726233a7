package io.millrace.samples;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointState;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many replies one server has given, column by column and phase by phase.
 *
 * <p>Threading: replies are counted by any thread; the rest is for one.
 */
final class EndpointTimeline {
    final Endpoint endpoint;
    final LongAdder replies = new LongAdder();
    final List<Long> columns = new ArrayList<>();
    /** How many replies there were when each phase began. */
    final List<Long> atMarks = new ArrayList<>(List.of(0L));

    EndpointState state = EndpointState.AVAILABLE;
    private long shown;

    EndpointTimeline(Endpoint endpoint) {
        this.endpoint = endpoint;
    }

    /** Begins another phase. */
    void mark() {
        atMarks.add(replies.sum());
    }

    /** Ends a column. */
    void column() {
        long sum = replies.sum();
        columns.add(sum - shown);
        shown = sum;
    }

    /** Returns how many replies there were in a phase. */
    long repliesIn(int phase) {
        long end = phase + 1 < atMarks.size() ? atMarks.get(phase + 1) : replies.sum();
        return end - atMarks.get(phase);
    }
}
