package io.millrace.client;

import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.millrace.client.pool.Borrowed;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.PoolConfigBuilder;
import io.millrace.core.IoGroup;
import io.millrace.core.Reply;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.ManualClock;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What many tests of pools begin with: a server that answers, or holds its answer back, and clients of it. */
final class Pools {
    /** How requests of a client use connections. */
    enum Use {
        SHARED_BY_TOKEN(Protocol.millrace()),
        SHARED_IN_ORDER(Protocol.lengthPrefixed()),
        ONE_AT_A_TIME(Protocol.seed());

        final Protocol protocol;

        Use(Protocol protocol) {
            this.protocol = protocol;
        }
    }

    private final Use use;
    private final LeakCheck leaks;
    /** Replies to what begins with "hold". */
    private final BlockingQueue<Reply> held = new LinkedBlockingQueue<>();

    Pools(Use use, LeakCheck leaks) {
        this.use = use;
        this.leaks = leaks;
    }

    TcpServer serve() throws Exception {
        return leaks.watch(TcpServer.builder()
                .protocol(use.protocol)
                .onRequest((session, request, reply) -> {
                    byte[] copy = new byte[request.remaining()];
                    request.get(copy);
                    if (Clients.text(copy).startsWith("hold")) {
                        held.add(reply);
                    } else {
                        reply.send(copy);
                    }
                })
                .bind("127.0.0.1", 0));
    }

    /** Waits for a request whose answer is held back. */
    Reply held() throws Exception {
        Reply reply = held.poll(20, TimeUnit.SECONDS);
        assertNotNull(reply, "no request is held");
        return reply;
    }

    TcpClientBuilder to(TcpServer server, PoolConfigBuilder pool) {
        return Clients.to(server.port()).protocol(use.protocol).pool(pool.build());
    }

    /** Returns a client whose idle connections are never closed. */
    TcpClient client(TcpServer server, int connections) throws Exception {
        return leaks.watch(to(server, limitedTo(connections)).build());
    }

    static PoolConfigBuilder limitedTo(int connections) {
        return PoolConfig.builder().maxConnections(connections).idleTimeout(Duration.ZERO);
    }

    static Borrowed borrow(TcpClient client) throws Exception {
        return client.borrow(Clients.LONG).get(20, TimeUnit.SECONDS);
    }

    static String ask(Borrowed borrowed, String question) throws Exception {
        return Clients.text(
                borrowed.session().request(java.nio.ByteBuffer.wrap(Clients.bytes(question)), Clients.LONG));
    }

    static void awaitWaiting(TcpClient client, int waiting) {
        awaitSoon(waiting + " waiting", () -> client.poolStats().waiting() == waiting);
    }

    /** Nothing is lent and nobody waits, as far as anybody can tell. */
    static void expectBalanced(TcpClient client) {
        awaitSoon("the pool's balance", () -> {
            var stats = client.poolStats();
            return stats.borrowed() == 0 && stats.waiting() == 0 && stats.opening() == 0;
        });
        assertEquals(client.poolStats().open(), client.poolStats().idle(), () -> "busy: " + client.poolStats());
    }

    static IoGroup group(ManualClock clock, LeakCheck leaks) throws Exception {
        IoGroup.Builder builder = IoGroup.builder().threads(2);
        GroupAccess.setClock(builder, clock);
        IoGroup group = leaks.watch(builder.start());
        clock.drives(GroupAccess.runtimeOf(group).deadlines());
        return group;
    }
}
