package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.TcpClientBuilder;
import picocli.CommandLine.Option;

/** Where to connect to: the options that all clients share. */
final class EndpointOptions {
    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "The server's name or address (default: ${DEFAULT-VALUE}).")
    private String host = "127.0.0.1";

    @Option(names = "--port", paramLabel = "PORT", description = "The server's port (default: ${DEFAULT-VALUE}).")
    private int port = 9000;

    TcpClientBuilder newClient() {
        return TcpClient.builder().endpoint(host, port);
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
