package io.millrace.benchmarks.table;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Series;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PointTablesTest {
    private static final PointTables TABLES = new PointTables(new PointResult(
            "echo",
            "64x32x64",
            List.of(
                    new Series("millrace", Figure.CPU_NANOS_PER_MESSAGE, List.of(200.0, 210.0, 190.0)),
                    new Series("millrace", Figure.LOAD_CPU_SHARE, List.of(0.97, 0.97, 0.97)),
                    new Series("nio2-bare", Figure.CPU_NANOS_PER_MESSAGE, List.of(100.0, 105.0, 95.0)),
                    new Series("netty-nio", Figure.CPU_NANOS_PER_MESSAGE, List.of(400.0, 420.0, 380.0)),
                    new Series("netty-epoll", Figure.CPU_NANOS_PER_MESSAGE, List.of(300.0, 315.0, 285.0))),
            Map.of("netty-uring", "the kernel has none")));

    @Test
    void figuresAreMediansWithTheirSpread() {
        assertEquals(
                """
                contestant   CPU/message  load CPU
                ----------------------------------
                millrace      200 ns ±3%  97 % ±0%
                nio2-bare     100 ns ±3%         -
                netty-nio     400 ns ±3%         -
                netty-epoll   300 ns ±3%         -
                """,
                TABLES.figures().text());
    }

    @Test
    void advantagesAreOverTheBestPeerAndTheBareProgram() {
        assertEquals(
                """
                | contestant  | CPU/message vs netty-epoll | CPU/message vs nio2-bare |
                |-------------|---------------------------:|-------------------------:|
                | millrace    |          1.50 [1.50, 1.50] |        0.50 [0.50, 0.50] |
                | nio2-bare   |          3.00 [3.00, 3.00] |                        - |
                | netty-nio   |          0.75 [0.75, 0.75] |        0.25 [0.25, 0.25] |
                | netty-epoll |                          - |        0.33 [0.33, 0.33] |
                """,
                TABLES.advantages().markdown());
    }

    @Test
    void notesSayWhoIsMissingAndWhereTheLoadWasTheLimit() {
        assertEquals(
                List.of(
                        "Without netty-uring: the kernel has none.",
                        "The load was the bottleneck with millrace, at 97 % of its processor: its messages/s and latencies"
                                + " are the load's, its CPU/message is not."),
                TABLES.notes());
    }
}
