package io.millrace.core.internal;

import java.time.Duration;
import java.util.Objects;

/** Turns durations of the API into nanoseconds, refusing what makes no sense. */
public final class Durations {
    private static final Duration LONGEST = Duration.ofDays(365);

    private Durations() {}

    /**
     * Returns a duration that must be positive, in nanoseconds.
     *
     * @param property its name, for the message
     * @param value the duration; longer than a year counts as a year
     * @return nanoseconds, more than 0
     * @throws IllegalArgumentException if it is zero or negative
     */
    public static long positiveNanos(String property, Duration value) {
        Objects.requireNonNull(value, property);
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(property + " is " + value + "; it must be more than zero");
        }
        return (value.compareTo(LONGEST) > 0 ? LONGEST : value).toNanos();
    }
}
