package io.millrace.samples;

import io.millrace.client.TcpClientBuilder;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where to connect to, and how messages are framed there: the options of clients that speak several protocols. */
final class PeerOptions {
    @Mixin
    private final EndpointOptions endpoint = new EndpointOptions();

    @Option(
            names = "--framing",
            paramLabel = "KIND",
            description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
    private Framing framing = Framing.INT32;

    Framing framing() {
        return framing;
    }

    TcpClientBuilder newClient() {
        return endpoint.newClient().protocol(framing.protocol());
    }

    @Override
    public String toString() {
        return endpoint.toString();
    }
}
