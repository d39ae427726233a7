package io.millrace.benchmarks.result;

import java.util.Locale;

/** What a figure counts, and how a person reads it. */
enum Unit {
    /** A rate. */
    PER_SECOND("1/s") {
        @Override
        String format(double value) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
    },

    /** A time. */
    NANOS("ns") {
        @Override
        String format(double value) {
            return scaled(value, 1000, "ns", "us", "ms", "s");
        }
    },

    /** Memory. */
    BYTES("bytes") {
        @Override
        String format(double value) {
            return scaled(value, 1024, "B", "KiB", "MiB", "GiB");
        }
    },

    /** A part of one. */
    SHARE("%") {
        @Override
        String format(double value) {
            return String.format(Locale.ROOT, "%.0f %%", 100 * value);
        }
    };

    private static final double THREE_DIGITS = 99.95;
    private static final double TWO_DIGITS = 9.995;

    private final String symbol;

    Unit(String symbol) {
        this.symbol = symbol;
    }

    /** Returns the symbol of the unit that values are stored in. */
    String symbol() {
        return symbol;
    }

    /** Returns a value with about three digits that mean something, and its unit where that is not the same for all. */
    abstract String format(double value);

    private static String scaled(double value, double step, String... symbols) {
        double rest = value;
        int scale = 0;
        while (Math.abs(rest) >= step && scale < symbols.length - 1) {
            rest /= step;
            scale++;
        }
        return String.format(Locale.ROOT, "%." + decimals(Math.abs(rest)) + "f %s", rest, symbols[scale]);
    }

    private static int decimals(double value) {
        if (value == 0 || value >= THREE_DIGITS) {
            return 0;
        }
        return value >= TWO_DIGITS ? 1 : 2;
    }
}
