package io.millrace.core.config;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Turns the texts of a settings file into values. What is refused is refused with what is allowed.
 *
 * <p>Threading: Thread-safe.
 */
public final class Values {
    private static final Pattern NUMBER_AND_UNIT = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([A-Za-z]*)");

    private static final Map<String, Long> SIZES =
            Map.of("", 1L, "B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30);

    private static final Map<String, Duration> TIMES = Map.of(
            "ns", ChronoUnit.NANOS.getDuration(),
            "us", ChronoUnit.MICROS.getDuration(),
            "ms", ChronoUnit.MILLIS.getDuration(),
            "s", ChronoUnit.SECONDS.getDuration(),
            "min", ChronoUnit.MINUTES.getDuration(),
            "h", ChronoUnit.HOURS.getDuration(),
            "d", ChronoUnit.DAYS.getDuration());

    private Values() {}

    /**
     * Returns a whole number.
     *
     * @param text digits, perhaps with a sign and underscores
     * @return the number
     * @throws IllegalArgumentException saying what is allowed
     */
    public static int whole(String text) {
        try {
            return Integer.parseInt(text.replace("_", ""));
        } catch (NumberFormatException e) {
            throw allowed("a whole number");
        }
    }

    /**
     * Returns a number of bytes.
     *
     * @param text such as 64KiB
     * @return bytes
     * @throws IllegalArgumentException saying what is allowed
     */
    public static long bytes(String text) {
        Matcher parts = NUMBER_AND_UNIT.matcher(text);
        Long unit = parts.matches() ? SIZES.get(parts.group(2)) : null;
        if (unit == null) {
            throw allowed("a size such as 512, 64KiB, 4MiB or 1GiB");
        }
        try {
            return new BigDecimal(parts.group(1))
                    .multiply(BigDecimal.valueOf(unit))
                    .longValueExact();
        } catch (ArithmeticException e) {
            throw allowed("a whole number of bytes, less than 8 EiB");
        }
    }

    /**
     * Returns a duration.
     *
     * @param text such as 30s
     * @return the duration
     * @throws IllegalArgumentException saying what is allowed
     */
    public static Duration duration(String text) {
        if (text.equals("0")) {
            return Duration.ZERO;
        }
        Matcher parts = NUMBER_AND_UNIT.matcher(text);
        Duration unit = parts.matches() ? TIMES.get(parts.group(2)) : null;
        if (unit == null) {
            throw allowed("a duration such as 500ms, 30s, 2min, 1h or 1d, or 0");
        }
        try {
            BigDecimal nanos = new BigDecimal(parts.group(1)).multiply(BigDecimal.valueOf(unit.toNanos()));
            return Duration.ofNanos(nanos.longValueExact());
        } catch (ArithmeticException e) {
            throw allowed("a whole number of nanoseconds, less than 292 years");
        }
    }

    /**
     * Returns a truth value.
     *
     * @param text true or false
     * @return the value
     * @throws IllegalArgumentException saying what is allowed
     */
    public static boolean flag(String text) {
        return switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw allowed("true or false");
        };
    }

    /**
     * Returns a constant.
     *
     * @param <E> its type
     * @param text its name, in either case, with dashes or underscores
     * @param constants all of its type
     * @return the constant
     * @throws IllegalArgumentException saying what is allowed
     */
    public static <E extends Enum<E>> E choice(String text, E[] constants) {
        String name = text.replace('-', '_').toUpperCase(Locale.ROOT);
        for (E constant : constants) {
            if (constant.name().equals(name)) {
                return constant;
            }
        }
        throw allowed(Arrays.stream(constants).map(Enum::name).collect(Collectors.joining(", ", "one of ", "")));
    }

    private static IllegalArgumentException allowed(String what) {
        return new IllegalArgumentException("it must be " + what);
    }
}
