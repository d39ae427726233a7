package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class SessionConfigTest {
    private static String refusal(Consumer<SessionConfigBuilder> change) {
        SessionConfigBuilder builder = SessionConfig.builder();
        change.accept(builder);
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, builder::build).getMessage());
    }

    @Test
    void defaultsAreTheDocumentedOnes() {
        SessionConfig config = SessionConfig.defaults();
        assertEquals(262_144, config.sendHighMark());
        assertEquals(65_536, config.sendLowMark());
        assertEquals(4_194_304, config.sendLimit());
        assertEquals(SendOverflowPolicy.REFUSE_OR_CLOSE_OWN, config.sendOverflow());
        assertEquals(Duration.ofSeconds(30), config.writeProgressTimeout());
        assertEquals(true, config.socket().tcpNoDelay());
        assertEquals(false, config.socket().keepAlive());
    }

    @Test
    void everyRefusalNamesPropertyValueAndLimits() {
        assertEquals("sendLowMark is -1; it must be at least 0 bytes", refusal(b -> b.sendMarks(-1, 10)));
        assertEquals("sendHighMark is 10; it must be above sendLowMark, 10 bytes", refusal(b -> b.sendMarks(10, 10)));
        assertEquals(
                "sendLimit is 262143; it must be at least sendHighMark, 262144 bytes",
                refusal(b -> b.sendLimit(262_143)));
        assertEquals(
                "writeProgressTimeout is PT-1S; it must be from 0 (never) to 1 day",
                refusal(b -> b.writeProgressTimeout(Duration.ofSeconds(-1))));
        assertEquals(
                "writeProgressTimeout is PT24H0.000000001S; it must be from 0 (never) to 1 day",
                refusal(b -> b.writeProgressTimeout(Duration.ofDays(1).plusNanos(1))));
        assertEquals(
                "maxAge is PT-1S; it must be from 0 (for ever) to 365 days",
                refusal(b -> b.maxAge(Duration.ofSeconds(-1))));
        assertEquals("requestsInProgress is 0; it must be at least 1 requests", refusal(b -> b.requestsInProgress(0)));
        assertEquals("requestLimit is -1; it must be at least 0 requests", refusal(b -> b.requestLimit(-1)));
        assertTrue(refusal(b -> b.writeProgressTimeout(Duration.ofSeconds(Long.MAX_VALUE)))
                .startsWith("writeProgressTimeout is PT"));
    }

    @Test
    void limitsThemselvesAreAccepted() {
        SessionConfig config = SessionConfig.builder()
                .sendMarks(0, 1)
                .sendLimit(1)
                .writeProgressTimeout(Duration.ofDays(1))
                .build();
        assertEquals(1, config.sendLimit());
        assertEquals(
                Duration.ZERO,
                config.toBuilder().writeProgressTimeout(Duration.ZERO).build().writeProgressTimeout());
    }

    @Test
    void nullsAreRefusedByName() {
        SessionConfigBuilder builder = SessionConfig.builder();
        assertEquals(
                "policy",
                assertThrows(NullPointerException.class, () -> builder.sendOverflow(null))
                        .getMessage());
        assertEquals(
                "timeout",
                assertThrows(NullPointerException.class, () -> builder.writeProgressTimeout(null))
                        .getMessage());
    }

    @Test
    void everyNewDeadlineIsOffOrDocumentedAndBoundedByAYear() {
        SessionConfig config = SessionConfig.defaults();
        assertEquals(Duration.ZERO, config.idleTimeout());
        assertEquals(Duration.ZERO, config.readIdleTimeout());
        assertEquals(Duration.ZERO, config.writeIdleTimeout());
        assertEquals(Duration.ZERO, config.firstFrameTimeout());
        assertEquals(Duration.ofMinutes(2), config.frameTimeout());
        assertEquals(1, config.minWriteProgressBytes());
        assertEquals(false, config.halfClose());
        Duration tooLong = Duration.ofDays(365).plusNanos(1);
        String allowed = " is PT8760H0.000000001S; it must be from 0 (off) to 365 days";
        assertEquals("idleTimeout" + allowed, refusal(b -> b.idleTimeout(tooLong)));
        assertEquals("readIdleTimeout" + allowed, refusal(b -> b.readIdleTimeout(tooLong)));
        assertEquals("writeIdleTimeout" + allowed, refusal(b -> b.writeIdleTimeout(tooLong)));
        assertEquals("firstFrameTimeout" + allowed, refusal(b -> b.firstFrameTimeout(tooLong)));
        assertEquals("frameTimeout" + allowed, refusal(b -> b.frameTimeout(tooLong)));
        assertEquals(
                "frameTimeout is PT-1S; it must be from 0 (off) to 365 days",
                refusal(b -> b.frameTimeout(Duration.ofSeconds(-1))));
        assertEquals(
                "minWriteProgressBytes is 0; it must be at least 1 bytes", refusal(b -> b.minWriteProgressBytes(0)));
    }

    @Test
    void toBuilderKeepsEveryValueAndToStringShowsIt() {
        SessionConfig config = SessionConfig.builder()
                .sendMarks(1, 2)
                .sendLimit(3)
                .sendOverflow(SendOverflowPolicy.CLOSE)
                .writeProgressTimeout(Duration.ofSeconds(4))
                .minWriteProgressBytes(5)
                .idleTimeout(Duration.ofSeconds(6))
                .readIdleTimeout(Duration.ofSeconds(7))
                .writeIdleTimeout(Duration.ofSeconds(8))
                .firstFrameTimeout(Duration.ofSeconds(9))
                .frameTimeout(Duration.ofDays(365))
                .heartbeat(HeartbeatConfig.every(Duration.ofSeconds(11)).timeout(Duration.ofSeconds(12)))
                .maxAge(Duration.ofSeconds(13))
                .requestsInProgress(14)
                .requestLimit(15)
                .halfClose(true)
                .socket(SocketConfig.builder().sendBuffer(10).build())
                .tcpNoDelay(false)
                .keepAlive(true)
                .build();
        String shown = "SessionConfig[sendLowMark=1, sendHighMark=2, sendLimit=3, sendOverflow=CLOSE,"
                + " writeProgressTimeout=PT4S, minWriteProgressBytes=5, idleTimeout=PT6S, readIdleTimeout=PT7S,"
                + " writeIdleTimeout=PT8S, firstFrameTimeout=PT9S, frameTimeout=PT8760H, heartbeat=every PT11S, timeout PT12S,"
                + " maxMissed 1, maxPingsPerSecond 10, maxAge=PT13S, requestsInProgress=14, requestLimit=15, halfClose=true, socket=SocketConfig{TCP_NODELAY=false, SO_KEEPALIVE=true, SO_SNDBUF=10}]";
        assertEquals(shown, config.toString());
        assertEquals(shown, config.toBuilder().build().toString());
    }
}
