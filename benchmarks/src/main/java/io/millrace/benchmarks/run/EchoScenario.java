package io.millrace.benchmarks.run;

import io.millrace.benchmarks.child.Served;
import io.millrace.benchmarks.child.Served.Serving;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.load.EchoPoint;
import io.millrace.benchmarks.result.PointResult;
import java.io.IOException;
import java.util.List;

/** Echo of frames, with a number of messages always in flight on every connection. */
public final class EchoScenario implements Scenario {
    /** What is published: latency, many connections, batches, large messages. */
    public static final List<String> POINTS = List.of(
            "1x1x64", "64x1x64", "1000x1x64", "10000x1x64", "64x32x64", "64x128x64", "16x4x65536", "4x1x1048576");

    @Override
    public String name() {
        return "echo";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        Entrants entrants = Entrants.of(name(), Role.ECHO, plan);
        return entrants.measure(
                plan.pointsOr(POINTS).stream()
                        .map(EchoPoint::parse)
                        .map(point -> entrants.comparison(
                                point.toString(), point.connections(), contestant -> open(contestant, point)))
                        .toList(),
                progress);
    }

    static LoadedServer open(String contestant, EchoPoint point) throws IOException {
        return new LoadedServer(Served.start(
                Serving.of(Role.ECHO, point.bytes()), contestant, List.of("load", "--point", point.toString())));
    }
}
