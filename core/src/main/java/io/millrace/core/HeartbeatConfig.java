package io.millrace.core;

import io.millrace.core.config.Ranges;
import java.time.Duration;

/**
 * Whether and how a session makes sure that its peer is alive.
 *
 * <p>With a protocol that has pings one is sent when nothing has been received for an interval; any byte that comes
 * then proves life. If none comes for the timeout the ping was missed, and another is sent; when as many in a row were
 * missed as may be, the session closes with {@link CloseReason.Kind#TIMEOUT}. With a protocol that has only empty
 * messages, one is sent when nothing has been sent for an interval, and the session closes when nothing has been
 * received for an interval and then the timeout, as often as one may be missed: both sides must send them. With
 * {@code Protocol.seed()} the client only sends them and the server only judges by them. While this side has paused
 * reading the peer is not judged, and afterwards it gets a full interval.
 *
 * <p>The peer's pings are answered whether heartbeats are on or off. A peer that sends more of them than is of any use
 * is closed: see {@link #maxPingsPerSecond}.
 *
 * <p>Threading: Immutable.
 */
public final class HeartbeatConfig {
    /** The default time that a peer has to show itself after a heartbeat: 20 s. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(20);

    /** How many heartbeats in a row a peer must miss by default to be taken for gone: 1. */
    public static final int DEFAULT_MAX_MISSED = 1;

    /**
     * How many pings a second are taken from a peer by default: 10, while pings serve to notice within seconds that a
     * peer is gone.
     */
    public static final int DEFAULT_MAX_PINGS_PER_SECOND = 10;

    private static final HeartbeatConfig OFF =
            new HeartbeatConfig(Duration.ZERO, DEFAULT_TIMEOUT, DEFAULT_MAX_MISSED, DEFAULT_MAX_PINGS_PER_SECOND);

    private final Duration interval;
    private final Duration timeout;
    private final int maxMissed;
    private final int maxPingsPerSecond;

    private HeartbeatConfig(Duration interval, Duration timeout, int maxMissed, int maxPingsPerSecond) {
        this.interval = interval;
        this.timeout = timeout;
        this.maxMissed = maxMissed;
        this.maxPingsPerSecond = maxPingsPerSecond;
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
        return OFF.interval(interval);
    }

    /** Returns these heartbeats with another interval, zero for none. */
    HeartbeatConfig interval(Duration newInterval) {
        if (!newInterval.isZero()) {
            requirePositive("interval", newInterval);
        }
        return new HeartbeatConfig(newInterval, timeout, maxMissed, maxPingsPerSecond);
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
        return new HeartbeatConfig(interval, newTimeout, maxMissed, maxPingsPerSecond);
    }

    /**
     * Returns these heartbeats with another patience, for networks that lose connections for a while and find them again.
     *
     * @param count how many heartbeats in a row the peer must miss to be taken for gone; from 1 to 100
     * @return the heartbeats
     * @throws IllegalArgumentException if the count cannot be
     */
    public HeartbeatConfig maxMissed(int count) {
        Ranges.require("maxMissed", count, 1, 100, "heartbeats");
        return new HeartbeatConfig(interval, timeout, count, maxPingsPerSecond);
    }

    /**
     * Returns these heartbeats with another limit on the peer's own pings. Ten seconds' worth of them may come at once.
     * One that comes along with a message, a request or a reply is not counted. When there are more, the peer is told
     * so where the protocol can ({@link ErrorCode#TOO_MANY_PINGS}), and the session closes with
     * {@link CloseReason.Kind#PROTOCOL}.
     *
     * @param count how many a second are taken in the long run; from 0 (no limit) to 1,000,000;
     *     {@link #DEFAULT_MAX_PINGS_PER_SECOND} by default
     * @return the heartbeats
     * @throws IllegalArgumentException if the count cannot be
     */
    public HeartbeatConfig maxPingsPerSecond(int count) {
        Ranges.require("maxPingsPerSecond", count, 0, 1_000_000, "pings a second");
        return new HeartbeatConfig(interval, timeout, maxMissed, count);
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

    /** {@return how many heartbeats in a row the peer must miss to be taken for gone} */
    public int maxMissed() {
        return maxMissed;
    }

    /** {@return how many pings a second are taken from the peer in the long run; 0 if any number} */
    public int maxPingsPerSecond() {
        return maxPingsPerSecond;
    }

    /** {@return whether heartbeats are sent} */
    public boolean isOn() {
        return !interval.isZero();
    }

    @Override
    public String toString() {
        String own = isOn() ? "every " + interval + ", timeout " + timeout + ", maxMissed " + maxMissed : "off";
        return own + ", maxPingsPerSecond " + maxPingsPerSecond;
    }
}
