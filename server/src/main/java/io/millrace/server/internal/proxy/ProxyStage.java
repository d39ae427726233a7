package io.millrace.server.internal.proxy;

import io.millrace.core.Session;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.Connection;
import io.millrace.core.internal.SessionSetup;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
     * Each connection ends in exactly one call of its Outcome. stop() and a reader that begins meanwhile cannot miss each other:
     * one lists itself and then looks whether it is too late, the other says so and then goes through the list.
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
         * @param refusal why
         */
        void refused(AsynchronousSocketChannel channel, ProxyRefusal refusal);
    }

    private static final Logger log = LoggerFactory.getLogger(ProxyStage.class);

    private final IoRuntime runtime;
    private final ProxyRules rules;
    private final SessionSetup setup;
    private final SessionSetup directSetup;
    private final Set<ProxyHeaderReader> readers = ConcurrentHashMap.newKeySet();
    private final Map<ProxyRefusal, AtomicLong> refused = new EnumMap<>(ProxyRefusal.class);

    // Written once.
    private volatile boolean stopped;

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
        for (ProxyRefusal refusal : ProxyRefusal.values()) {
            refused.put(refusal, new AtomicLong());
        }
        GuardedProtocol guarded = new GuardedProtocol(setup.protocol(), () -> count(ProxyRefusal.UNTRUSTED_PROXY));
        this.directSetup = setup.framedBy(guarded);
    }

    /**
     * Takes a connection that has just been accepted.
     *
     * @param connection the connection, as its channel knows it
     * @param outcome told now or later, unless this throws
     */
    public void accepted(Connection connection, Outcome outcome) {
        if (rules.trusts(connection.remoteAddress().getAddress())) {
            ProxyHeaderReader reader = new ProxyHeaderReader(runtime, connection, this, outcome);
            readers.add(reader);
            reader.start();
            if (stopped) {
                reader.stop();
            }
        } else if (rules.allowsDirect()) {
            outcome.found(connection, directSetup, session -> {});
        } else {
            refuse(connection, outcome, ProxyRefusal.UNTRUSTED_PROXY, "it is no trusted proxy");
        }
    }

    /** Closes all connections that wait for their headers, and those that would from now on. */
    public void stop() {
        stopped = true;
        readers.forEach(ProxyHeaderReader::stop);
    }

    /**
     * Returns how many connections wait for their headers.
     *
     * @return the number of headers being read
     */
    public int waiting() {
        return readers.size();
    }

    /**
     * Returns how many connections were refused for a reason; a session that was closed for a forged header counts.
     *
     * @param refusal the reason
     * @return connections since the start
     */
    public long refused(ProxyRefusal refusal) {
        return counter(refusal).get();
    }

    long headerTimeoutNanos() {
        return rules.headerTimeoutNanos();
    }

    /** The header is there. The first bytes are borrowed. */
    void complete(ProxyHeaderReader reader, Outcome outcome, Connection connection, ProxyHeaderDecoder header) {
        readers.remove(reader);
        InetSocketAddress proxy = connection.remoteAddress();
        InetSocketAddress source = header.source();
        Connection fromClient =
                source == null ? connection : new Connection(connection.channel(), source, connection.firstBytes());
        outcome.found(fromClient, setup, session -> rules.announce(session, proxy, header));
    }

    /** There is no header. */
    void failed(ProxyHeaderReader reader, Outcome outcome, Connection connection, ProxyRefusal refusal, String cause) {
        readers.remove(reader);
        refuse(connection, outcome, refusal, cause);
    }

    private void refuse(Connection connection, Outcome outcome, ProxyRefusal refusal, String cause) {
        count(refusal);
        log.debug("connection refused; remote={} reason={} cause={}", connection.remoteAddress(), refusal, cause);
        outcome.refused(connection.channel(), refusal);
    }

    private void count(ProxyRefusal refusal) {
        counter(refusal).incrementAndGet();
    }

    private AtomicLong counter(ProxyRefusal refusal) {
        return Objects.requireNonNull(refused.get(refusal), "refusal");
    }
}
