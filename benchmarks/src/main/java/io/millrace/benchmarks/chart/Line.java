package io.millrace.benchmarks.chart;

import java.util.List;

/**
 * One line of a chart.
 *
 * @param name written at its end
 * @param hue its colour
 * @param dots from left to right; at least one
 */
public record Line(String name, Hue hue, List<Dot> dots) {
    /**
     * A measured point.
     *
     * @param x above 0
     * @param y above 0
     * @param low where half of what was measured begins
     * @param high where it ends
     */
    public record Dot(double x, double y, double low, double high) {}
}
