package io.millrace.server.internal.proxy;

import io.millrace.core.Session;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.Connection;
import io.millrace.core.internal.SessionSetup;
import io.millrace.server.admission.RefusalReason;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.function.Consumer;

/**
 * What lies between an accepted channel and its session when there are proxies: finds out who the client is.
 *
 * <p>Threading: Thread-safe.
 */
public final class ProxyStage {
    /*
     * Whom to believe is judged by the address of the socket itself, and by nothing that is sent.
     *
     *     a trusted proxy     its header is read first (ProxyHeaderReader), then the session opens with the client's
     *                         address
     *     anybody else        refused; or, if the application allows direct clients, opened at once: the server may be
     *                         the one to speak first. What such a client sends is watched by the decoder of its session
     *                         (GuardedProtocol), so that a header that it forges is not taken for a message.
     *
     * Each connection ends in exactly one call of its Outcome, at the latest when its header is overdue. Whoever does not
     * want to wait for that closes the channel, which is an outcome too.
     */

    /** What becomes of a connection: one call, on an I/O thread or the one that asked. Neither method throws. */
    public interface Outcome {
        /**
         * Makes a session of the connection.
         *
         * @param connection the connection; its first bytes are borrowed
         * @param setup the setup of the session
         * @param beforeStart given the session before it starts; must not throw
         */
        void found(Connection connection, SessionSetup setup, Consumer<Session> beforeStart);

        /**
         * Closes the connection.
         *
         * @param channel the channel, with no operation in flight
         * @param reason why
         * @param cause what it was exactly, for people
         */
        void refused(AsynchronousSocketChannel channel, RefusalReason reason, String cause);
    }

    private final IoRuntime runtime;
    private final ProxyRules rules;
    private final SessionSetup setup;
    private final SessionSetup directSetup;

    /**
     * Makes the stage.
     *
     * @param runtime the group
     * @param rules what the application has decided
     * @param setup the setup of all sessions
     */
    public ProxyStage(IoRuntime runtime, ProxyRules rules, SessionSetup setup) {
        this.runtime = runtime;
        this.rules = rules;
        this.setup = setup;
        this.directSetup = setup.framedBy(new GuardedProtocol(setup.protocol()));
    }

    /**
     * Returns what the sessions of clients that come without a proxy have in common.
     *
     * @return the setup of all sessions, but for how frames are found
     */
    public SessionSetup directSetup() {
        return directSetup;
    }

    /**
     * Takes a connection that has just been accepted.
     *
     * @param connection the connection, as its channel knows it
     * @param outcome told now or later, unless this throws
     */
    public void accepted(Connection connection, Outcome outcome) {
        if (rules.trusts(connection.remoteAddress().getAddress())) {
            new ProxyHeaderReader(runtime, connection, this, outcome).start();
        } else if (rules.allowsDirect()) {
            outcome.found(connection, directSetup, session -> {});
        } else {
            outcome.refused(connection.channel(), RefusalReason.UNTRUSTED_PROXY, "it is no trusted proxy");
        }
    }

    long headerTimeoutNanos() {
        return rules.headerTimeoutNanos();
    }

    /** The header is there. The first bytes are borrowed. */
    void complete(Outcome outcome, Connection connection, ProxyHeaderDecoder header) {
        InetSocketAddress proxy = connection.remoteAddress();
        InetSocketAddress source = header.source();
        Connection fromClient =
                source == null ? connection : new Connection(connection.channel(), source, connection.firstBytes());
        outcome.found(fromClient, setup, session -> rules.announce(session, proxy, header));
    }
}
