package io.millrace.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a {@link FaultProxy} does to the bytes of one direction. Each method returns toxics with one more; they
 * compose: {@code Toxics.none().latency(ofMillis(20)).slices(1, 7).resetAfter(1_000)}.
 *
 * <p>Threading: Immutable.
 */
public final class Toxics implements Cloneable {
    private static final Toxics NONE = new Toxics();
    private static final long UNLIMITED = Long.MAX_VALUE;

    // Written once before publication: by the method that returns the copy.
    private long latencyNanos;
    private long jitterNanos;
    private int leastSlice = Integer.MAX_VALUE;
    private int mostSlice = Integer.MAX_VALUE;
    private long pauseNanos;
    private long bytesPerSecond = UNLIMITED;
    private boolean blackHole;
    private long resetAfterBytes = UNLIMITED;
    private long limitBytes = UNLIMITED;
    private long slowCloseNanos;

    private Toxics() {}

    /**
     * Returns no toxics: everything passes as it comes.
     *
     * @return no toxics
     */
    public static Toxics none() {
        return NONE;
    }

    /**
     * Delays all that passes, the end of the stream too, and not what follows it: throughput suffers only when more
     * than {@link FaultProxy#BUFFERED_BYTES} are on their way.
     *
     * @param delay how long at least, from 0
     * @return these toxics and this one
     */
    public Toxics latency(Duration delay) {
        return with(copy -> copy.latencyNanos = nanos("latency", delay));
    }

    /**
     * Adds a random time to the latency of each piece that arrives. Order is kept.
     *
     * @param most the longest addition, from 0
     * @return these toxics and this one
     */
    public Toxics jitter(Duration most) {
        return with(copy -> copy.jitterNanos = nanos("jitter", most));
    }

    /**
     * Cuts the stream into slices of random sizes that are written one by one. Where the cuts are in the stream follows
     * from the seed alone.
     *
     * @param least the smallest slice in bytes, at least 1
     * @param most the largest slice in bytes, at least {@code least}
     * @return these toxics and this one
     */
    public Toxics slices(int least, int most) {
        return slices(least, most, Duration.ZERO);
    }

    /**
     * Cuts the stream into slices, as {@link #slices(int, int)} does, and pauses after each.
     *
     * @param least the smallest slice in bytes, at least 1
     * @param most the largest slice in bytes, at least {@code least}
     * @param pause how long to wait after a slice, from 0
     * @return these toxics and this one
     */
    public Toxics slices(int least, int most, Duration pause) {
        require(least >= 1 && most >= least, "slices", least + " to " + most, "1 or more, the least first");
        return with(copy -> {
            copy.leastSlice = least;
            copy.mostSlice = most;
            copy.pauseNanos = nanos("pause", pause);
        });
    }

    /**
     * Limits the rate.
     *
     * @param newBytesPerSecond at least 1
     * @return these toxics and this one
     */
    public Toxics bandwidth(long newBytesPerSecond) {
        require(newBytesPerSecond >= 1, "bandwidth", newBytesPerSecond, "at least 1 byte per second");
        return with(copy -> copy.bytesPerSecond = newBytesPerSecond);
    }

    /**
     * Swallows all bytes, which are lost for good, and holds the end of the stream back for as long as this toxic
     * stays.
     *
     * @return these toxics and this one
     */
    public Toxics blackHole() {
        return with(copy -> copy.blackHole = true);
    }

    /**
     * Resets both ends of a connection as soon as so many of its bytes have passed in this direction.
     *
     * @param bytes how many since the connection began, from 0: then it is reset at once
     * @return these toxics and this one
     */
    public Toxics resetAfter(long bytes) {
        require(bytes >= 0, "resetAfter", bytes, "at least 0 bytes");
        return with(copy -> copy.resetAfterBytes = bytes);
    }

    /**
     * Ends both directions of a connection in good order once so many of its bytes have passed in this direction; what
     * follows is swallowed.
     *
     * @param bytes how many since the connection began, from 0
     * @return these toxics and this one
     */
    public Toxics limit(long bytes) {
        require(bytes >= 0, "limit", bytes, "at least 0 bytes");
        return with(copy -> copy.limitBytes = bytes);
    }

    /**
     * Delays the end of the stream.
     *
     * @param delay how long, from 0
     * @return these toxics and this one
     */
    public Toxics slowClose(Duration delay) {
        return with(copy -> copy.slowCloseNanos = nanos("slowClose", delay));
    }

    private Toxics with(Consumer<Toxics> change) {
        try {
            Toxics copy = (Toxics) clone();
            change.accept(copy);
            return copy;
        } catch (CloneNotSupportedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static long nanos(String toxic, Duration time) {
        require(!time.isNegative() && time.compareTo(Duration.ofDays(1)) <= 0, toxic, time, "from 0 to 1 day");
        return time.toNanos();
    }

    private static void require(boolean valid, String toxic, Object value, String allowed) {
        if (!valid) {
            throw new IllegalArgumentException(toxic + " is " + value + "; it must be " + allowed);
        }
    }

    long latencyNanos() {
        return latencyNanos;
    }

    long jitterNanos() {
        return jitterNanos;
    }

    boolean isSlicing() {
        return mostSlice < Integer.MAX_VALUE;
    }

    int leastSlice() {
        return leastSlice;
    }

    int mostSlice() {
        return mostSlice;
    }

    long pauseNanos() {
        return pauseNanos;
    }

    boolean hasBandwidth() {
        return bytesPerSecond < UNLIMITED;
    }

    long bytesPerSecond() {
        return bytesPerSecond;
    }

    boolean isBlackHole() {
        return blackHole;
    }

    long resetAfterBytes() {
        return resetAfterBytes;
    }

    long limitBytes() {
        return limitBytes;
    }

    long slowCloseNanos() {
        return slowCloseNanos;
    }

    @Override
    public String toString() {
        List<String> shown = new ArrayList<>();
        if (latencyNanos > 0) {
            shown.add("latency=" + Duration.ofNanos(latencyNanos));
        }
        if (jitterNanos > 0) {
            shown.add("jitter=" + Duration.ofNanos(jitterNanos));
        }
        if (isSlicing()) {
            shown.add("slices=" + leastSlice + ".." + mostSlice + " pause=" + Duration.ofNanos(pauseNanos));
        }
        if (hasBandwidth()) {
            shown.add("bandwidth=" + bytesPerSecond);
        }
        if (blackHole) {
            shown.add("blackHole");
        }
        if (resetAfterBytes < UNLIMITED) {
            shown.add("resetAfter=" + resetAfterBytes);
        }
        if (limitBytes < UNLIMITED) {
            shown.add("limit=" + limitBytes);
        }
        if (slowCloseNanos > 0) {
            shown.add("slowClose=" + Duration.ofNanos(slowCloseNanos));
        }
        return shown.toString();
    }
}
