package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.RoundTrip;
import io.millrace.core.SessionConfig;
import io.millrace.core.engine.Deadlines;
import io.millrace.core.engine.Deadlines.Deadline;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The deadlines of one session for what its peer sends, and for silence. */
final class SessionTimer extends Deadline {
    /*
     * Traffic only notes when it happened. The timer is armed for the earliest deadline, and when it passes looks at
     * what has happened since: mostly something has, and it is armed again for when that will be old. So a busy session
     * touches the timer once per timeout, not once per read.
     *
     * Confined to the session's steps, but for expired(), which only signals.
     */
    private static final long NEVER = Long.MAX_VALUE;
    private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final SessionConfig config;
    private final Deadlines deadlines;
    private final Runnable due;
    private final @Nullable Heartbeats heartbeats;

    // Confined to the session's steps.
    private final long oldNanos;
    private long openedNanos;
    private long readNanos;
    private long frameNanos;
    private long framesBefore = -1;
    private boolean suspended;
    private long stoppedNanos;
    private boolean pausedMeanwhile;
    private boolean atWork;
    private long armedForNanos = NEVER;

    /** Makes a timer for a session that has just opened; due is run on the timer thread, and must only signal. */
    SessionTimer(SessionConfig config, Deadlines deadlines, @Nullable Heartbeats heartbeats, Runnable due) {
        this.config = config;
        this.deadlines = deadlines;
        this.due = due;
        this.heartbeats = heartbeats;
        this.openedNanos = deadlines.nanoTime();
        this.readNanos = openedNanos;
        this.oldNanos = openedNanos + jittered(config.maxAge().toNanos());
    }

    /** Returns whether a session needs a timer from its start, and not only when a frame is cut. */
    static boolean isNeeded(SessionConfig config) {
        return watchesSilence(config)
                || !config.firstFrameTimeout().isZero()
                || !config.maxAge().isZero();
    }

    private static boolean watchesSilence(SessionConfig config) {
        return !config.idleTimeout().isZero()
                || !config.readIdleTimeout().isZero()
                || !config.writeIdleTimeout().isZero()
                || config.heartbeat().isOn();
    }

    /** Returns up to a tenth more or less, so that sessions that came together do not leave together. */
    private static long jittered(long nanos) {
        return nanos - nanos / 10 + ThreadLocalRandom.current().nextLong(1 + nanos / 5);
    }

    /** Returns whether the session has lived long enough; otherwise the timer is armed for when it will have. */
    boolean isTooOld() {
        if (config.maxAge().isZero()) {
            return false;
        }
        boolean old = deadlines.nanoTime() - oldNanos >= 0;
        if (!old) {
            armAt(oldNanos);
        }
        return old;
    }

    /** Notes that bytes have been received. */
    void received() {
        if (watchesSilence(config)) {
            readNanos = deadlines.nanoTime();
        }
        if (heartbeats != null) {
            heartbeats.received();
        }
    }

    /** Notes that a part of a frame has been received, after so many whole ones. */
    void frameBegun(long wholeFrames) {
        if (framesBefore != wholeFrames && !config.frameTimeout().isZero()) {
            framesBefore = wholeFrames;
            frameNanos = deadlines.nanoTime();
            armAt(frameNanos + config.frameTimeout().toNanos());
        }
    }

    /**
     * Notes what the peer cannot be blamed for. When that is over it has all its time again; but for a frame that only
     * had to wait for the executor, which gets back the time it waited: a peer could make it wait again and again.
     *
     * @param stopped this side does not read
     * @param paused this side has chosen not to take anything
     * @param working the application is at work elsewhere, so that the peer may be waiting for an answer
     */
    void excuse(boolean stopped, boolean paused, boolean working) {
        if ((suspended || atWork) && !stopped && !working) {
            readNanos = deadlines.nanoTime();
        }
        if (!suspended && stopped) {
            stoppedNanos = deadlines.nanoTime();
            pausedMeanwhile = false;
        } else if (suspended && !stopped) {
            readAgain(deadlines.nanoTime());
        }
        pausedMeanwhile |= paused;
        suspended = stopped;
        atWork = working;
    }

    private void readAgain(long now) {
        frameNanos = pausedMeanwhile ? now : frameNanos + (now - stoppedNanos);
        openedNanos = pausedMeanwhile ? now : openedNanos + (now - stoppedNanos);
        // Nothing was armed for what is not judged.
        armUnlessOff(frameNanos, config.frameTimeout());
        armUnlessOff(openedNanos, config.firstFrameTimeout());
    }

    private void armUnlessOff(long since, Duration timeout) {
        if (!timeout.isZero()) {
            armAt(since + timeout.toNanos());
        }
    }

    /**
     * Looks what is overdue, and arms the timer for what is not.
     *
     * @param lastWriteNanos when bytes were last written, or the session opened
     * @param wholeFrames how many whole frames have been received
     * @param insideFrame whether a part of the next one has been received
     * @param inputEnded whether the peer has finished, so that it cannot show that it is there
     * @return why the session has to close, or null
     */
    @Nullable
    CloseReason check(long lastWriteNanos, long wholeFrames, boolean insideFrame, boolean inputEnded) {
        long now = deadlines.nanoTime();
        boolean late = armedForNanos != NEVER && now - armedForNanos > LATE_NANOS;
        armedForNanos = NEVER;
        if (late) {
            // This process was stopped, or the machine slept: what came meanwhile is read first.
            armAt(now + GRACE_NANOS);
            return null;
        }
        long read = suspended || atWork ? now : readNanos;
        CloseReason reason = null;
        if (wholeFrames == 0 && !suspended) {
            reason = overdue(now, openedNanos, config.firstFrameTimeout(), "no whole frame has come", reason);
        }
        if (insideFrame && wholeFrames == framesBefore && !suspended) {
            reason = overdue(now, frameNanos, config.frameTimeout(), "a frame is not complete", reason);
        }
        if (!inputEnded) {
            reason = overdue(now, read, config.readIdleTimeout(), "nothing was received", reason);
        }
        reason = overdue(now, lastWriteNanos, config.writeIdleTimeout(), "nothing was sent", reason);
        long active = read - lastWriteNanos > 0 ? read : lastWriteNanos;
        reason = overdue(now, active, config.idleTimeout(), "nothing was received or sent", reason);
        boolean excused = suspended || inputEnded;
        return reason != null || heartbeats == null ? reason : beat(heartbeats, now, lastWriteNanos, excused);
    }

    private @Nullable CloseReason beat(Heartbeats beats, long now, long lastWriteNanos, boolean excused) {
        CloseReason gone = beats.check(now, readNanos, lastWriteNanos, excused);
        if (gone == null) {
            armAt(beats.nextLookNanos());
        }
        return gone;
    }

    /** Returns the first reason, if there is one already or this deadline has passed; arms the timer if not. */
    private @Nullable CloseReason overdue(
            long now, long since, Duration timeout, String what, @Nullable CloseReason already) {
        if (already != null || timeout.isZero()) {
            return already;
        }
        long at = since + timeout.toNanos();
        if (now - at < 0) {
            armAt(at);
            return null;
        }
        CloseReason.Kind kind = what.startsWith("nothing") ? CloseReason.Kind.IDLE : CloseReason.Kind.TIMEOUT;
        return CloseReason.of(kind, what + " for " + timeout.toMillis() + " ms");
    }

    private void armAt(long nanos) {
        if (armedForNanos == NEVER || nanos - armedForNanos < 0) {
            armedForNanos = nanos;
            deadlines.arm(this, nanos - deadlines.nanoTime());
        }
    }

    /** Notes that a ping has been answered. */
    void pong(long token) {
        if (heartbeats != null) {
            heartbeats.answered(token, deadlines.nanoTime());
        }
    }

    /** Returns how long pings took, or null if none has been answered. */
    @Nullable
    RoundTrip roundTrip() {
        return heartbeats == null ? null : heartbeats.roundTrip();
    }

    /** Returns how many heartbeats in a row the peer has missed up to now. */
    int missedHeartbeats() {
        return heartbeats == null ? 0 : heartbeats.missed();
    }

    /** Returns whether it has nothing to watch any more. */
    boolean isIdle() {
        return armedForNanos == NEVER;
    }

    void cancel() {
        deadlines.cancel(this);
    }

    @Override
    protected void expired() {
        due.run();
    }
}
