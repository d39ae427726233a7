package io.millrace.core.internal;

import io.millrace.core.protocol.FrameKind;
import java.util.concurrent.TimeUnit;

/** Tells a peer that wants to know whether this side is there from one that keeps it busy. */
final class PingGuard {
    /*
     * Every ping costs a share of a second, and time pays for it; who owes more than ten seconds has sent too many. So
     * pings may come in bursts, and the long run counts. What comes with traffic costs no more than the traffic, so each
     * message, request or reply pays for one ping too. There is no credit: what is owed is never below nothing.
     *
     * Made for the first ping, for most sessions get none. Confined to the session's steps.
     */
    /** How long a peer may be in debt: a hundred pings by default, which no honest peer sends in one go. */
    private static final long MOST_OWED_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final long costNanos;
    private long lastNanos;
    private long owedNanos;

    /**
     * Makes the guard of one session.
     *
     * @param perSecond how many pings a second are all right for ever; at least 1
     * @param nowNanos the time
     */
    PingGuard(int perSecond, long nowNanos) {
        this.costNanos = TimeUnit.SECONDS.toNanos(1) / perSecond;
        this.lastNanos = nowNanos;
    }

    /** Notes a ping; returns whether it is one too many. */
    boolean isTooMany(long nowNanos) {
        owedNanos = Math.max(0, owedNanos - (nowNanos - lastNanos)) + costNanos;
        lastNanos = nowNanos;
        return owedNanos > MOST_OWED_NANOS;
    }

    /** Notes a frame; one of the application's pays for a ping. */
    void received(FrameKind kind) {
        if (kind == FrameKind.MESSAGE || kind == FrameKind.REQUEST || kind == FrameKind.REPLY) {
            owedNanos = Math.max(0, owedNanos - costNanos);
        }
    }
}
