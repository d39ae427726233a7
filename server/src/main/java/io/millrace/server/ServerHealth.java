package io.millrace.server;

import java.util.List;

/**
 * Whether a server can do its work, as an orchestrator asks. Immutable.
 *
 * @param state how far the server has come
 * @param ready whether a client that connects now is served: false before the start, while draining and after the
 *     stop, at the connection limit, while accepting fails, and when the server is not alive
 * @param alive whether it helps to wait: false once the server has stopped, and when callbacks hold every I/O thread,
 *     which the group finds out after {@link io.millrace.core.IoGroup.Builder#blockedThreadTimeout}
 * @param problems what is wrong, a line each; empty if nothing is. There may be some though the server is ready
 */
public record ServerHealth(ServerState state, boolean ready, boolean alive, List<String> problems) {
    /** {@return one line for people} */
    @Override
    public String toString() {
        String found = problems.isEmpty() ? "" : ": " + String.join("; ", problems);
        return (ready ? "ready" : "not ready") + ", " + (alive ? "alive" : "not alive") + found;
    }
}
