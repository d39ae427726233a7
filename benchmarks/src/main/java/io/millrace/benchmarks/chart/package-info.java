/**
 * Charts as SVG, written by hand: the chart libraries of the JVM draw through AWT, which needs fonts that a fresh machine
 * has not, and give pictures that differ with the fonts it finds. These are the same bytes everywhere, and follow the
 * reader's light or dark mode.
 */
@NullMarked
package io.millrace.benchmarks.chart;

import org.jspecify.annotations.NullMarked;
