package io.millrace.benchmarks.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.benchmarks.load.BrokenEcho.Fault;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ClosedLoopIT {
    private static final long RUN_NANOS = TimeUnit.MILLISECONDS.toNanos(30);
    private static final Duration LONG = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(50);

    @Test
    void countsEveryMessageOnce() throws IOException {
        EchoPoint point = new EchoPoint(3, 4, 64);
        try (BrokenEcho server = new BrokenEcho(Fault.NONE);
                EchoConnections connections = new EchoConnections(server.port(), point, LONG)) {
            ClosedLoop loop = new ClosedLoop(connections, point.inFlight());
            long handled = loop.run(RUN_NANOS).messages() + loop.run(RUN_NANOS).messages();
            assertEquals(server.bytes.get(), (handled + 1) * (Integer.BYTES + 64), "one more tells that it accepts");
            assertEquals(
                    0, connections.all().stream().filter(one -> !one.isWhole()).count());
        }
    }

    @Test
    void latencyIsThatOfEveryMessageAndNoLongerThanTheRun() throws IOException {
        EchoPoint point = new EchoPoint(2, 5, 1_000);
        try (BrokenEcho server = new BrokenEcho(Fault.NONE);
                EchoConnections connections = new EchoConnections(server.port(), point, LONG)) {
            long began = System.nanoTime();
            LoadResult result = new ClosedLoop(connections, point.inFlight()).run(RUN_NANOS);
            long took = System.nanoTime() - began;
            assertEquals(result.messages(), connections.latencies().getTotalCount());
            assertTrue(0 < result.p50Nanos() && result.p50Nanos() <= result.maxNanos(), result::toString);
            assertTrue(result.maxNanos() <= took * 1.01, () -> result + " took " + took);
        }
    }

    @Test
    void messagesLongerThanAnySocketBufferComeBackWhole() throws IOException {
        EchoPoint point = new EchoPoint(1, 2, 3 << 20);
        try (BrokenEcho server = new BrokenEcho(Fault.NONE);
                EchoConnections connections = new EchoConnections(server.port(), point, LONG)) {
            assertTrue(new ClosedLoop(connections, point.inFlight()).run(1).messages() >= 2);
        }
    }

    @Test
    void noMoreConnectionsAreOpenedThanTheServerIsSeenToAccept() throws IOException {
        try (BrokenEcho server = new BrokenEcho(Fault.NEVER_ACCEPTS)) {
            EchoPoint point = new EchoPoint(100, 1, 64);
            IOException silent =
                    assertThrows(IOException.class, () -> new EchoConnections(server.port(), point, SHORT));
            assertMessage(silent, "100x1x64: no byte came for 0.1 s, while 1 of 32 connections wait for 68 bytes");
        }
    }

    @Test
    void wrongByteIsNamed() throws IOException {
        int position = BrokenEcho.FAULTLESS_BYTES % 68;
        int message = 1 + BrokenEcho.FAULTLESS_BYTES / 68;
        assertMessage(
                failure(Fault.WRONG_BYTE, LONG),
                "connection 1: byte " + position + " of message " + message + " is " + (position - 3)
                        + "; it was sent as " + (position - 4));
    }

    @Test
    void lostByteIsSeenInWhatFollows() throws IOException {
        assertMessage(failure(Fault.LOST_BYTE, LONG), "connection 1: byte 67 of message");
    }

    @Test
    void echoOfMoreThanWasSentIsSeen() throws IOException {
        assertMessage(failure(Fault.TOO_MANY_BYTES, LONG), "bytes more than it was sent");
    }

    @Test
    void closedConnectionIsAnError() throws IOException {
        assertMessage(failure(Fault.CLOSES, LONG), "connection 1: the server closed it");
    }

    @Test
    void silentServerEndsTheRun() throws IOException {
        assertMessage(
                failure(Fault.FALLS_SILENT, SHORT),
                "1x2x64: no byte came for 0.1 s, while 1 of 1 connections wait for");
    }

    /** Returns why the load ends; it may end while it connects, if the machine is too busy for that patience. */
    private static IOException failure(Fault fault, Duration patience) throws IOException {
        EchoPoint point = new EchoPoint(1, 2, 64);
        try (BrokenEcho server = new BrokenEcho(fault)) {
            return assertThrows(IOException.class, () -> {
                try (EchoConnections connections = new EchoConnections(server.port(), point, patience)) {
                    new ClosedLoop(connections, point.inFlight()).run(TimeUnit.SECONDS.toNanos(10));
                }
            });
        }
    }

    private static void assertMessage(IOException e, String expected) {
        assertTrue(e.getMessage().contains(expected), e::toString);
    }
}
