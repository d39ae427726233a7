package io.millrace.client.endpoint;

import io.millrace.core.config.Ranges;

/**
 * Where to connect to: a name or address, looked up anew for every connection, and a port.
 *
 * <p>Threading: Immutable.
 *
 * @param host a name or an address
 * @param port from 1 to 65,535
 */
public record Endpoint(String host, int port) {
    /**
     * Checks both.
     *
     * @param host a name or an address; not blank
     * @param port from 1 to 65,535
     * @throws IllegalArgumentException if one of them cannot be
     */
    public Endpoint {
        Ranges.require(!host.isBlank(), "host", "'" + host + "'", "a name or an address, such as localhost");
        Ranges.require(port >= 1 && port <= 65_535, "port", port, "from 1 to 65535");
    }

    /**
     * Reads an endpoint as {@link #toString()} writes it.
     *
     * @param text {@code host:port}; an IPv6 address may stand in brackets
     * @return the endpoint
     * @throws IllegalArgumentException saying what is allowed
     */
    public static Endpoint parse(String text) {
        int colon = text.lastIndexOf(':');
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (colon > 0) {
                String host = text.substring(0, colon);
                boolean bracketed = host.startsWith("[") && host.endsWith("]");
                return new Endpoint(bracketed ? host.substring(1, host.length() - 1) : host, port);
            }
        } catch (NumberFormatException e) {
            // Said below, for both parts.
        }
        throw new IllegalArgumentException("it must be host:port, such as localhost:9000 or [::1]:9000");
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
