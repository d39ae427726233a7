package io.millrace.core;

import org.jspecify.annotations.Nullable;

/**
 * Hears what became of one message that was accepted for sending.
 *
 * <p>Threading: called once, as one of the session's own callbacks: never while another one of that session runs, and
 * in the order in which the messages were sent. Must not block where those must not.
 *
 * <p>Errors: a throw closes the session with {@link CloseReason.Kind#HANDLER}; it is logged.
 */
@FunctionalInterface
public interface SendCompletion {
    /**
     * Hears that the message has been written to the connection, or never will be. Written is not received: only an
     * answer of the peer's tells that.
     *
     * @param failure why it was not, such as a {@link SessionClosedException} that knows whether some of it was; null
     *     if it was
     */
    void completed(@Nullable TransportException failure);
}
