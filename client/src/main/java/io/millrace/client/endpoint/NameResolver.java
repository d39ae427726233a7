package io.millrace.client.endpoint;

import java.io.IOException;
import java.net.InetAddress;
import java.util.List;

/**
 * Finds the addresses of a name. A client asks anew for every connection, and never for what is an address already.
 *
 * <p>Threading: called on threads of the client's own, which may be blocked; for one name never twice at the same time
 * by one client, for different names at the same time.
 *
 * <p>Lifecycle: the application's; it may serve several clients, and no client closes it.
 *
 * <p>Errors: whatever it throws fails the connections that waited for it. An answer that comes after the client's
 * {@code resolveTimeout} is not waited for; the thread is interrupted when the client closes.
 *
 * @implSpec Must be thread-safe. What hangs holds one thread of the client until it returns, whatever becomes of those
 *     that waited.
 */
@FunctionalInterface
public interface NameResolver {
    /**
     * Finds the addresses of a name.
     *
     * @param host the name, as the endpoint has it
     * @return its addresses, in the order in which they are to be tried; not empty
     * @throws IOException if the name has none, or this cannot be found out
     */
    List<InetAddress> resolve(String host) throws IOException;

    /**
     * Returns the JDK's resolver, which asks the system.
     *
     * @return the default resolver
     * @implNote The JDK remembers what it has found for 30 s, and for 10 s that there was nothing, unless the security
     *     properties {@code networkaddress.cache.ttl} and {@code networkaddress.cache.negative.ttl} say otherwise.
     */
    static NameResolver system() {
        return host -> List.of(InetAddress.getAllByName(host));
    }
}
