package io.millrace.benchmarks.calls.caller;

/**
 * A request client that is measured.
 *
 * <p><b>Threading:</b> thread-safe.
 */
public interface Caller extends AutoCloseable {
    /** Returns what asks for a slot, made once for the whole run, as an application would that cares. */
    Asking asking(Slot slot);

    @Override
    void close();
}
