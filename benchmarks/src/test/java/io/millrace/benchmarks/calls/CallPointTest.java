package io.millrace.benchmarks.calls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.benchmarks.calls.CallPoint.Asker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallPointTest {
    @ParameterizedTest
    @ValueSource(strings = {"1x1000x64", "16x1000x64-thread"})
    void pointIsWrittenAsItIsRead(String text) {
        assertEquals(text, CallPoint.parse(text).toString());
    }

    @Test
    void suffixSaysWhoAsks() {
        assertEquals(new CallPoint(2, 30, 400, Asker.THREAD), CallPoint.parse("2x30x400-thread"));
        assertEquals(Asker.CALLBACK, CallPoint.parse("2x30x400").asker());
    }

    @ParameterizedTest
    @ValueSource(strings = {"1x1000", "1x1000x64-threads", "1x1000x7"})
    void pointThatCannotBeMeasuredIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> CallPoint.parse(text));
    }
}
