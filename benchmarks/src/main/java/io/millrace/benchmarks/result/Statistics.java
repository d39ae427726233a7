package io.millrace.benchmarks.result;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Medians, quartiles, and ratios of what was measured in pairs. The same values give the same answer every time. */
public final class Statistics {
    private static final int RESAMPLES = 10_000;
    private static final long SEED = 6;
    private static final double TAIL = 0.025;

    private Statistics() {}

    /**
     * Returns the value in the middle, or the mean of the two.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static double median(List<Double> values) {
        return quantile(sorted(values), 0.5);
    }

    /** Returns the median and the quartiles. */
    public static Spread spread(List<Double> values) {
        double[] sorted = sorted(values);
        return new Spread(quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75));
    }

    /**
     * Returns the median of {@code a[k] / b[k]} and its confidence interval: the pairs are drawn again with replacement,
     * many times, and the medians of those draws lie in it. Where one was in fewer trials than the other, there are as
     * many pairs as it has values.
     *
     * @throws IllegalArgumentException if they are not of one figure
     */
    public static Ratio ratio(Series a, Series b) {
        if (a.figure() != b.figure()) {
            throw new IllegalArgumentException(describe(a) + " and " + describe(b) + " cannot be compared");
        }
        double[] ratios = new double[Math.min(a.values().size(), b.values().size())];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = a.values().get(i) / b.values().get(i);
        }
        double[] medians = resampledMedians(ratios);
        Arrays.sort(ratios);
        return new Ratio(quantile(ratios, 0.5), quantile(medians, TAIL), quantile(medians, 1 - TAIL), ratios.length);
    }

    /** Returns how many times better {@code a} is than {@code b}: {@code b / a} where less is better. */
    public static Ratio advantage(Series a, Series b) {
        return a.figure().isBetterLow() ? ratio(b, a) : ratio(a, b);
    }

    private static double[] resampledMedians(double[] values) {
        SplittableRandom random = new SplittableRandom(SEED);
        double[] medians = new double[RESAMPLES];
        double[] draw = new double[values.length];
        for (int i = 0; i < RESAMPLES; i++) {
            for (int k = 0; k < draw.length; k++) {
                draw[k] = values[random.nextInt(values.length)];
            }
            Arrays.sort(draw);
            medians[i] = quantile(draw, 0.5);
        }
        Arrays.sort(medians);
        return medians;
    }

    private static double[] sorted(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    }

    /** Interpolates between the two neighbours of the wanted rank. */
    private static double quantile(double[] sorted, double share) {
        if (sorted.length == 0) {
            throw new IllegalArgumentException("no values; at least one is needed");
        }
        double rank = share * (sorted.length - 1);
        int below = (int) rank;
        int above = Math.min(below + 1, sorted.length - 1);
        return below == rank ? sorted[below] : sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
    }

    private static String describe(Series series) {
        return series.contestant() + " " + series.figure() + " x "
                + series.values().size();
    }
}
