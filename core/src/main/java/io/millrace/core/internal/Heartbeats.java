package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.HeartbeatConfig;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Makes sure, where there is nothing to say, that the peer is still there. */
final class Heartbeats {
    /*
     * With pings:       silence for an interval -> ping -> (any byte) -> silence ...
     *                                               +----> (timeout)  -> the peer is gone
     * With empty messages one goes out when nothing has for an interval, and the peer's are waited for an interval and
     * the timeout.
     *
     * A ping's token is the time when it was sent, so its answer tells the round trip. Confined to the session's steps.
     */
    /** Sends what shows the peer that this side is there. */
    @FunctionalInterface
    interface Sender {
        /** Queues a ping with this token, or an empty message; returns false if it could not. */
        boolean trySend(long token);
    }

    private final long intervalNanos;
    private final long timeoutNanos;
    private final boolean pings;
    private final Sender send;

    private boolean waiting;
    private long sentNanos;
    private long nextLookNanos;

    // Written by the steps; read by anyone.
    private volatile long roundTripNanos = -1;

    /** Makes the heartbeats of a session. */
    Heartbeats(HeartbeatConfig config, boolean pings, Sender send) {
        this.intervalNanos = config.interval().toNanos();
        this.timeoutNanos = config.timeout().toNanos();
        this.pings = pings;
        this.send = send;
    }

    /**
     * Sends what is due and judges what is overdue.
     *
     * @param excused whether the peer cannot be judged now
     * @return why the session has to close, or null: then {@link #nextLookNanos} says when to look again
     */
    @Nullable
    CloseReason check(long now, long readNanos, long writeNanos, boolean excused) {
        return pings ? checkPing(now, readNanos, excused) : checkEmpty(now, readNanos, writeNanos, excused);
    }

    private @Nullable CloseReason checkPing(long now, long readNanos, boolean excused) {
        if (excused) {
            waiting = false;
            nextLookNanos = now + intervalNanos;
            return null;
        }
        waiting = waiting && readNanos - sentNanos < 0;
        if (waiting && now - sentNanos >= timeoutNanos) {
            return gone("no byte came within", timeoutNanos, " of a ping");
        }
        if (!waiting && now - readNanos >= intervalNanos) {
            // A peer that was not asked owes no answer: the output may be shut down, or without room.
            waiting = send.trySend(now);
            sentNanos = now;
            nextLookNanos = now + (waiting ? timeoutNanos : intervalNanos);
        } else {
            nextLookNanos = waiting ? sentNanos + timeoutNanos : readNanos + intervalNanos;
        }
        return null;
    }

    private @Nullable CloseReason checkEmpty(long now, long readNanos, long writeNanos, boolean excused) {
        long patienceNanos = intervalNanos + timeoutNanos;
        if (!excused && now - readNanos >= patienceNanos) {
            return gone("nothing came for", patienceNanos, ", no heartbeat either");
        }
        long sent = writeNanos - sentNanos > 0 || !waiting ? writeNanos : sentNanos;
        if (now - sent >= intervalNanos) {
            waiting = true;
            sentNanos = now;
            sent = now;
            send.trySend(0);
        }
        long judge = (excused ? now : readNanos) + patienceNanos;
        long next = sent + intervalNanos;
        nextLookNanos = next - judge < 0 ? next : judge;
        return null;
    }

    private static CloseReason gone(String what, long nanos, String of) {
        return CloseReason.of(
                CloseReason.Kind.TIMEOUT,
                "the peer is gone: " + what + " " + Duration.ofNanos(nanos).toMillis() + " ms" + of);
    }

    /** Returns when to look again, by the clock that check was called with. */
    long nextLookNanos() {
        return nextLookNanos;
    }

    /** Notes that a ping has been answered. */
    void answered(long token, long now) {
        if (token == sentNanos && pings) {
            roundTripNanos = now - token;
        }
    }

    /** Returns how long the last answered ping took, in nanoseconds; -1 if none has been answered. */
    long roundTripNanos() {
        return roundTripNanos;
    }
}
