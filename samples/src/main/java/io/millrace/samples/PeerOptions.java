package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.TcpClientBuilder;
import picocli.CommandLine.Option;

/** Where to connect to, and how messages are framed there: the options that clients share. */
final class PeerOptions {
    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "The server's name or address (default: ${DEFAULT-VALUE}).")
    private String host = "127.0.0.1";

    @Option(names = "--port", paramLabel = "PORT", description = "The server's port (default: ${DEFAULT-VALUE}).")
    private int port = 9000;

    @Option(
            names = "--framing",
            paramLabel = "KIND",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Framing framing = Framing.INT32;

    Framing framing() {
        return framing;
    }

    TcpClientBuilder newClient() {
        return TcpClient.builder().protocol(framing.protocol()).endpoint(host, port);
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
