package io.millrace.samples;

import picocli.CommandLine.Option;

/** Where to listen: the options that servers share. */
final class ListenOptions {
    @Option(
            names = "--host",
            paramLabel = "HOST",
            description = "The local name or address to listen on (default: ${DEFAULT-VALUE}).")
    private String host = "127.0.0.1";

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "The port; 0 lets the system choose (default: ${DEFAULT-VALUE}).")
    private int port;

    ListenOptions() {
        this(9000);
    }

    /** Makes options with another port unless one is given. */
    ListenOptions(int defaultPort) {
        port = defaultPort;
    }

    String host() {
        return host;
    }

    int port() {
        return port;
    }
}
