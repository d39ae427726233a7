package io.millrace.client.endpoint;

import io.millrace.core.config.Ranges;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Where to connect to: a name or address, looked up anew for every connection, and a port.
 *
 * <p>Threading: Immutable.
 *
 * @param host a name or an address; an IPv6 address without brackets
 * @param port from 1 to 65,535
 */
public record Endpoint(String host, int port) {
    /**
     * Checks both.
     *
     * @param host a name or an address, not blank, without spaces, commas and a port; brackets around it are taken
     *     away
     * @param port from 1 to 65,535
     * @throws IllegalArgumentException if one of them cannot be
     */
    public Endpoint {
        host = withoutBrackets(Objects.requireNonNull(host, "host"));
        Ranges.require(
                !host.isEmpty() && host.chars().noneMatch(Endpoint::isOutside) && !hasPort(host),
                "host",
                "'" + host + "'",
                "a name or an address, such as localhost" + (hasPort(host) ? "; the port is given by itself" : ""));
        Ranges.require(port >= 1 && port <= 65_535, "port", port, "from 1 to 65535");
    }

    /**
     * Returns an endpoint.
     *
     * @param host a name or an address
     * @param port from 1 to 65,535
     * @return the endpoint
     * @throws IllegalArgumentException if one of them cannot be
     */
    public static Endpoint of(String host, int port) {
        return new Endpoint(host, port);
    }

    /**
     * Reads an endpoint as {@link #toString()} writes it.
     *
     * @param text {@code host:port}; an IPv6 address stands in brackets
     * @return the endpoint
     * @throws IllegalArgumentException saying what is allowed
     */
    public static Endpoint parse(String text) {
        int colon = text.lastIndexOf(':');
        String host = text.substring(0, Math.max(colon, 0));
        // Of ::1:9000 nobody can tell whether it ends with a port.
        boolean isPlain = host.indexOf(':') < 0 || !withoutBrackets(host).equals(host);
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            if (!host.isEmpty() && isPlain) {
                return new Endpoint(host, port);
            }
        } catch (NumberFormatException e) {
            // Said below, for both parts.
        }
        throw new IllegalArgumentException("it must be host:port, such as localhost:9000 or [::1]:9000");
    }

    /**
     * Reads endpoints with commas between them.
     *
     * @param text at least one, such as {@code a:1,b:2}; spaces around commas do not count
     * @return the endpoints in their order; not to be modified
     * @throws IllegalArgumentException naming the part that is no endpoint, or is there twice
     */
    public static List<Endpoint> parseList(String text) {
        List<Endpoint> endpoints = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            String stripped = part.strip();
            try {
                endpoints.add(parse(stripped));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("in '" + stripped + "': " + e.getMessage(), e);
            }
        }
        return distinct(endpoints);
    }

    /** Returns a copy, if there is at least one and none is there twice. */
    static List<Endpoint> distinct(List<Endpoint> endpoints) {
        Ranges.require(!endpoints.isEmpty(), "endpoints", "empty", "at least one");
        for (int i = 1; i < endpoints.size(); i++) {
            Endpoint endpoint = endpoints.get(i);
            Ranges.require(!endpoints.subList(0, i).contains(endpoint), "endpoint", endpoint, "there only once");
        }
        return List.copyOf(endpoints);
    }

    private static String withoutBrackets(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    /** Of an IPv6 address there are two colons at least. */
    private static boolean hasPort(String host) {
        int colon = host.indexOf(':');
        return colon >= 0 && colon == host.lastIndexOf(':');
    }

    private static boolean isOutside(int character) {
        return Character.isWhitespace(character) || ",[]".indexOf(character) >= 0;
    }

    /** {@return {@code host:port}, with an IPv6 address in brackets, as {@link #parse} reads it} */
    @Override
    public String toString() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
