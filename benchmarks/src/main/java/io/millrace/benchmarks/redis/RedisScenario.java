package io.millrace.benchmarks.redis;

import io.millrace.benchmarks.child.JvmOptions;
import io.millrace.benchmarks.child.ProcessFigures;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.Entrants;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import io.millrace.benchmarks.run.SideBySide.Comparison;
import io.millrace.benchmarks.run.Subject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * The sample {@code resp-server} with one I/O thread beside Redis without persistence, both under redis-benchmark. Test
 * by test the two take turns. Where Redis or the samples are missing it fails, and says where they come from.
 */
public final class RedisScenario implements Scenario {
    private static final String MILLRACE = "millrace";
    private static final String REDIS = "redis";
    private static final int CONNECTIONS = 50;

    /** A turn of the standard length has a million requests. */
    private static final int REQUESTS_PER_MILLI = 2_000;

    /** Before the first turn each test has this part of them. */
    private static final int WARM_PART = 5;

    /** Looks for the programs. */
    @FunctionalInterface
    interface Finder {
        /** Throws if one is missing. */
        RedisTools find() throws IOException;
    }

    private final int requestsPerMilli;
    private final Finder finder;

    /** Makes the scenario with a million requests in a turn of the standard length. */
    public RedisScenario() {
        this(REQUESTS_PER_MILLI, RedisTools::find);
    }

    RedisScenario(int requestsPerMilli, Finder finder) {
        this.requestsPerMilli = requestsPerMilli;
        this.finder = finder;
    }

    @Override
    public String name() {
        return "redis";
    }

    @Override
    public Map<String, String> versions() {
        try {
            return Map.of(REDIS, finder.find().version());
        } catch (IOException missing) {
            return Map.of(); // the measurement says so
        }
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        RedisTools tools = finder.find();
        List<String> points = plan.pointsOr(RedisPoint.all());
        long requests = (long) requestsPerMilli * plan.roundMillis();
        Map<String, String> both = new LinkedHashMap<>();
        both.put(MILLRACE, "");
        both.put(REDIS, "");
        Entrants entrants = Entrants.of(name(), both, plan);
        return entrants.measure(
                List.of(new Comparison(
                        points,
                        CONNECTIONS,
                        entrants.contestants(),
                        contestant -> new Loaded(start(contestant, tools), tools.benchmark(), points, requests))),
                progress);
    }

    private static ServerProcess start(String contestant, RedisTools tools) throws IOException {
        IntFunction<List<String>> redis =
                port -> List.of(tools.server().toString(), "--port", "" + port, "--save", "", "--appendonly", "no");
        IntFunction<List<String>> millrace = port -> {
            List<String> words = new ArrayList<>();
            words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            words.addAll(JvmOptions.server(List.of()));
            words.addAll(List.of("-jar", tools.samples().toString(), "resp-server"));
            words.addAll(List.of("--port", "" + port, "--threads", "1"));
            return words;
        };
        return ServerProcess.start(contestant.equals(REDIS) ? redis : millrace);
    }

    /** A server, and the load that is started for each turn. */
    private record Loaded(ServerProcess server, Path benchmark, List<String> points, long requests) implements Subject {
        @Override
        public void warm(int millis) throws IOException {
            for (String point : points) {
                run(RedisPoint.parse(point), Math.max(1, requests / WARM_PART));
            }
        }

        @Override
        public Map<Figure, Double> measure(String point, int millis) throws IOException {
            ProcessFigures figures = server.figures();
            long before = figures.cpuNanos();
            RedisLoad.Result result = run(RedisPoint.parse(point), requests);
            double cpu = figures.cpuNanos() - before;
            if (Double.isInfinite(result.perSecond())) {
                throw new IOException("requests in a turn are " + requests + "; these took no time, take more");
            }
            Map<Figure, Double> measured = new EnumMap<>(Figure.class);
            measured.put(Figure.MESSAGES_PER_SECOND, result.perSecond());
            measured.put(Figure.CPU_NANOS_PER_MESSAGE, cpu / requests);
            measured.put(Figure.P50_NANOS, result.p50Nanos());
            measured.put(Figure.P99_NANOS, result.p99Nanos());
            return measured;
        }

        private RedisLoad.Result run(RedisPoint point, long count) throws IOException {
            server.requireAlive();
            return new RedisLoad(benchmark, server.port()).run(point, count);
        }

        @Override
        public void close() {
            server.close();
        }
    }
}
