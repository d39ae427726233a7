package io.millrace.benchmarks.child;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class CensusTest {
    private static final String BEFORE =
            """
            4711:
             num     #instances         #bytes  class name (module)
            -------------------------------------------------------
               1:          1000          16000  java.lang.Integer (java.base@17.0.15)
               2:             3            240  io.millrace.core.internal.TcpSession
            Total          1003          16240
            """;

    private static final String AFTER =
            """
               1:          1500          24000  java.lang.Integer (java.base@25)
               2:            10            240  sun.nio.ch.EPollPort$Event (java.base@25)
               3:             3            240  io.millrace.core.internal.TcpSession
            """;

    @Test
    void bytesAreReadByClass() {
        assertEquals(
                Map.of("java.lang.Integer", 16_000L, "io.millrace.core.internal.TcpSession", 240L),
                Census.parse(BEFORE).bytesByClass());
    }

    @Test
    void differenceIsWhatWasAllocated() {
        assertEquals(
                Map.of("java.lang.Integer", 8_000L, "sun.nio.ch.EPollPort$Event", 240L),
                Census.parse(AFTER).since(Census.parse(BEFORE)));
    }
}
