package io.millrace.benchmarks.calls;

import io.millrace.benchmarks.child.Served;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * Loads both ends of a pair until their compilers are quiet. They share a processor with what they compile, so rounds
 * that begin earlier measure them, too.
 *
 * @param served the server, and the client as its load
 */
record WarmUp(Served served) {
    /** A compiler that uses less than this share of the time is quiet. */
    private static final double QUIET_SHARE = 0.02;

    /** It must be quiet in so many steps, one after the other. */
    private static final int QUIET_STEPS = 2;

    /** How many steps the first load has before anybody looks. */
    private static final int FIRST_STEPS = 2;

    /** Where it never is quiet this many times the first load is enough. */
    private static final int LONGEST_TIMES = 8;

    /** Loads for so long, and then on. */
    void run(int millis) throws IOException {
        long mostNanos = TimeUnit.MILLISECONDS.toNanos((long) LONGEST_TIMES * millis);
        String step = Integer.toString(Math.max(1, millis / FIRST_STEPS));
        long began = System.nanoTime();
        served.ask(Integer.toString(millis));
        int quiet = 0;
        while (quiet < QUIET_STEPS && System.nanoTime() - began < mostNanos) {
            long compiledBefore = compilerNanos();
            long stepBegan = System.nanoTime();
            served.ask(step);
            double share = (compilerNanos() - compiledBefore) / (double) (System.nanoTime() - stepBegan);
            quiet = share < QUIET_SHARE ? quiet + 1 : 0;
        }
    }

    private long compilerNanos() throws IOException {
        return served.server().compilerNanos() + served.load().compilerNanos();
    }
}
