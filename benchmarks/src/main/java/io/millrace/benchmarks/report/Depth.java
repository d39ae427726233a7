package io.millrace.benchmarks.report;

import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.finding.Peer;
import io.millrace.benchmarks.lineup.Contestants;
import io.millrace.benchmarks.run.RunPlan;
import java.util.Set;

/**
 * How much of a plan each part of the page takes: all of it for whoever a goal is judged by, less for the others, so
 * that everything is measured in little more than an hour. The page says so in the same words.
 */
final class Depth {
    /** Nobody is judged by these: one trial tells where they are. */
    private static final Set<String> ONCE = Set.of(
            "millrace-ready-reads",
            "smart-socket",
            "t-io",
            "mina",
            "selector-bare",
            "millrace-reply",
            "millrace-future",
            "millrace-framed");

    private Depth() {}

    /** Returns the plan of a part. */
    static RunPlan of(Part part, RunPlan plan) {
        return switch (part) {
            case ECHO, PROXY, CHURN, CALLS -> plan.withOnce(ONCE);
            case LATENCY ->
                plan.withTrialsUpTo(1)
                        .withContestants(Set.of(
                                Peer.MILLRACE, Peer.BARE_LOOP.name(), "netty-nio", "netty-epoll", "smart-socket"));
            case CURVES ->
                plan.withTrialsUpTo(1)
                        .withContestants(Set.of(Peer.MILLRACE, Peer.BARE_LOOP.name(), fastestNetty(), "smart-socket"));
            case GARBAGE -> plan.withTrialsUpTo(1).withContestants(Set.of(Peer.MILLRACE, Peer.BARE_LOOP.name()));
            case BROADCAST, IDLE, FIRST_ECHO -> plan;
            // A turn is a million requests, so a round of 20 tests takes minutes.
            case REDIS -> plan.withRoundsUpTo(1);
        };
    }

    /** Returns the transport that is fastest as a rule, where it can run. */
    private static String fastestNetty() {
        boolean isPossible =
                Contestants.find(Role.ECHO, "netty-epoll").unavailable().isEmpty();
        return isPossible ? "netty-epoll" : "netty-nio";
    }
}
