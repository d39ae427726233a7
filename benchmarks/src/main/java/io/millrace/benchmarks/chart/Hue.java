package io.millrace.benchmarks.chart;

import java.util.Locale;

/** Whose line or bar it is; the style sheet gives each a colour in light and in dark mode. */
public enum Hue {
    /** Millrace's. */
    OWN,

    /** Netty's. */
    NETTY,

    /** Another framework's. */
    OTHER,

    /** A bare loop's. */
    BARE,

    /** Of what falls short of its reference. */
    BEHIND;

    String style(String shape) {
        return shape + " " + name().toLowerCase(Locale.ROOT);
    }
}
