package io.millrace.core.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class JsonWriterTest {
    @Test
    void membersComeInTheirOrderAndNestedOnesInside() {
        String json = new JsonWriter()
                .number("a", 1)
                .begin("b")
                .text("c", "d")
                .begin("e")
                .end()
                .number("f", -2)
                .end()
                .texts("g", List.of("h", "i"))
                .texts("j", List.of())
                .finish();
        assertEquals("{\"a\":1,\"b\":{\"c\":\"d\",\"e\":{},\"f\":-2},\"g\":[\"h\",\"i\"],\"j\":[]}", json);
    }

    @Test
    void nothingIsAnEmptyObject() {
        assertEquals("{}", new JsonWriter().finish());
    }

    @Test
    void numbersArePlainWhateverTheirSize() {
        String json = new JsonWriter()
                .number("whole", 2.0)
                .number("rounded", 1.23456)
                .number("large", 1.5e21)
                .number("small", 1e-9)
                .number("long", Long.MIN_VALUE)
                .number("none", Double.NaN)
                .number("endless", Double.POSITIVE_INFINITY)
                .finish();
        assertEquals(
                "{\"whole\":2,\"rounded\":1.235,\"large\":1500000000000000000000,\"small\":0,"
                        + "\"long\":-9223372036854775808,\"none\":null,\"endless\":null}",
                json);
    }

    @Test
    void whatTextsCannotHoldIsEscaped() {
        assertEquals(
                "{\"\\\"k\\\\\":\"a\\u0000\\u000a\\u001f\\u007fm\u00fchle \\ud800\"}",
                new JsonWriter()
                        .text("\"k\\", "a\0\n\u001f\u007fm\u00fchle \ud800")
                        .finish());
    }
}
