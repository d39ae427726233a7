package io.millrace.benchmarks.report;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.finding.Peer;
import io.millrace.benchmarks.lineup.Contestants;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.EchoScenario;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Echo while the number of connections, of messages in flight, or of bytes grows, for few contestants. */
final class CurvesScenario implements Scenario {
    /** Those of every {@link Sweep}. */
    static final List<String> POINTS = List.of(
            "1x1x64",
            "10x1x64",
            "100x1x64",
            "1000x1x64",
            "5000x1x64",
            "15000x1x64",
            "64x1x64",
            "64x4x64",
            "64x16x64",
            "64x32x64",
            "64x64x64",
            "64x128x64",
            "16x1x16",
            "16x1x256",
            "16x1x4096",
            "16x1x65536",
            "16x1x1048576");

    /** Netty's transports, from the one that is fastest as a rule. */
    private static final List<String> NETTY = List.of("netty-epoll", "netty-nio");

    @Override
    public String name() {
        return "curves";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws Exception {
        RunPlan own = plan.withPoints(plan.pointsOr(POINTS)).withContestants(contestants(plan));
        return new EchoScenario()
                .measure(own, progress).stream()
                        .map(point -> new PointResult(name(), point.point(), point.series(), point.absent()))
                        .toList();
    }

    private static Set<String> contestants(RunPlan plan) {
        if (!plan.contestants().isEmpty()) {
            return plan.contestants();
        }
        List<String> available = Contestants.in(Role.ECHO).stream()
                .filter(contestant -> contestant.unavailable().isEmpty())
                .map(Contestant::name)
                .toList();
        Stream<String> netty = NETTY.stream().filter(available::contains).limit(1);
        return Stream.concat(Stream.of(Peer.MILLRACE, Peer.BARE_LOOP.name()), netty)
                .collect(Collectors.toSet());
    }
}
