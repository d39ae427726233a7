package io.millrace.benchmarks.run;

import io.millrace.benchmarks.result.Figure;
import java.util.Map;

/** A contestant that is alive for a trial, with its load. Any failure takes it out of the comparison, with its reason. */
public interface Subject extends AutoCloseable {
    /** Loads it without measuring, for so long or with as much work as the scenario has for that. */
    void warm(int millis) throws Exception;

    /** Loads it for one round, so long or with the work that the scenario has, and returns what was measured. */
    Map<Figure, Double> measure(String point, int millis) throws Exception;

    /** Returns what is measured once in a trial, after the rounds of a point, with nothing in flight. */
    default Map<Figure, Double> atRest() throws Exception {
        return Map.of();
    }

    @Override
    void close();

    /** Starts contestants. */
    @FunctionalInterface
    interface Opener {
        /** Starts one, in fresh processes. */
        Subject open(String contestant) throws Exception;
    }
}
