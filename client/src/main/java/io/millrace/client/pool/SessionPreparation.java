package io.millrace.client.pool;

import io.millrace.core.Session;
import java.util.concurrent.CompletionStage;

/**
 * Makes a new connection of the pool ready for use: logs in, subscribes, whatever the peer wants to hear first. It is
 * asked for every connection, so also after each reconnect.
 *
 * <pre>{@code
 * .prepare(session -> session.request(login, Duration.ofSeconds(1)))
 * }</pre>
 *
 * <p>What the peer sends meanwhile that is no reply goes to the client's handlers as always.
 *
 * <p>Threading: called on I/O threads, for several connections at a time; it must not block.
 *
 * <p>Ownership: the session is the pool's; it may be kept to send on, and closing it ends that connection.
 *
 * <p>Errors: a throw, and a stage that fails or takes longer than the client's connect timeout, end the connection and
 * count as a failed attempt to connect. So does a null.
 */
@FunctionalInterface
public interface SessionPreparation {
    /**
     * Prepares a session, after its {@code onOpen}.
     *
     * @param session a session that nobody else has yet
     * @return completes when the session may be used
     */
    CompletionStage<?> prepare(Session session);
}
