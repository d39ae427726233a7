package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.child.Child;
import io.millrace.benchmarks.child.Cpu;
import io.millrace.benchmarks.child.Served;
import io.millrace.benchmarks.child.Served.Serving;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.load.EchoPoint;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Entrants;
import io.millrace.benchmarks.run.LoadedServer;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import java.io.IOException;
import java.util.List;

/**
 * There and back through one process: load, proxy, echo. The proxy has a processor for itself; the load and the echo,
 * always the bare one, share the other.
 */
public final class ProxyScenario implements Scenario {
    /** What is measured if nothing else is asked for. */
    public static final List<String> POINTS = List.of("64x32x64");

    private static final String BACKEND = "nio2-bare";

    /** A proxy has two connections for each of the load's. */
    private static final int SIDES = 2;

    @Override
    public String name() {
        return "proxy";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        Entrants entrants = Entrants.of(name(), Role.PROXY, plan);
        return entrants.measure(
                plan.pointsOr(POINTS).stream()
                        .map(EchoPoint::parse)
                        .map(point -> entrants.comparison(
                                point.toString(), SIDES * point.connections(), contestant -> open(contestant, point)))
                        .toList(),
                progress);
    }

    private static LoadedServer open(String contestant, EchoPoint point) throws IOException {
        Child backend = Served.server(Serving.of(Role.ECHO, point.bytes()), Cpu.LOAD, BACKEND);
        try {
            Serving proxy = Serving.of(Role.PROXY, point.bytes()).to(backend.answer());
            List<String> load = List.of("load", "--point", point.toString());
            return new LoadedServer(Served.start(proxy, contestant, load), List.of(backend));
        } catch (IOException e) {
            backend.close();
            throw e;
        }
    }
}
