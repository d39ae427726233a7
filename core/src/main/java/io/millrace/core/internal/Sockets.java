package io.millrace.core.internal;

import io.millrace.core.SessionConfig;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousSocketChannel;

/** Sets the options of connected channels. */
final class Sockets {
    private Sockets() {}

    static void apply(SessionConfig config, AsynchronousSocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, config.tcpNoDelay());
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, config.keepAlive());
    }
}
