package io.millrace.benchmarks.result;

import java.util.List;

/**
 * One figure of one contestant, as often as it was measured.
 *
 * @param contestant its name
 * @param figure what was measured
 * @param values one for each round or trial; the k-th values of all contestants of a point were measured next to each
 *     other
 */
public record Series(String contestant, Figure figure, List<Double> values) {
    /** Keeps a copy of the values. */
    public Series {
        values = List.copyOf(values);
    }

    /** Returns the value in the middle. */
    public double median() {
        return Statistics.median(values);
    }
}
