package io.millrace.server.internal.proxy;

import io.millrace.core.Session;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** What the application has decided about proxies. Thread-safe. */
public interface ProxyRules {
    /**
     * Returns whether connections from an address begin with a header.
     *
     * @param proxy the address of the channel itself
     * @return false if there must not be one
     */
    boolean trusts(InetAddress proxy);

    /**
     * Returns whether connections from other addresses are taken, without a header.
     *
     * @return false if they are refused
     */
    boolean allowsDirect();

    /**
     * Returns how long a header may take.
     *
     * @return nanoseconds, more than 0
     */
    long headerTimeoutNanos();

    /**
     * Gives a session its header, before it opens.
     *
     * @param session the session
     * @param proxy the address of the channel itself
     * @param header the header, complete
     */
    void announce(Session session, InetSocketAddress proxy, ProxyHeaderDecoder header);
}
