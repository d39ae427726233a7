package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.function.Consumer;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Test;

class SocketConfigTest {
    private static String refusal(Consumer<SocketConfig.Builder> change) {
        SocketConfig.Builder builder = SocketConfig.builder();
        change.accept(builder);
        return assertThrows(IllegalArgumentException.class, builder::build).getMessage();
    }

    @Test
    void everyRefusalNamesOptionValueAndRange() {
        assertEquals("SO_RCVBUF is 0; it must be from 1 to 1073741824 bytes", refusal(b -> b.receiveBuffer(0)));
        assertEquals("SO_SNDBUF is -1; it must be from 1 to 1073741824 bytes", refusal(b -> b.sendBuffer(-1)));
        assertEquals(
                "IP_TOS is 256; it must be from 0 to 255 as one unsigned byte",
                refusal(b -> b.option(StandardSocketOptions.IP_TOS, 256)));
        Duration second = Duration.ofSeconds(1);
        assertEquals(
                "TCP_KEEPIDLE is PT1.5S; it must be whole seconds from 1 to 32767",
                refusal(b -> b.keepAliveTimers(Duration.ofMillis(1500), second, 1)));
        assertEquals(
                "TCP_KEEPINTERVAL is PT9H6M8S; it must be whole seconds from 1 to 32767",
                refusal(b -> b.keepAliveTimers(second, Duration.ofSeconds(32_768), 1)));
        assertEquals(
                "TCP_KEEPCOUNT is 128; it must be from 1 to 127 probes",
                refusal(b -> b.keepAliveTimers(second, second, 128)));
        assertEquals(
                "TCP_KEEPIDLE is 0; it must be from 1 to 32767 seconds",
                refusal(b -> b.option(ExtendedSocketOptions.TCP_KEEPIDLE, 0)));
    }

    @Test
    void lingerIsRefusedWithWhatToUseInstead() {
        String message = refusal(b -> b.option(StandardSocketOptions.SO_LINGER, 0));
        assertTrue(message.contains("Session.close() sends what is queued"), message);
        assertTrue(message.contains("Session.abort() drops it"), message);
    }

    @Test
    void optionsOfListenersAreSentToTheServer() {
        assertEquals(
                "SO_REUSEPORT is an option of listening channels: set it on the builder of the server",
                refusal(b -> b.option(StandardSocketOptions.SO_REUSEPORT, true)));
    }

    @Test
    void everyOptionIsKeptAndShownByItsStandardName() {
        SocketConfig config = SocketConfig.builder()
                .keepAliveTimers(Duration.ofMinutes(1), Duration.ofSeconds(5), 3)
                .receiveBuffer(1)
                .option(ExtendedSocketOptions.TCP_QUICKACK, true)
                .build();
        assertTrue(config.keepAlive());
        assertEquals(60, config.option(ExtendedSocketOptions.TCP_KEEPIDLE));
        assertNull(config.option(StandardSocketOptions.SO_SNDBUF));
        String shown = "SocketConfig{TCP_NODELAY=true, SO_KEEPALIVE=true, TCP_KEEPIDLE=60, TCP_KEEPINTERVAL=5,"
                + " TCP_KEEPCOUNT=3, SO_RCVBUF=1, TCP_QUICKACK=true}";
        assertEquals(shown, config.toString());
        assertEquals(shown, config.toBuilder().build().toString());
        assertThrows(UnsupportedOperationException.class, () -> config.options().put("SO_SNDBUF", 1));
    }
}
