package io.millrace.benchmarks.result;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FigureTest {
    @Test
    void valuesAreShownWithThreeDigitsAndTheirUnit() {
        assertEquals("1,234,568", Figure.MESSAGES_PER_SECOND.format(1_234_567.8));
        assertEquals("210 ns", Figure.CPU_NANOS_PER_MESSAGE.format(210.4));
        assertEquals("6.12 us", Figure.CPU_NANOS_PER_MESSAGE.format(6_123));
        assertEquals("12.3 ms", Figure.P99_NANOS.format(12_345_678));
        assertEquals("0 B", Figure.ALLOCATED_BYTES_PER_MESSAGE.format(0));
        assertEquals("1.50 KiB", Figure.HEAP_BYTES.format(1_536));
        assertEquals("96 %", Figure.LOAD_CPU_SHARE.format(0.96));
    }
}
