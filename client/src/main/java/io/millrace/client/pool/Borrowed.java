package io.millrace.client.pool;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.request.ConnectionUse;
import io.millrace.core.Session;

/**
 * A connection of a client's pool that belongs to one borrower until it is given back. Neither requests of the client's
 * nor other borrowers use it meanwhile.
 *
 * <pre>{@code
 * try (Borrowed borrowed = client.borrow(Duration.ofSeconds(1)).join()) {
 *     borrowed.session().send(message);
 * }
 * }</pre>
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: made by {@code TcpClient.borrow}; ended by {@link #giveBack()} or {@link #close()}. A call on the
 * session that is under way then is let finish first. The connection is used again if nothing of the borrower's can
 * reach whoever has it next: reading is resumed if it was paused; a connection that is closing, draining or shut, that
 * speaks another protocol now, or that waits for replies which could be taken for others, is ended instead, once those
 * have come. So is one that messages were sent on which are no requests, where replies have no tokens and the client
 * asks: an answer to them would be taken for the reply to somebody's request. What the borrower has attached to the session stays there. Messages that the peer sends unasked go to the
 * client's handlers as always: who converses by them gives the connection back when the conversation is over.
 *
 * <p>One that is never given back keeps its place in the pool. {@link PoolConfig#leakAfter()} has it reported; one that
 * the program has lost all references to is reported at WARN in any case when the garbage collector finds it, and its
 * connection is closed.
 *
 * <p>Errors: {@link IllegalStateException} for whatever is done with the session after its return.
 */
public interface Borrowed extends AutoCloseable {
    /**
     * Returns the session. Ending it is allowed, and ends the connection. It is not the object that callbacks are
     * given, but has the same {@link Session#id()}.
     *
     * @return always the same; once it is given back, all of its methods throw {@link IllegalStateException} but
     *     {@code id}, {@code remoteAddress}, {@code localAddress}, {@code closeReason}, {@code closed} and {@code stats}
     */
    Session session();

    /**
     * Returns where it is connected to.
     *
     * @return the endpoint
     */
    Endpoint endpoint();

    /**
     * Returns how the connection came to this borrower.
     *
     * @return whether it was there, and whether that took waiting
     */
    ConnectionUse use();

    /**
     * Gives the connection back.
     *
     * @throws IllegalStateException if it has been given back or closed already: somebody else may have it by now
     */
    void giveBack();

    /** Gives the connection back, unless that has been done. */
    @Override
    void close();
}
