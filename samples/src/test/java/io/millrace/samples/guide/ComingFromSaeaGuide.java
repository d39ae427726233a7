package io.millrace.samples.guide;

import io.millrace.client.TcpClient;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.SeedProtocol;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.time.Duration;

/** The code of coming-from-socketasynceventargs.md. */
final class ComingFromSaeaGuide {
    private ComingFromSaeaGuide() {}

    static TcpServer start() throws TransportException {
        TcpServer server = TcpServer.builder()
                .protocol(Protocol.seed())
                .maxConnections(1_024)
                .processor(request -> request)
                .bind(8088);
        return server;
    }

    static byte[] ask(byte[] question) throws TransportException {
        try (TcpClient client = TcpClient.builder()
                .protocol(Protocol.seed())
                .endpoint("192.168.3.4", 8088)
                .build()) {
            return client.call(question, Duration.ofSeconds(1));
        }
    }

    /** Asks as the original did, with its status strings. */
    static String status(TcpClient client, ByteBuffer question) {
        RequestOptions options = RequestOptions.within(Duration.ofMillis(500));
        Outcome<ByteBuffer> outcome = client.exchange(question, options).join();
        return outcome.statusText();
    }

    /** For a server that knows no heartbeats, with the eight bytes of numbers before each reply. */
    static Protocol strict() {
        Protocol protocol = SeedProtocol.create().withoutHeartbeats().keepingReplyHeader();
        return protocol;
    }
}
