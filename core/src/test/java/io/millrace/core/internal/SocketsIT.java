package io.millrace.core.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.SocketConfig;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Options set on real sockets and read back from them. */
@Tag("engine")
class SocketsIT {
    private IoGroup group;
    private IoRuntime runtime;
    private AsynchronousServerSocketChannel listener;

    @BeforeEach
    void start() throws Exception {
        group = IoGroup.builder().threads(1).start();
        runtime = GroupAccess.runtimeOf(group);
        listener = runtime.openServerChannel();
    }

    @AfterEach
    void stop() throws Exception {
        listener.close();
        group.close();
    }

    private AsynchronousSocketChannel connected() throws Exception {
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        AsynchronousSocketChannel channel = runtime.openChannel();
        channel.connect(listener.getLocalAddress()).get(10, TimeUnit.SECONDS);
        return channel;
    }

    @Test
    void optionsOfAConnectedChannelCanBeReadBack() throws Exception {
        SocketConfig config = SocketConfig.builder()
                .tcpNoDelay(false)
                .keepAlive(true)
                .sendBuffer(32_768)
                .receiveBuffer(16_384)
                .build();
        Sockets.check(runtime, config);
        try (AsynchronousSocketChannel channel = connected()) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            Sockets.apply(config, channel);
            assertEquals(false, channel.getOption(StandardSocketOptions.TCP_NODELAY));
            assertEquals(true, channel.getOption(StandardSocketOptions.SO_KEEPALIVE));
            // the system rounds up, and Linux doubles
            assertTrue(channel.getOption(StandardSocketOptions.SO_SNDBUF) >= 32_768);
            int received = channel.getOption(StandardSocketOptions.SO_RCVBUF);
            assertTrue(received >= 16_384 && received <= 65_536, "SO_RCVBUF is " + received);
        }
    }

    @Test
    void keepAliveTimersCanBeReadBackWhereTheSystemHasThem() throws Exception {
        Assumptions.assumeTrue(listener.supportedOptions().contains(ExtendedSocketOptions.TCP_KEEPIDLE));
        SocketConfig config = SocketConfig.builder()
                .keepAliveTimers(Duration.ofSeconds(7), Duration.ofSeconds(8), 9)
                .build();
        Sockets.check(runtime, config);
        try (AsynchronousSocketChannel channel = connected()) {
            Sockets.apply(config, channel);
            assertEquals(true, channel.getOption(StandardSocketOptions.SO_KEEPALIVE));
            assertEquals(7, channel.getOption(ExtendedSocketOptions.TCP_KEEPIDLE));
            assertEquals(8, channel.getOption(ExtendedSocketOptions.TCP_KEEPINTERVAL));
            assertEquals(9, channel.getOption(ExtendedSocketOptions.TCP_KEEPCOUNT));
        }
    }

    @Test
    void receiveBufferIsSetOnListenersAndBeforeConnecting() throws Exception {
        SocketConfig config = SocketConfig.builder().receiveBuffer(16_384).build();
        Sockets.beforeBind(Map.of("SO_REUSEADDR", true), config, listener);
        assertEquals(true, listener.getOption(StandardSocketOptions.SO_REUSEADDR));
        assertTrue(listener.getOption(StandardSocketOptions.SO_RCVBUF) <= 65_536);
        try (AsynchronousSocketChannel channel = runtime.openChannel()) {
            Sockets.beforeConnect(config, channel);
            assertTrue(channel.getOption(StandardSocketOptions.SO_RCVBUF) <= 65_536);
        }
    }

    @Test
    void optionThatTheEngineLacksIsRefusedByNameWithThePlatform() throws Exception {
        SocketOption<Boolean> unknown = new SocketOption<>() {
            @Override
            public String name() {
                return "TCP_TELEPATHY";
            }

            @Override
            public Class<Boolean> type() {
                return Boolean.class;
            }
        };
        SocketConfig config = SocketConfig.builder().option(unknown, true).build();
        String message = assertThrows(IllegalArgumentException.class, () -> Sockets.check(runtime, config))
                .getMessage();
        String expected = "socket option TCP_TELEPATHY=true cannot be set: it is not supported on "
                + System.getProperty("os.name");
        assertTrue(message.startsWith(expected), message);
        assertTrue(message.contains("TCP_NODELAY"), message);
        assertThrows(
                IllegalArgumentException.class,
                () -> Sockets.beforeBind(Map.of("TCP_TELEPATHY", true), SocketConfig.defaults(), listener));
    }
}
