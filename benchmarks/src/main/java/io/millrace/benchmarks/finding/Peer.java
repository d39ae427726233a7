package io.millrace.benchmarks.finding;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import java.util.Comparator;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Whom a contestant is compared with: one by name, or the best of several, which may be another at each point.
 *
 * @param name as templates write it
 * @param isCandidate whether a contestant can be it
 */
public record Peer(String name, Predicate<String> isCandidate) {
    /** Millrace with everything at its default. */
    public static final String MILLRACE = "millrace";

    /** The fastest of Netty's transports, used as Netty's documentation shows. */
    public static final Peer BEST_NETTY =
            new Peer("best-netty", contestant -> contestant.startsWith("netty") && !contestant.endsWith("-lean"));

    /** The fastest of Netty's transports where frames are taken apart in place, without the decoders of Netty. */
    public static final Peer BEST_LEAN_NETTY = new Peer("best-lean-netty", contestant -> contestant.endsWith("-lean"));

    /** The fastest framework that is not Millrace. */
    public static final Peer BEST_FRAMEWORK = new Peer("best-peer", PointResult::isPeer);

    /** What Millrace's engine can do at best: a loop over it that only echoes. */
    public static final Peer BARE_LOOP = named("nio2-bare");

    /** Reads a name of a template: a contestant's, or one of those above. */
    public static Peer named(String name) {
        return switch (name) {
            case "best-netty" -> BEST_NETTY;
            case "best-lean-netty" -> BEST_LEAN_NETTY;
            case "best-peer" -> BEST_FRAMEWORK;
            default -> new Peer(name, name::equals);
        };
    }

    /** Returns who it is at a point, by the median of a figure. */
    public Optional<String> in(PointResult point, Figure figure) {
        Comparator<String> byMedian = Comparator.comparingDouble(
                contestant -> point.median(contestant, figure).orElseThrow());
        return point.contestants().stream()
                .filter(isCandidate)
                .filter(contestant -> point.median(contestant, figure).isPresent())
                .min(figure.isBetterLow() ? byMedian : byMedian.reversed());
    }
}
