package io.millrace.samples.ladder;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Measures rung after rung, each under every load, and all of that in several rounds: a slow minute of the machine falls
 * on one round of a few rungs, and the median does without it.
 *
 * <p>Threading: one thread climbs; the others may ask how far it has come.
 */
public final class Ladder {
    /** Enough that every rung's code is compiled. */
    private static final int WARM_CONNECTIONS = 64;

    /** After a change of load, this part of the measured time passes first. */
    private static final int SETTLING_PART = 5;

    private static final int SLICES = 5;

    // Places in what the children answer.
    private static final int COUNT = 0;
    private static final int CPU_NANOS = 1;
    private static final int TIME = 2;

    private final List<Rung> rungs;
    private final List<Integer> connections;
    private final int rounds;
    private final long nanos;
    private final List<Measurement> measurements = new ArrayList<>();
    private volatile int done;
    private volatile String note = "starting";

    /**
     * Makes a run.
     *
     * @param rungs in their order
     * @param connections of each load
     * @param seconds that each load is measured for in a round
     * @param rounds how often all rungs are climbed
     */
    public Ladder(List<Rung> rungs, List<Integer> connections, double seconds, int rounds) {
        this.rungs = List.copyOf(rungs);
        this.connections = List.copyOf(connections);
        this.rounds = rounds;
        nanos = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    }

    /** Returns how many loads there are in all. */
    public int total() {
        return rounds * rungs.size() * connections.size();
    }

    /** Returns how many loads have been measured. */
    public int done() {
        return done;
    }

    /** Returns what is being done, in a few words. */
    public String note() {
        return note;
    }

    /** Measures everything. */
    public List<Measurement> climb() throws IOException, InterruptedException {
        try (ChildProcess load = ChildProcess.start(Processors.LOAD, LoadChild.class)) {
            for (int round = 0; round < rounds; round++) {
                List<Rung> order = new ArrayList<>(rungs);
                if (round % 2 == 1) {
                    Collections.reverse(order); // nobody is always next to the same neighbour in time
                }
                for (Rung rung : order) {
                    measure(rung, load);
                }
            }
        }
        return List.copyOf(measurements);
    }

    /** Measures a rung in a fresh JVM, under every load. */
    private void measure(Rung rung, ChildProcess load) throws IOException, InterruptedException {
        note = rung + ", warming up";
        try (ChildProcess server = ChildProcess.start(Processors.SERVER, ServerChild.class, rung.name())) {
            connect(load, server, WARM_CONNECTIONS, nanos);
            for (int count : connections) {
                note = rung + ", " + LadderReport.words(count);
                connect(load, server, count, nanos / SETTLING_PART);
                measurements.add(measure(rung, count, server, load));
                done = measurements.size();
            }
        }
    }

    /** Puts a load on a server in place of the one before, and lets it run for a time. */
    private static void connect(ChildProcess load, ChildProcess server, int count, long time)
            throws IOException, InterruptedException {
        load.ask("connect " + server.greeting() + " " + count);
        TimeUnit.NANOSECONDS.sleep(time);
    }

    private Measurement measure(Rung rung, int count, ChildProcess server, ChildProcess load)
            throws IOException, InterruptedException {
        long[] loadBefore = load.ask("figures");
        long[] serverBefore = server.ask("figures");
        long[] loadNow = loadBefore;
        for (int slice = 0; slice < SLICES; slice++) {
            TimeUnit.NANOSECONDS.sleep(nanos / SLICES);
            loadNow = load.ask("figures");
            note = String.format(
                    Locale.ROOT,
                    "%s, %s: %,.0f messages/s",
                    rung,
                    LadderReport.words(count),
                    perSecond(COUNT, loadBefore, loadNow));
        }
        long[] serverNow = server.ask("figures");
        double messages = Math.max(1, perSecond(COUNT, loadBefore, loadNow));
        return new Measurement(
                rung,
                count,
                messages,
                perSecond(CPU_NANOS, serverBefore, serverNow) / 1e3 / messages,
                (int) serverNow[COUNT],
                perSecond(CPU_NANOS, loadBefore, loadNow) / 1e9,
                (int) load.ask("silent")[0]);
    }

    /** By the child's own clock: a busy one may be late with its answer. */
    private static double perSecond(int figure, long[] before, long[] now) {
        return (now[figure] - before[figure]) * 1e9 / (now[TIME] - before[TIME]);
    }
}
