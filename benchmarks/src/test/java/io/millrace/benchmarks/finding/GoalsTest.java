package io.millrace.benchmarks.finding;

import static io.millrace.benchmarks.finding.Sample.cpu;
import static io.millrace.benchmarks.finding.Sample.point;
import static io.millrace.benchmarks.finding.Sample.run;
import static io.millrace.benchmarks.finding.Sample.series;
import static io.millrace.benchmarks.finding.Sample.spread;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Series;
import org.junit.jupiter.api.Test;

class GoalsTest {
    @Test
    void twiceAsMuchPerSecondIsHalfTheTimePerMessage() {
        assertEquals(
                "| Echo 64x32x64: at least 1.1 times the best Netty transport | 64x32x64: 2.00 [2.00, 2.00] × netty-epoll | yes |",
                row(
                        "Echo 64x32x64",
                        point(
                                Part.ECHO,
                                "64x32x64",
                                cpu("millrace", 100),
                                cpu("netty-nio", 300),
                                cpu("netty-epoll", 200))));
    }

    @Test
    void lessThanWasAskedDoesNotHold() {
        assertEquals(
                "no", held("Echo 64x32x64", point(Part.ECHO, "64x32x64", cpu("millrace", 100), cpu("netty-nio", 109))));
    }

    @Test
    void intervalThatReachesBelowWhatWasAskedIsSaid() {
        assertEquals(
                "yes, but the interval reaches further",
                held(
                        "Echo 64x32x64",
                        point(
                                Part.ECHO,
                                "64x32x64",
                                cpu("millrace", 100),
                                spread("netty-nio", Figure.CPU_NANOS_PER_MESSAGE, 111, 2))));
    }

    @Test
    void oneOfTwoPointsThatFailsFailsTheGoal() {
        PointResult held = point(Part.ECHO, "64x1x64", cpu("millrace", 100), cpu("nio2-bare", 99));
        PointResult failed = point(Part.ECHO, "1000x1x64", cpu("millrace", 100), cpu("nio2-bare", 91));
        assertEquals("no", held("Echo 64x1x64", held, failed));
        assertEquals("not measured", held("Echo 64x1x64", held));
    }

    @Test
    void worstPointOfAllocationDecides() {
        assertEquals(
                "| at most, at 64x1x64: 25.0 B | no |",
                row("Echo, every point", allocated("1x1x64", 0.1), allocated("64x1x64", 25))
                        .replaceFirst("^\\|[^|]*", ""));
        assertEquals("yes", held("Echo, every point", allocated("1x1x64", 0.1), allocated("64x1x64", 0.4)));
    }

    @Test
    void timeOfTheFirstEchoIsAShareOfNettys() {
        PointResult point = point(
                Part.FIRST_ECHO,
                "1x1x64",
                series("millrace", Figure.FIRST_ECHO_NANOS, 60e6),
                series("netty-nio", Figure.FIRST_ECHO_NANOS, 100e6));
        assertEquals("yes", held("First echo", point));
    }

    @Test
    void callsAreJudgedByNettyAsItIsDocumentedAndBesideThatByTheLeanOne() {
        PointResult point = point(
                Part.CALLS,
                "1x1000x64",
                cpu("millrace", 100),
                cpu("netty-nio", 140),
                cpu("netty-epoll-lean", 90),
                series("millrace", Figure.P99_NANOS, 1e6),
                series("netty-nio", Figure.P99_NANOS, 2e6),
                series("netty-epoll-lean", Figure.P99_NANOS, 2e6));
        assertEquals("yes", held("Calls, 1,000 in flight", point));
        assertEquals("no", held("Harder than was asked", point));
        assertEquals("not measured", held("Calls in the form with futures", point));
    }

    @Test
    void bytesOfACallByFutureAreShown() {
        PointResult point = point(
                Part.CALLS,
                "16x1000x64",
                series("millrace-future", Figure.ALLOCATED_BYTES_PER_MESSAGE, 1),
                series("millrace-future", Figure.CLIENT_ALLOCATED_BYTES_PER_MESSAGE, 200));
        assertEquals(
                "| 16x1000x64: allocated/message 1.00 B, client allocated/message 200 B | yes |",
                row("Calls in the form", point).replaceFirst("^\\|[^|]*", ""));
    }

    @Test
    void proxyIsJudgedByTheBestTransportAndBesideThatByTheOneOfTheExample() {
        PointResult point = point(
                Part.PROXY,
                "64x32x64",
                cpu("millrace", 100),
                cpu("nio2-bare", 80),
                cpu("netty-nio", 120),
                cpu("netty-uring", 105));
        assertEquals("no", held("Proxy 64x32x64", point));
        assertEquals("yes", held("The same proxy against Netty nio", point));
    }

    @Test
    void redisIsComparedByRequestsPerSecond() {
        PointResult get = point(Part.REDIS, "get-p16", perSecond("millrace", 80), perSecond("redis", 100));
        PointResult set = point(Part.REDIS, "set-p16", perSecond("millrace", 69), perSecond("redis", 100));
        assertEquals("no", held("`resp-server`", get, set));
        assertEquals("not measured", held("`resp-server`", get));
        assertEquals(
                "| get-p16: 0.80 [0.80, 0.80] × redis | not measured |",
                row("`resp-server`", get).replaceFirst("^\\|[^|]*", ""));
    }

    private static Series perSecond(String contestant, double value) {
        return series(contestant, Figure.MESSAGES_PER_SECOND, value);
    }

    private static PointResult allocated(String point, double bytes) {
        return point(Part.GARBAGE, point, series("millrace", Figure.OWN_BYTES_PER_MESSAGE, bytes));
    }

    private static String held(String goal, PointResult... points) {
        return row(goal, points).replaceFirst(".*\\| (.*) \\|$", "$1");
    }

    private static String row(String goal, PointResult... points) {
        return Goals.markdown(new Findings(run(points)))
                .lines()
                .filter(line -> line.startsWith("| " + goal))
                .findFirst()
                .orElseThrow();
    }
}
