package io.millrace.client.endpoint;

import java.io.IOException;
import java.util.List;

/**
 * Says which endpoints there are: a fixed list, or a function that asks a registry, a file or a name server.
 *
 * <p>Threading: asked off the I/O threads, where it may block; it must be thread-safe.
 *
 * <p>Lifecycle: the application's; it may serve several clients, and no client closes it. Whoever is in it is interrupted
 * when the client closes.
 *
 * <p>Errors: a throw, an empty list and null are failures: the client keeps the endpoints that it had. If it never had
 * any, they count as a failed attempt to connect.
 */
@FunctionalInterface
public interface EndpointSource {
    /**
     * Returns the endpoints that there are now.
     *
     * @return at least one; one that is there twice counts once. Not modified, and not kept
     * @throws IOException if they cannot be known now
     */
    List<Endpoint> endpoints() throws IOException;

    /**
     * Returns whether the answer is always the same. Then it is asked for once, at once, and must not block.
     *
     * @return false by default
     */
    default boolean isFixed() {
        return false;
    }

    /**
     * Returns a source of endpoints that never change.
     *
     * @param endpoints at least one, each once
     * @return the source
     * @throws IllegalArgumentException if there are none, or one is there twice
     */
    static EndpointSource of(Endpoint... endpoints) {
        return new FixedEndpoints(Endpoint.distinct(List.of(endpoints)));
    }
}
