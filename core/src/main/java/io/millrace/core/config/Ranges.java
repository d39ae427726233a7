package io.millrace.core.config;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Refuses settings that cannot be, in the same words everywhere: property, value, allowed range and unit.
 *
 * <p>Threading: Thread-safe.
 */
public final class Ranges {
    /** The longest duration that any property takes; it fits nanoseconds a hundred times over. */
    public static final Duration LONGEST = Duration.ofDays(365);

    private Ranges() {}

    /**
     * Refuses a number outside its range.
     *
     * @param property its name
     * @param value the number
     * @param low the least it may be
     * @param high the most it may be; {@link Long#MAX_VALUE} is no limit
     * @param unit what is counted, in the plural
     * @throws IllegalArgumentException if it is outside
     */
    public static void require(String property, long value, long low, long high, String unit) {
        if (value < low || value > high) {
            String range = high == Long.MAX_VALUE ? "at least " + low : "from " + low + " to " + high;
            throw refusal(property, value, range + " " + unit);
        }
    }

    /**
     * Refuses a duration that is negative or longer than a number of days.
     *
     * @param property its name
     * @param value the duration
     * @param days the most it may be
     * @param zero what zero means, for the message
     * @throws IllegalArgumentException if it is outside
     */
    public static void requireFromZero(String property, Duration value, int days, String zero) {
        if (value.isNegative() || value.compareTo(Duration.ofDays(days)) > 0) {
            throw refusal(property, value, "from 0 (" + zero + ") to " + days + (days == 1 ? " day" : " days"));
        }
    }

    /**
     * Refuses a value if a condition does not hold.
     *
     * @param valid the condition
     * @param property the name of the value
     * @param value the value
     * @param allowed what it must be
     * @throws IllegalArgumentException if the condition is false
     */
    public static void require(boolean valid, String property, Object value, String allowed) {
        if (!valid) {
            throw refusal(property, value, allowed);
        }
    }

    /**
     * Refuses a size that is not right beside another. Puts words together only to refuse.
     *
     * @param valid the condition
     * @param property the name of the size
     * @param bytes the size
     * @param relation what it must be to the other, with the name of that
     * @param other the other size
     * @throws IllegalArgumentException if the condition is false
     */
    public static void requireBytes(boolean valid, String property, long bytes, String relation, long other) {
        if (!valid) {
            throw refusal(property, bytes, relation + ", " + other + " bytes");
        }
    }

    /**
     * Returns a setting that must have been made.
     *
     * @param <T> its type
     * @param property its name, which is also that of the method to call
     * @param value the setting, or null
     * @return the setting
     * @throws IllegalStateException if it is null
     */
    public static <T> T requireSet(String property, @Nullable T value) {
        if (value == null) {
            throw new IllegalStateException(property + " is not set: call " + property + "(...)");
        }
        return value;
    }

    /**
     * Returns a duration that must be positive, in nanoseconds.
     *
     * @param property its name
     * @param value the duration; longer than a year counts as a year
     * @return nanoseconds, more than 0
     * @throws IllegalArgumentException if it is zero or negative
     */
    public static long positiveNanos(String property, Duration value) {
        Objects.requireNonNull(value, property);
        if (value.isNegative() || value.isZero()) {
            throw refusal(property, value, "more than zero");
        }
        return (value.compareTo(LONGEST) > 0 ? LONGEST : value).toNanos();
    }

    private static IllegalArgumentException refusal(String property, Object value, String allowed) {
        return new IllegalArgumentException(property + " is " + value + "; it must be " + allowed);
    }
}
