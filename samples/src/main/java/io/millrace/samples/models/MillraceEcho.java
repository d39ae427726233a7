package io.millrace.samples.models;

import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;

/**
 * Millrace: a fixed group below; limits, backpressure, deadlines and statistics above, all at their defaults.
 *
 * <p>Stands for {@code SocketAsyncEventArgs} over a completion port, with pooled operations and buffers.
 *
 * @param server the running server
 */
public record MillraceEcho(TcpServer server) implements EchoModel {
    /** Starts the server and its group. */
    public static EchoModel start() throws IOException {
        return new MillraceEcho(TcpServer.builder()
                .protocol(Protocol.raw())
                .onMessage((session, bytes) -> session.send(bytes))
                .bind("127.0.0.1", 0));
    }

    @Override
    public int port() {
        return server.port();
    }

    @Override
    public void close() {
        server.close();
    }
}
