package io.millrace.core;

import io.millrace.core.config.Ranges;
import java.time.Duration;

/**
 * Whether and how a session makes sure that its peer is alive.
 *
 * <p>With a protocol that has pings one is sent when nothing has been received for an interval; any byte that comes
 * then proves life, and if none comes for the timeout the session closes with {@link CloseReason.Kind#TIMEOUT}. With
 * one that has only empty messages, one is sent when nothing has been sent for an interval, and the session closes when nothing
 * has been received for an interval and the timeout: both sides must send them. While this side has paused reading the
 * peer is not judged, and afterwards it gets a full interval.
 *
 * <p>Threading: Immutable.
 */
public final class HeartbeatConfig {
    /** The default time that a peer has to show itself after a heartbeat: 20 s. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(20);

    private static final HeartbeatConfig OFF = new HeartbeatConfig(Duration.ZERO, DEFAULT_TIMEOUT);

    private final Duration interval;
    private final Duration timeout;

    private HeartbeatConfig(Duration interval, Duration timeout) {
        this.interval = interval;
        this.timeout = timeout;
    }

    /** {@return no heartbeats, the default} */
    public static HeartbeatConfig off() {
        return OFF;
    }

    /**
     * Returns heartbeats.
     *
     * @param interval how long silence lasts before one is sent; more than zero, to 365 days
     * @return heartbeats with {@link #DEFAULT_TIMEOUT}
     * @throws IllegalArgumentException if the interval cannot be
     */
    public static HeartbeatConfig every(Duration interval) {
        requirePositive("interval", interval);
        return new HeartbeatConfig(interval, DEFAULT_TIMEOUT);
    }

    /**
     * Returns these heartbeats with another timeout.
     *
     * @param newTimeout how long the peer has to show itself; more than zero, to 365 days
     * @return the heartbeats
     * @throws IllegalArgumentException if the timeout cannot be
     */
    public HeartbeatConfig timeout(Duration newTimeout) {
        requirePositive("timeout", newTimeout);
        return new HeartbeatConfig(interval, newTimeout);
    }

    private static void requirePositive(String property, Duration value) {
        boolean inRange = !value.isNegative() && !value.isZero() && value.compareTo(Ranges.LONGEST) <= 0;
        Ranges.require(inRange, property, value, "more than zero, to " + Ranges.LONGEST.toDays() + " days");
    }

    /** {@return how long silence lasts before a heartbeat is sent; zero if none are} */
    public Duration interval() {
        return interval;
    }

    /** {@return how long the peer has to show itself} */
    public Duration timeout() {
        return timeout;
    }

    /** {@return whether heartbeats are sent} */
    public boolean isOn() {
        return !interval.isZero();
    }

    @Override
    public String toString() {
        return isOn() ? "every " + interval + ", timeout " + timeout : "off";
    }
}
