package io.millrace.client.request;

import io.millrace.core.Settings;
import io.millrace.core.config.Ranges;

/**
 * How often a client makes requests again that have failed: each one, and all of them together.
 *
 * <p>Made again is what certainly has not reached the server, or was answered with
 * {@link io.millrace.core.ErrorCode#DRAINING}, which says that it was not begun; and, if the request is
 * {@link RequestOptions#idempotent()}, what was lost with its connection. Not made again are requests that were answered
 * with anything else, {@link io.millrace.core.ErrorCode#BUSY} among them, for more requests do not help a server that has
 * too many; those whose time is over; and those that the client had no connection for, as it has waited for one as long
 * as it may.
 *
 * <p>All together have a budget, so that a server in trouble is not asked many times more than one in good health: every
 * request earns a part of a retry, and a few a second are free. What the budget refuses fails as it would without
 * retries.
 *
 * <p>Threading: Immutable.
 *
 * <p>Errors: what cannot be is an {@link IllegalArgumentException} that names the value and what is allowed.
 */
public final class RetryConfig {
    /** How often a request is given to a connection by default, the first time included: 3. */
    public static final int DEFAULT_MAX_ATTEMPTS = 3;

    /** How many retries a request earns by default: 0.2, so retries add at most a fifth to the load that lasts. */
    public static final double DEFAULT_RATIO = 0.2;

    /** How many retries a second are free by default: 10, so that clients with few requests have some, too. */
    public static final int DEFAULT_MIN_PER_SECOND = 10;

    /** How many earned retries are kept by default: 1000, about what is in flight when a server restarts. */
    public static final int DEFAULT_BURST = 1_000;

    /** The most attempts that can be set: 1000. */
    public static final int MOST_ATTEMPTS = 1_000;

    private static final int MOST_RETRIES = 1_000_000;
    private static final double HIGHEST_RATIO = 10;
    private static final RetryConfig DEFAULTS =
            new RetryConfig(DEFAULT_MAX_ATTEMPTS, DEFAULT_RATIO, DEFAULT_MIN_PER_SECOND, DEFAULT_BURST);
    private static final RetryConfig NONE = new RetryConfig(1, 0, 0, 0);

    private final int maxAttempts;
    private final double ratio;
    private final int minPerSecond;
    private final int burst;

    private RetryConfig(int maxAttempts, double ratio, int minPerSecond, int burst) {
        this.maxAttempts = maxAttempts;
        this.ratio = ratio;
        this.minPerSecond = minPerSecond;
        this.burst = burst;
    }

    /** {@return the default configuration} */
    public static RetryConfig defaults() {
        return DEFAULTS;
    }

    /** {@return a configuration by which nothing is made again} */
    public static RetryConfig none() {
        return NONE;
    }

    /**
     * Returns this configuration with another limit on the attempts of one request.
     *
     * @param attempts how often it is given to a connection, the first time included; from 1 to {@value #MOST_ATTEMPTS}
     * @return the configuration
     * @throws IllegalArgumentException if the number cannot be
     */
    public RetryConfig maxAttempts(int attempts) {
        Ranges.require("maxAttempts", attempts, 1, MOST_ATTEMPTS, "attempts");
        return new RetryConfig(attempts, ratio, minPerSecond, burst);
    }

    /**
     * Returns this configuration with another share of retries.
     *
     * @param newRatio how many retries each request earns; from 0 to 10, 0.2 is one retry for five requests
     * @return the configuration
     * @throws IllegalArgumentException if the number cannot be
     */
    public RetryConfig ratio(double newRatio) {
        Ranges.require(newRatio >= 0 && newRatio <= HIGHEST_RATIO, "ratio", newRatio, "from 0 to 10 retries a request");
        return new RetryConfig(maxAttempts, newRatio, minPerSecond, burst);
    }

    /**
     * Returns this configuration with another number of free retries.
     *
     * @param retries how many a second need not be earned; from 0 to 1,000,000
     * @return the configuration
     * @throws IllegalArgumentException if the number cannot be
     */
    public RetryConfig minPerSecond(int retries) {
        Ranges.require("minPerSecond", retries, 0, MOST_RETRIES, "retries");
        return new RetryConfig(maxAttempts, ratio, retries, burst);
    }

    /**
     * Returns this configuration with another limit on saving.
     *
     * @param retries how many earned retries are kept for later; from 0 to 1,000,000
     * @return the configuration
     * @throws IllegalArgumentException if the number cannot be
     */
    public RetryConfig burst(int retries) {
        Ranges.require("burst", retries, 0, MOST_RETRIES, "retries");
        return new RetryConfig(maxAttempts, ratio, minPerSecond, retries);
    }

    /**
     * Returns this configuration with what is in a section of a settings file: {@code maxAttempts}, {@code ratio},
     * {@code minPerSecond}, {@code burst}.
     *
     * @param settings the section
     * @return the configuration
     * @throws io.millrace.core.SettingsException naming every key that is not known or whose value cannot be
     */
    public RetryConfig settings(Settings settings) {
        RetryConfig[] read = {this};
        settings.read(in -> {
            in.whole("maxAttempts", value -> read[0] = read[0].maxAttempts(value));
            in.text("ratio", text -> read[0] = read[0].ratio(parseRatio(text)));
            in.whole("minPerSecond", value -> read[0] = read[0].minPerSecond(value));
            in.whole("burst", value -> read[0] = read[0].burst(value));
        });
        return read[0];
    }

    private static double parseRatio(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("it must be a number from 0 to 10, such as 0.2", e);
        }
    }

    /** {@return how often a request is given to a connection at most, the first time included} */
    public int maxAttempts() {
        return maxAttempts;
    }

    /** {@return how many retries each request earns} */
    public double ratio() {
        return ratio;
    }

    /** {@return how many retries a second need not be earned} */
    public int minPerSecond() {
        return minPerSecond;
    }

    /** {@return how many earned retries are kept for later} */
    public int burst() {
        return burst;
    }

    @Override
    public String toString() {
        return "RetryConfig[maxAttempts=" + maxAttempts + ", ratio=" + ratio + ", minPerSecond=" + minPerSecond
                + ", burst=" + burst + "]";
    }
}
