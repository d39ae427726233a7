package io.millrace.server.internal;

import io.millrace.core.Session;
import io.millrace.core.internal.Connection;
import io.millrace.core.internal.SessionSetup;
import io.millrace.server.admission.RefusalReason;
import io.millrace.server.internal.proxy.ProxyStage;
import java.io.IOException;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for arrivals who their clients are, and keeps those whose proxies have not said so yet.
 *
 * <p>Threading: Thread-safe.
 */
final class ProxyInquiries {
    /*
     *     ask --> WAITING --the stage knows--> taken out: clientFound or refused
     *                |
     *                +-------stop()----------> taken out: channel closed, refused
     *
     * Whoever takes an arrival out of `waiting`, the stage's answer or the stop, decides what becomes of it: so each has
     * one answer. A stop misses nobody: it says so and then goes through the set; whoever asks adds to the set and then
     * looks whether there has been a stop.
     */

    /** Who has the arrivals. */
    interface Owner {
        /** Goes on with an arrival whose client is known; its address has not been judged. */
        void clientFound(Arrival arrival, Connection connection, SessionSetup setup, Consumer<Session> beforeStart);

        /** Refuses an arrival. */
        void refuse(Arrival arrival, RefusalReason reason, @Nullable Object cause);
    }

    private static final Logger log = LoggerFactory.getLogger(ProxyInquiries.class);

    private final ProxyStage stage;
    private final Owner owner;
    private final Set<Arrival> waiting = ConcurrentHashMap.newKeySet();
    // Written once, by stop().
    private volatile boolean stopped;

    ProxyInquiries(ProxyStage stage, Owner owner) {
        this.stage = stage;
        this.owner = owner;
    }

    /** Asks for an arrival; the owner is told now or later. */
    void ask(Arrival arrival) {
        waiting.add(arrival);
        try {
            stage.accepted(arrival.connection(), new Answer(arrival));
        } catch (Throwable broken) {
            log.error("proxy could not be asked for its client; remote={}", arrival.socketAddress(), broken);
            if (waiting.remove(arrival)) {
                owner.refuse(arrival, RefusalReason.BROKEN, broken);
            }
        }
        if (stopped) {
            refuseAll();
        }
    }

    /** Returns whether anybody's proxy has not answered yet. */
    boolean isWaiting() {
        return !waiting.isEmpty();
    }

    /** Refuses those that wait, and whoever comes from now on. */
    void stop() {
        stopped = true;
        refuseAll();
    }

    /** Returns whether no arrival waits for its proxy. */
    boolean isEmpty() {
        return waiting.isEmpty();
    }

    private void refuseAll() {
        for (Arrival arrival : List.copyOf(waiting)) {
            if (waiting.remove(arrival)) {
                // First of all, for its header is being read, and nobody else may read it.
                closeQuietly(arrival.channel());
                owner.refuse(arrival, RefusalReason.SHUTTING_DOWN, null);
            }
        }
    }

    private static void closeQuietly(AsynchronousSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("close failed; cause={}", e.toString());
        }
    }

    /** What the stage has to say about one arrival. */
    private final class Answer implements ProxyStage.Outcome {
        private final Arrival arrival;

        Answer(Arrival arrival) {
            this.arrival = arrival;
        }

        @Override
        public void found(Connection connection, SessionSetup setup, Consumer<Session> beforeStart) {
            if (waiting.remove(arrival)) {
                owner.clientFound(arrival, connection, setup, beforeStart);
            }
        }

        @Override
        public void refused(AsynchronousSocketChannel channel, RefusalReason reason, String cause) {
            if (waiting.remove(arrival)) {
                owner.refuse(arrival, reason, cause);
            }
        }
    }
}
