package io.millrace.benchmarks.result;

import java.util.Locale;

/**
 * How many times one series is the other.
 *
 * @param median of the ratios of the pairs
 * @param low where the 95 % confidence interval of the median begins
 * @param high where it ends
 * @param pairs how many there were
 */
public record Ratio(double median, double low, double high, int pairs) {
    /** Shows the median and its confidence interval, such as {@code 1.12 [1.10, 1.15]}. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.2f [%.2f, %.2f]", median, low, high);
    }
}
