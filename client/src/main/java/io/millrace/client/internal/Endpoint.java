package io.millrace.client.internal;

import io.millrace.core.config.Ranges;

/**
 * Where to connect to: a name or address, looked up anew for every connection, and a port.
 *
 * @param host a name or an address
 * @param port from 1 to 65,535
 */
public record Endpoint(String host, int port) {
    /** Checks the port. */
    public Endpoint {
        Ranges.require(port >= 1 && port <= 65_535, "port", port, "from 1 to 65535");
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
