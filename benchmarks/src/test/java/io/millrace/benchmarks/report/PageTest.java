package io.millrace.benchmarks.report;

import static io.millrace.benchmarks.finding.Sample.cpu;
import static io.millrace.benchmarks.finding.Sample.point;
import static io.millrace.benchmarks.finding.Sample.run;
import static io.millrace.benchmarks.finding.Sample.series;
import static io.millrace.benchmarks.finding.Sample.spread;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Series;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PageTest {
    private static final PointResult POINT = new PointResult(
            "echo",
            "64x1x64",
            List.of(
                    cpu("netty-nio", 6000),
                    cpu("millrace", 5000),
                    spread("nio2-bare", Figure.CPU_NANOS_PER_MESSAGE, 4000, 40),
                    series("millrace", Figure.P99_NANOS, 250_000),
                    series("millrace", Figure.HEAP_BYTES, 2048),
                    series("millrace", Figure.LOAD_CPU_SHARE, 0.99)),
            Map.of("mina", "it | fell over"));

    @Test
    void tableHasTheBestFirstMillraceBoldAndWhatIsMissing() {
        assertEquals(
                """
                #### echo 64x1x64

                | contestant   |  CPU/message |          × best-netty |           × nio2-bare |        p99 |
                |--------------|-------------:|----------------------:|----------------------:|-----------:|
                | nio2-bare    | 4.00 us ±4 % |     1.50 [1.44, 1.56] |                     1 |          - |
                | **millrace** |  **5.00 us** | **1.20 [1.20, 1.20]** | **0.80 [0.77, 0.83]** | **250 us** |
                | netty-nio    |      6.00 us |                     1 |     0.67 [0.64, 0.69] |          - |

                <details><summary>More of 64x1x64</summary>

                | contestant   | heap after GC | load CPU |
                |--------------|--------------:|---------:|
                | nio2-bare    |             - |        - |
                | **millrace** |  **2.00 KiB** | **99 %** |
                | netty-nio    |             - |        - |

                - The load was the bottleneck with millrace, at 99 % of its processor: its messages/s and latencies are the load's, its CPU/message is not.

                </details>

                Not measured: mina (it | fell over).""",
                fill("{{tables echo}}"));
    }

    @Test
    void scenarioOfManyPointsIsOneTableBesideOnePeer() {
        PointResult get = new PointResult(
                "redis",
                "get",
                List.of(
                        series("millrace", Figure.MESSAGES_PER_SECOND, 60_000),
                        series("redis", Figure.MESSAGES_PER_SECOND, 50_000),
                        cpu("millrace", 2000),
                        cpu("redis", 3000)),
                Map.of());
        PointResult set = new PointResult("redis", "set", List.of(), Map.of("redis", "it fell over"));
        assertEquals(
                """
                | test | Millrace, requests/s | redis, requests/s |           × redis |          × by CPU | Millrace, p99 | redis, p99 |
                |------|---------------------:|------------------:|------------------:|------------------:|--------------:|-----------:|
                | get  |               60,000 |            50,000 | 1.20 [1.20, 1.20] | 1.50 [1.50, 1.50] |             - |          - |
                | set  |                    - |                 - |                 - |                 - |             - |          - |

                Not measured: set: redis (it fell over).""",
                new Page(run(get, set), Set.of()).fill(new Template("page.md", "{{pairs redis redis}}")));
        assertEquals("*not measured*", fill("{{pairs redis redis}}"));
    }

    @Test
    void numbersInSentencesComeFromTheRun() {
        assertEquals(
                "1.20 [1.20, 1.20] times netty-nio, 250 us",
                fill("{{ratio echo 64x1x64 millrace best-netty}} times {{peer echo 64x1x64 best-netty}}, "
                        + "{{value echo 64x1x64 millrace P99_NANOS}}"));
    }

    @Test
    void whatWasNotMeasuredIsSaidToBeSo() {
        assertEquals("*not measured*", fill("{{ratio echo 1x1x64 millrace best-netty}}"));
        assertEquals("*not measured*", fill("{{value echo 64x1x64 millrace RESIDENT_BYTES}}"));
        assertEquals("*not measured*", fill("{{tables proxy}}"));
        assertEquals("*not measured*", fill("{{chart others}}"));
        assertEquals("![echo](performance/echo.svg)", fill("{{chart echo}}"));
    }

    @Test
    void placeholderThatCannotBeMeantIsNamedWithItsLine() {
        assertFails("page.md, line 2, {{tabels echo}}: there are chart, ", "first\n{{tabels echo}}");
        assertFails("{{tables ecko}}: scenario is ecko; there are echo, ", "{{tables ecko}}");
        assertFails("{{chart pie}}: there are echo, ", "{{chart pie}}");
        assertFails("{{ratio echo}}: the arguments are SCENARIO POINT CONTESTANT PEER", "{{ratio echo}}");
        assertFails("{{value echo 1x1x64 millrace SPEED}}: ", "{{value echo 1x1x64 millrace SPEED}}");
    }

    @Test
    void scenariosWithFewRoundsAreNamedAboveAll() {
        assertEquals("", fill("{{warning}}"));
        Series few = new Series("millrace", Figure.FIRST_ECHO_NANOS, List.of(1.0, 2.0));
        String warning = new Page(run(POINT, point(Part.FIRST_ECHO, "1", few)), Set.of())
                .fill(new Template("page.md", "{{warning}}"));
        assertTrue(warning.contains("stand behind** first-echo (2)."), warning);
    }

    private static String fill(String template) {
        return new Page(run(POINT), Set.of("echo")).fill(new Template("page.md", template));
    }

    private static void assertFails(String message, String template) {
        String actual = assertThrows(IllegalArgumentException.class, () -> fill(template))
                .getMessage();
        assertTrue(actual.contains(message), actual);
    }
}
