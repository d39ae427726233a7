package io.millrace.benchmarks.calls.caller;

/** Asks one slot's request, again and again. */
@FunctionalInterface
public interface Asking {
    /**
     * Sends the slot's request; the slot hears the reply, or the failure, once. May be called on any thread, the
     * client's I/O thread included, but not again before the slot has heard.
     */
    void ask();
}
