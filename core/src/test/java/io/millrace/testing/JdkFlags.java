package io.millrace.testing;

import java.util.List;

/**
 * The JDK's own switches for NIO.2, under which everything must work: how many completions may run one inside the
 * other, and whether a read is tried at once. The profile {@code matrix} runs whole modules under the single
 * ones.
 */
public enum JdkFlags {
    /** As the JDK comes: 16 completions. */
    DEFAULT(),
    /** No completion inside another. */
    STACK_1("-Dsun.nio.ch.maxCompletionHandlersOnStack=1"),
    /** Practically no limit. */
    STACK_1000("-Dsun.nio.ch.maxCompletionHandlersOnStack=1000"),
    /** Every read waits for an event. */
    NO_SYNCHRONOUS_READ("-Dsun.nio.ch.disableSynchronousRead=true"),
    /** Both: reads never complete at once, and writes not inside one another. */
    STACK_1_NO_SYNCHRONOUS_READ(
            "-Dsun.nio.ch.maxCompletionHandlersOnStack=1", "-Dsun.nio.ch.disableSynchronousRead=true"),
    /** Both: reads never complete at once, writes always do. */
    STACK_1000_NO_SYNCHRONOUS_READ(
            "-Dsun.nio.ch.maxCompletionHandlersOnStack=1000", "-Dsun.nio.ch.disableSynchronousRead=true");

    private final List<String> flags;

    JdkFlags(String... flags) {
        this.flags = List.of(flags);
    }

    /**
     * Returns the flags of the JVM.
     *
     * @return such as {@code -Dname=value}; none for the default
     */
    public List<String> flags() {
        return flags;
    }
}
