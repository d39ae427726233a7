package io.millrace.benchmarks.chart;

import java.util.ArrayList;
import java.util.List;

/** A logarithmic scale between two ends of a line on the picture. */
final class LogAxis {
    private static final double[] STEPS = {1, 2, 5, 10};

    /** Up to so many decades have lines at 1, 2 and 5; more have them at 1 only. */
    private static final double FINE_DECADES = 3.1;

    private final double low;
    private final double high;
    private final double start;
    private final double end;

    /**
     * Makes a scale.
     *
     * @param low the value at {@code start}, above 0
     * @param high the value at {@code end}
     */
    LogAxis(double low, double high, double start, double end) {
        this.low = low;
        this.high = high;
        this.start = start;
        this.end = end;
    }

    /** Makes a scale whose ends are round values around all that is shown on it. */
    static LogAxis around(double smallest, double largest, double start, double end) {
        double low = roundDown(smallest);
        double high = roundUp(largest);
        return new LogAxis(low, high > low ? high : low * 2, start, end);
    }

    double position(double value) {
        return start + Math.log(value / low) / Math.log(high / low) * (end - start);
    }

    /** Returns the round values of the scale, from low to high. */
    List<Double> marks() {
        boolean isFine = Math.log10(high / low) <= FINE_DECADES;
        List<Double> marks = new ArrayList<>();
        double slack = 1e-9;
        for (double decade = decade(low); decade <= high * (1 + slack); decade *= 10) {
            for (double step : isFine ? new double[] {1, 2, 5} : new double[] {1}) {
                double mark = decade * step;
                if (mark >= low * (1 - slack) && mark <= high * (1 + slack)) {
                    marks.add(mark);
                }
            }
        }
        return marks;
    }

    private static double roundDown(double value) {
        double decade = decade(value);
        double below = decade;
        for (double step : STEPS) {
            below = decade * step <= value ? decade * step : below;
        }
        return below;
    }

    private static double roundUp(double value) {
        double decade = decade(value);
        for (double step : STEPS) {
            if (decade * step >= value) {
                return decade * step;
            }
        }
        return decade * 10;
    }

    private static double decade(double value) {
        return Math.pow(10, Math.floor(Math.log10(value) + 1e-9));
    }
}
