package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.RoundTrip;
import io.millrace.core.protocol.Heartbeat;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Makes sure, where there is nothing to say, that the peer is still there. */
final class Heartbeats {
    /*
     * With pings:       silence for an interval -> ping -> (any byte) -> silence ...
     *                                          ^    +----> (timeout)  -> missed -> the peer is gone
     *                                          +---------------------------+  if not too often in a row
     * With empty messages one goes out when nothing has for an interval, and the peer's are waited for an interval and
     * then the timeout, as often as one may be missed. Where only the client sends them, the client judges nobody.
     *
     * A ping's token is the time when it was sent, so its answer tells the round trip. Confined to the session's steps.
     *
     * A ping may wait behind a large message that the peer reads slowly. Such a peer is alive, and cannot answer what it
     * does not have. So as long as what is in front of the ping goes on leaving, the time to answer begins anew at each
     * look, and once more when all of that has left. A peer that takes nothing for a whole timeout is not excused.
     */
    /** Sends what shows the peer that this side is there. */
    interface Sender {
        /** Queues a ping with this token, or an empty message; returns false if it could not. */
        boolean trySend(long token);

        /** Returns how much is queued and not written. */
        long queuedBytes();

        /** Returns how much has been written. */
        long writtenBytes();
    }

    /** A new round trip counts for one in so many: RFC 6298, alpha. */
    private static final int SMOOTHING = 8;

    private static final long NOTHING_AHEAD = -1;

    private final long intervalNanos;
    private final long timeoutNanos;
    private final int maxMissed;
    private final boolean pings;
    private final boolean judges;
    private final Sender send;

    private boolean waiting;
    private boolean answerDue;
    private long sentNanos;
    private long askedNanos;
    private long aheadUntilBytes = NOTHING_AHEAD;
    private long writtenBytes;
    private long nextLookNanos;

    // Written by the steps; read by anyone.
    private volatile int missed;

    // Guarded by this.
    private long lastTripNanos = -1;
    private long smoothedTripNanos;
    private long minTripNanos;

    private Heartbeats(SessionSetup setup, Sender send) {
        HeartbeatConfig config = setup.config().heartbeat();
        this.intervalNanos = config.interval().toNanos();
        this.timeoutNanos = config.timeout().toNanos();
        this.maxMissed = config.maxMissed();
        this.pings = setup.protocol().heartbeat() == Heartbeat.PING;
        this.judges = setup.judgesSilence();
        this.send = send;
    }

    /** Makes the heartbeats of a session; null if they are off. */
    static @Nullable Heartbeats of(SessionSetup setup, Sender send) {
        return setup.config().heartbeat().isOn() ? new Heartbeats(setup, send) : null;
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
        waiting = waiting && !excused && readNanos - sentNanos < 0;
        if (waiting && now - askedNanos >= timeoutNanos && isHeldUp()) {
            askedNanos = now;
        }
        boolean overdue = waiting && now - askedNanos >= timeoutNanos;
        noteMissed(waiting ? missed + (overdue ? 1 : 0) : 0);
        if (missed >= maxMissed) {
            String of = maxMissed == 1 ? " of a ping" : " of any of " + maxMissed + " pings in a row";
            return gone("no byte came within", timeoutNanos, of);
        }
        if (excused) {
            nextLookNanos = now + intervalNanos;
        } else if (overdue || (!waiting && now - readNanos >= intervalNanos)) {
            // A peer that was not asked owes no answer: the output may be shut down, or without room.
            ping(now);
            nextLookNanos = now + (waiting ? timeoutNanos : intervalNanos);
        } else {
            nextLookNanos = waiting ? askedNanos + timeoutNanos : readNanos + intervalNanos;
        }
        return null;
    }

    private void ping(long now) {
        // In this order: what leaves in between counts twice, which excuses the peer a little longer at most.
        long queuedBytes = send.queuedBytes();
        writtenBytes = send.writtenBytes();
        aheadUntilBytes = queuedBytes == 0 ? NOTHING_AHEAD : writtenBytes + queuedBytes;
        waiting = send.trySend(now);
        answerDue = waiting;
        sentNanos = now;
        askedNanos = now;
    }

    /** Returns whether the ping had something in front of it at the last look, of which the peer has taken some since. */
    private boolean isHeldUp() {
        if (aheadUntilBytes == NOTHING_AHEAD) {
            return false;
        }
        long before = writtenBytes;
        writtenBytes = send.writtenBytes();
        if (writtenBytes >= aheadUntilBytes) {
            aheadUntilBytes = NOTHING_AHEAD;
        }
        return writtenBytes > before;
    }

    private @Nullable CloseReason checkEmpty(long now, long readNanos, long writeNanos, boolean excused) {
        long heardNanos = excused || !judges ? now : readNanos;
        long overdueNanos = now - heardNanos - intervalNanos;
        noteMissed(overdueNanos < 0 ? 0 : (int) Math.min(overdueNanos / timeoutNanos, maxMissed));
        if (missed >= maxMissed) {
            String of = maxMissed == 1 ? ", no heartbeat either" : ", none of " + maxMissed + " heartbeats either";
            return gone("nothing came for", intervalNanos + maxMissed * timeoutNanos, of);
        }
        long sent = writeNanos - sentNanos > 0 || !waiting ? writeNanos : sentNanos;
        if (now - sent >= intervalNanos) {
            waiting = true;
            sentNanos = now;
            sent = now;
            send.trySend(0);
        }
        long judge = heardNanos + intervalNanos + (missed + 1) * timeoutNanos;
        long next = sent + intervalNanos;
        nextLookNanos = next - judge < 0 ? next : judge;
        return null;
    }

    /** Notes that something has been received, whatever it is. */
    void received() {
        noteMissed(0);
    }

    private void noteMissed(int count) {
        if (missed != count) {
            missed = count;
        }
    }

    /** Returns how many heartbeats in a row the peer has missed up to now. */
    int missed() {
        return missed;
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
        if (token != sentNanos || !answerDue) {
            return;
        }
        answerDue = false;
        long nanos = now - token;
        synchronized (this) {
            boolean first = lastTripNanos < 0;
            lastTripNanos = nanos;
            smoothedTripNanos = first ? nanos : smoothedTripNanos + (nanos - smoothedTripNanos) / SMOOTHING;
            minTripNanos = first ? nanos : Math.min(minTripNanos, nanos);
        }
    }

    /** Returns how long pings took, or null if none has been answered. */
    synchronized @Nullable RoundTrip roundTrip() {
        return lastTripNanos < 0
                ? null
                : new RoundTrip(
                        Duration.ofNanos(lastTripNanos),
                        Duration.ofNanos(smoothedTripNanos),
                        Duration.ofNanos(minTripNanos));
    }
}
