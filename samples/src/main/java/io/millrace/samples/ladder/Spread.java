package io.millrace.samples.ladder;

import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * Where the values of several rounds lie.
 *
 * @param low the lowest
 * @param median the one in the middle, or the mean of the two
 * @param high the highest
 */
public record Spread(double low, double median, double high) {
    /** Sorts one value or more. */
    static Spread of(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        int last = sorted.length - 1;
        return new Spread(sorted[0], (sorted[last / 2] + sorted[(last + 1) / 2]) / 2, sorted[last]);
    }

    /** Returns the median, and behind it the lowest and the highest where they differ as they are written. */
    String words(String format) {
        String least = String.format(Locale.ROOT, format, low);
        String most = String.format(Locale.ROOT, format, high);
        String middle = String.format(Locale.ROOT, format, median);
        return least.equals(most) ? middle : middle + " (" + least + " to " + most + ")";
    }
}
