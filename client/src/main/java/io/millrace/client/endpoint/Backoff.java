package io.millrace.client.endpoint;

import io.millrace.core.Settings;
import io.millrace.core.config.Ranges;
import java.time.Duration;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * How long an endpoint that fails is left alone before it is tried again: longer after each failure in a row, up to a
 * maximum, and at random, so that clients that lost their server together do not come back together. A success starts
 * anew.
 *
 * <p>Threading: Immutable. A constant is a good place for one.
 *
 * <p>Errors: what cannot be is an {@link IllegalArgumentException} that names the value and what is allowed.
 */
public final class Backoff {
    /** The default delay after the first failure: 100 ms, in which a process that restarts quickly is back. */
    public static final Duration DEFAULT_FIRST_DELAY = Duration.ofMillis(100);

    /** The default maximum: 10 s, so that a server that comes back is found before anybody looks why it is not. */
    public static final Duration DEFAULT_MAX_DELAY = Duration.ofSeconds(10);

    /** By how much each delay is longer than the one before, by default: 2 times. */
    public static final double DEFAULT_FACTOR = 2;

    /** The default jitter: 1, full. Of all ways it spreads the clients of a lost server best. */
    public static final double DEFAULT_JITTER = 1;

    /** The longest delay that can be set. */
    private static final Duration LONGEST = Duration.ofDays(1);

    /** The shortest delay that full jitter comes to, but for a shorter first delay: less is a busy loop. */
    private static final long FLOOR_NANOS = Duration.ofMillis(10).toNanos();

    private static final Backoff DEFAULTS =
            new Backoff(DEFAULT_FIRST_DELAY, DEFAULT_MAX_DELAY, DEFAULT_FACTOR, DEFAULT_JITTER, 0);

    private final Duration firstDelay;
    private final Duration maxDelay;
    private final double factor;
    private final double jitter;
    private final int giveUpAfter;

    private Backoff(Duration firstDelay, Duration maxDelay, double factor, double jitter, int giveUpAfter) {
        this.firstDelay = firstDelay;
        this.maxDelay = maxDelay;
        this.factor = factor;
        this.jitter = jitter;
        this.giveUpAfter = giveUpAfter;
    }

    /** {@return 100 ms, doubled up to 10 s, with full jitter, for ever} */
    public static Backoff defaults() {
        return DEFAULTS;
    }

    /**
     * Returns this back-off with other delays.
     *
     * @param first after the first failure; from 1 ms to 1 day; {@link #DEFAULT_FIRST_DELAY} by default
     * @param max which the delays grow up to; from {@code first} to 1 day; {@link #DEFAULT_MAX_DELAY} by default
     * @return the back-off
     * @throws IllegalArgumentException if one of them cannot be
     */
    public Backoff delays(Duration first, Duration max) {
        return firstDelay(first).maxDelay(max).checked();
    }

    /**
     * Returns this back-off with another growth.
     *
     * @param newFactor by how much each delay is longer than the one before; from 1 (all are the same) to 100;
     *     {@link #DEFAULT_FACTOR} by default
     * @return the back-off
     * @throws IllegalArgumentException if it cannot be
     */
    public Backoff factor(double newFactor) {
        Ranges.require(newFactor >= 1 && newFactor <= 100, "factor", newFactor, "from 1 to 100");
        return new Backoff(firstDelay, maxDelay, newFactor, jitter, giveUpAfter);
    }

    /**
     * Returns this back-off with another randomness.
     *
     * @param share from 0 to 1. Below 1 it is the share of the delay by which it may be shorter or longer: 0 is none,
     *     0.2 is 20&nbsp;% either way, the maximum included, which is exceeded then. 1, the default, is full jitter:
     *     anything up to the delay, from 10 ms or the first delay if that is shorter
     * @return the back-off
     * @throws IllegalArgumentException if it cannot be
     */
    public Backoff jitter(double share) {
        Ranges.require(share >= 0 && share <= 1, "jitter", share, "from 0 (none) to 1 (full)");
        return new Backoff(firstDelay, maxDelay, factor, share, giveUpAfter);
    }

    /**
     * Returns this back-off with another end.
     *
     * @param attempts after how many failed attempts in a row there is no other; from 0 (never), the default
     * @return the back-off
     * @throws IllegalArgumentException if it cannot be
     */
    public Backoff giveUpAfter(int attempts) {
        Ranges.require("giveUpAfter", attempts, 0, Long.MAX_VALUE, "attempts");
        return new Backoff(firstDelay, maxDelay, factor, jitter, attempts);
    }

    /**
     * Returns this back-off with what is in a section of a settings file: {@code firstDelay}, {@code maxDelay},
     * {@code factor}, {@code jitter}, {@code giveUpAfter}.
     *
     * @param settings the section
     * @return the back-off
     * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
     * @throws IllegalArgumentException if the delays do not go together
     */
    public Backoff settings(Settings settings) {
        Reading read = new Reading(this);
        settings.read(in -> {
            in.duration("firstDelay", delay -> read.result = read.result.firstDelay(delay));
            in.duration("maxDelay", delay -> read.result = read.result.maxDelay(delay));
            in.text("factor", text -> read.result = read.result.factor(number(text)));
            in.text("jitter", text -> read.result = read.result.jitter(number(text)));
            in.whole("giveUpAfter", attempts -> read.result = read.result.giveUpAfter(attempts));
        });
        return read.result.checked();
    }

    private Backoff firstDelay(Duration delay) {
        requireDelay("firstDelay", delay);
        return new Backoff(delay, maxDelay, factor, jitter, giveUpAfter);
    }

    private Backoff maxDelay(Duration delay) {
        requireDelay("maxDelay", delay);
        return new Backoff(firstDelay, delay, factor, jitter, giveUpAfter);
    }

    private Backoff checked() {
        Ranges.require(maxDelay.compareTo(firstDelay) >= 0, "maxDelay", maxDelay, "at least firstDelay, " + firstDelay);
        return this;
    }

    private static void requireDelay(String property, Duration delay) {
        boolean inRange = delay.compareTo(Duration.ofMillis(1)) >= 0 && delay.compareTo(LONGEST) <= 0;
        Ranges.require(inRange, property, delay, "from 1 ms to 1 day");
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("it must be a number such as 2 or 1.6", e);
        }
    }

    /** {@return the delay after the first failure, before jitter} */
    public Duration firstDelay() {
        return firstDelay;
    }

    /** {@return which the delays grow up to, before jitter} */
    public Duration maxDelay() {
        return maxDelay;
    }

    /** {@return by how much each delay is longer than the one before} */
    public double factor() {
        return factor;
    }

    /** {@return the share of a delay that is random; 1 for full jitter} */
    public double jitter() {
        return jitter;
    }

    /** {@return after how many failed attempts in a row there is no other; 0 if never} */
    public int giveUpAfter() {
        return giveUpAfter;
    }

    /**
     * Returns whether so many failures are the end.
     *
     * @param failuresInARow how many
     * @return whether there is to be no other attempt
     */
    public boolean givesUp(int failuresInARow) {
        return giveUpAfter > 0 && failuresInARow >= giveUpAfter;
    }

    /**
     * Returns how long to wait after a failure.
     *
     * @param failuresInARow how many there are by now, this one included; from 1
     * @param random the source of the jitter
     * @return nanoseconds, more than 0
     * @throws IllegalArgumentException if there is no failure
     */
    public long delayNanos(int failuresInARow, RandomGenerator random) {
        Ranges.require("failuresInARow", failuresInARow, 1, Long.MAX_VALUE, "failures");
        long first = firstDelay.toNanos();
        // Beyond the range of doubles it is infinite, which the maximum takes care of.
        long delay = (long) Math.min((double) maxDelay.toNanos(), first * Math.pow(factor, failuresInARow - 1.0));
        if (jitter == 1) {
            return random.nextLong(Math.min(first, FLOOR_NANOS), delay + 1);
        }
        long spread = (long) (delay * jitter);
        return delay - spread + random.nextLong(2 * spread + 1);
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "Backoff[firstDelay=%s, maxDelay=%s, factor=%s, jitter=%s, giveUpAfter=%d]",
                firstDelay,
                maxDelay,
                factor,
                jitter,
                giveUpAfter);
    }

    /** What has been read of a section by now, while its delays need not go together yet. Not thread-safe. */
    private static final class Reading {
        Backoff result;

        Reading(Backoff start) {
            this.result = start;
        }
    }
}
