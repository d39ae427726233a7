package io.millrace.benchmarks.run;

/**
 * The least throughput of all contestants of a point, once it is needed: from then on it stays, so that all rounds of
 * all trials have the same load.
 *
 * <p><b>Threading:</b> not thread-safe.
 */
final class SlowestRate {
    private double perSecond = Double.POSITIVE_INFINITY;
    private boolean isFixed;

    void offer(double candidate) {
        if (!isFixed) {
            perSecond = Math.min(perSecond, candidate);
        }
    }

    double fix() {
        isFixed = true;
        return perSecond;
    }
}
