package io.millrace.server.internal;

import io.millrace.core.engine.IoRuntime;
import java.util.concurrent.TimeUnit;

/**
 * Waits until nobody is left in front of the door who has connected already.
 *
 * <p>Threading: for one thread that may wait.
 */
final class LastCall {
    /*
     * The system completes connections without us and keeps them until they are accepted. Closing the listening
     * channel resets those, and what their clients have written on them is lost: the clients cannot know that nobody
     * has read it. So whoever has connected is let in first, and is told of the draining later, like all others. None
     * is told before, because their clients would connect again.
     *
     * How many wait cannot be asked. But an accept that can complete does so in the group's next rounds: once its
     * threads have come round a few times, and none has completed meanwhile, nobody waited when that began. Where
     * somebody did, more are likely to come, and the machine is likely to be busy: then it is looked at for longer.
     *
     * Who connects in the very last moment is still reset: the system has no way to close the door without that. And
     * the wait is bounded, for streams of clients that never end, and for threads that handlers hold. An end that is
     * due, as that of closeNow() is, ends it at once.
     */
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(15);
    private static final long QUIET_AFTER_ARRIVALS_NANOS = TimeUnit.MILLISECONDS.toNanos(60);
    private static final long MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(800);

    private final Admission admission;
    private final IoRuntime runtime;
    private final long startNanos = System.nanoTime();
    private final long acceptedBefore;

    LastCall(Admission admission, IoRuntime runtime) {
        this.admission = admission;
        this.runtime = runtime;
        this.acceptedBefore = admission.accepted();
    }

    void await() {
        Calm calm = new Calm(acceptedBefore);
        calm.run();
        while (!admission.sessions().awaitDue(TICK_NANOS) && System.nanoTime() - startNanos < MOST_NANOS) {
            if (calm.isBroken()) {
                calm = new Calm(admission.accepted());
                calm.run();
            } else if (calm.isLongEnough() && !admission.isAsking()) {
                return;
            }
        }
    }

    /** A time in which nobody is accepted, and the group's threads come round again and again. */
    private final class Calm implements Runnable {
        private static final int ROUNDS = 3;

        private final long sinceNanos = System.nanoTime();
        private final long accepted;

        // Written by the group's threads, one after the other.
        private volatile int begun;

        Calm(long accepted) {
            this.accepted = accepted;
        }

        @Override
        public void run() {
            int round = begun + 1;
            begun = round;
            if (round <= ROUNDS && !isBroken()) {
                runtime.execute(this);
            }
        }

        boolean isBroken() {
            return admission.accepted() != accepted;
        }

        boolean isLongEnough() {
            long leastNanos = accepted == acceptedBefore ? QUIET_NANOS : QUIET_AFTER_ARRIVALS_NANOS;
            return begun > ROUNDS && System.nanoTime() - sinceNanos >= leastNanos;
        }
    }
}
