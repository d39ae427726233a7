package io.millrace.client.internal;

/**
 * Where to connect to: a name or address, looked up anew for every connection, and a port.
 *
 * @param host a name or an address
 * @param port from 1 to 65,535
 */
public record Endpoint(String host, int port) {
    /** Checks the port. */
    public Endpoint {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port is " + port + "; it must be from 1 to 65535");
        }
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
