package io.millrace.client.endpoint;

import java.util.concurrent.atomic.AtomicInteger;

/** Picks one after the other. Thread-safe. */
final class RoundRobin implements EndpointPicker {
    // Unsigned: once in 2^32 picks the turn may jump, but it never goes below zero.
    private final AtomicInteger next;

    RoundRobin(int first) {
        this.next = new AtomicInteger(first);
    }

    @Override
    public int pick(Candidates candidates) {
        return Integer.remainderUnsigned(next.getAndIncrement(), candidates.size());
    }

    @Override
    public String toString() {
        return "roundRobin";
    }
}
