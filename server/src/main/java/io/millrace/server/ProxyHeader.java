package io.millrace.server;

import io.millrace.core.AttributeKey;
import io.millrace.server.internal.proxy.HeaderTlvs;
import io.millrace.server.internal.proxy.ProxyHeaderDecoder;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a trusted proxy has said about a connection: the attribute {@link #KEY} of its session, from before
 * {@code onOpen} on. Sessions of clients that came without a proxy do not have it.
 *
 * <p>The application protocol, the authority, the unique id and the AWS VPC endpoint are kept wherever in a header of
 * version 2 they are, up to 255 bytes each (the unique id to 128, a longer one is malformed). What else a header holds
 * is passed over. The texts may come from the client: the proxy repeats them.
 *
 * <p>Threading: Immutable.
 */
public final class ProxyHeader {
    /** The attribute of sessions that came through a proxy. */
    public static final AttributeKey<ProxyHeader> KEY = AttributeKey.of("proxyHeader", ProxyHeader.class);

    private final InetSocketAddress proxy;
    private final int version;
    private final boolean local;
    private final @Nullable InetSocketAddress source;
    private final @Nullable InetSocketAddress destination;
    private final @Nullable HeaderTlvs values;

    ProxyHeader(InetSocketAddress proxy, ProxyHeaderDecoder decoded) {
        this.proxy = proxy;
        this.version = decoded.version();
        this.local = decoded.isLocal();
        this.source = decoded.source();
        this.destination = decoded.destination();
        this.values = decoded.values();
    }

    /** {@return the address that the proxy itself has connected from} */
    public InetSocketAddress proxy() {
        return proxy;
    }

    /** {@return the version of the header: 1 or 2} */
    public int version() {
        return version;
    }

    /** {@return whether the proxy has connected for itself, to see whether the server is well, and not for a client} */
    public boolean isLocal() {
        return local;
    }

    /**
     * Returns the client's address, which is the remote address of the session.
     *
     * @return the address, or null if the header names none that TCP has: then the session's is the proxy's
     */
    public @Nullable InetSocketAddress source() {
        return source;
    }

    /**
     * Returns what the client has connected to: an address of the proxy, mostly.
     *
     * @return the address, or null if the header names none
     */
    public @Nullable InetSocketAddress destination() {
        return destination;
    }

    /** {@return the application protocol that proxy and client have agreed on (ALPN), or null if it is not told} */
    public @Nullable String alpn() {
        return values == null ? null : values.alpn();
    }

    /** {@return the host name that the client has asked for (SNI), or null if it is not told} */
    public @Nullable String authority() {
        return values == null ? null : values.authority();
    }

    /** {@return a copy of the proxy's own name of the connection, or null if it is not told} */
    public byte @Nullable [] uniqueId() {
        return values == null ? null : values.uniqueId();
    }

    /** {@return the id of the AWS VPC endpoint that the client came through, or null if it is not told} */
    public @Nullable String awsVpcEndpoint() {
        return values == null ? null : values.awsVpcEndpoint();
    }

    /** {@return the addresses; no text that may come from the client} */
    @Override
    public String toString() {
        return "ProxyHeader[version=" + version + ", " + (local ? "local" : source + " to " + destination) + ", proxy="
                + proxy + "]";
    }
}
