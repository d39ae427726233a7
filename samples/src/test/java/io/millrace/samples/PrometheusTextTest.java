package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class PrometheusTextTest {
    @Test
    void familyHasItsHelpItsTypeAndItsSamples() {
        PrometheusText text = new PrometheusText();
        text.counter("a_total", "How often.")
                .sample(3, "kind", "x", "side", "y")
                .sample(0.25, "kind", "z");
        text.summary("b_seconds", "How long.")
                .sample(1e-7, "quantile", "0.5")
                .sum(0.5)
                .count(7);

        assertEquals(
                """
                # HELP a_total How often.
                # TYPE a_total counter
                a_total{kind="x",side="y"} 3
                a_total{kind="z"} 0.25
                # HELP b_seconds How long.
                # TYPE b_seconds summary
                b_seconds{quantile="0.5"} 1.0E-7
                b_seconds_sum 0.5
                b_seconds_count 7
                """,
                text.toString());
    }

    @Test
    void whatHasAMeaningInTheFormatIsEscaped() {
        PrometheusText text = new PrometheusText();
        text.gauge("a", "back\\slash, \"quote\", line\nfeed").sample(1, "path", "back\\slash, \"quote\", line\nfeed");

        assertEquals(
                """
                # HELP a back\\\\slash, "quote", line\\nfeed
                # TYPE a gauge
                a{path="back\\\\slash, \\"quote\\", line\\nfeed"} 1
                """,
                text.toString());
    }

    @Test
    void wholeNumbersAreExactAndOthersAreAsJavaWritesThem() {
        PrometheusText text = new PrometheusText().gauge("a", "A.");
        text.sample(Long.MAX_VALUE).sample(-2).sample(Double.NaN).sample(1e300);

        assertEquals("# HELP a A.\n# TYPE a gauge\na 9223372036854775807\na -2\na NaN\na 1.0E300\n", text.toString());
    }

    @Test
    void countersEndInTotalAndNoFamilyIsThereTwice() {
        PrometheusText text = new PrometheusText();

        assertThrows(IllegalArgumentException.class, () -> text.counter("requests", "Requests."));
        text.gauge("a", "A.");
        assertThrows(IllegalArgumentException.class, () -> text.gauge("a", "A."));
        assertThrows(IllegalArgumentException.class, () -> text.gauge("Größe", "A."));
    }
}
