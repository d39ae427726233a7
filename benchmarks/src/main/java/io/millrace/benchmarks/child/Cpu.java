package io.millrace.benchmarks.child;

import java.util.List;

/** Which processor a child is pinned to: what is measured has one for itself, and the load another. */
public enum Cpu {
    /** The measured program's. */
    SERVER(0),

    /** The load's. */
    LOAD(1),

    /** Any. */
    ANY(-1);

    private final int number;

    Cpu(int number) {
        this.number = number;
    }

    /** Returns the words that start a command on this processor; none where that is not possible. */
    public List<String> prefix() {
        boolean canPin = number >= 0 && number < Runtime.getRuntime().availableProcessors() && Taskset.IS_PRESENT;
        return canPin ? List.of("taskset", "-c", Integer.toString(number)) : List.of();
    }
}
