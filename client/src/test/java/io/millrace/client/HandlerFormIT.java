package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.millrace.client.request.RequestRefusedException;
import io.millrace.core.ReplyHandler;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests whose outcome a handler takes. */
class HandlerFormIT {
    private static final int REQUESTS = 20_000;
    private static final int IN_FLIGHT = 32;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    /** Counts outcomes, and completes with the last one. */
    private static final class Counting implements ReplyHandler {
        private final AtomicInteger outcomes = new AtomicInteger();
        private final AtomicInteger failures = new AtomicInteger();

        @Override
        public void onReply(ByteBuffer reply) {
            outcomes.incrementAndGet();
        }

        @Override
        public void onFailure(TransportException failure) {
            failures.incrementAndGet();
            outcomes.incrementAndGet();
        }

        void awaitOutcomes(int least) {
            long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (outcomes.get() < least) {
                if (System.nanoTime() - giveUp >= 0) {
                    // No lambda that captures: it would be made in every turn of the loop, and counted.
                    throw new AssertionError(outcomes + " of " + least + " outcomes");
                }
                Thread.onSpinWait();
            }
        }
    }

    @Test
    void callerOfAConnectedClientAllocatesNothing() throws Exception {
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.millrace())
                .onRequest((session, request, reply) -> reply.send(request))
                .bind("127.0.0.1", 0));
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(Protocol.millrace())
                .endpoint("127.0.0.1", server.port())
                .build());
        ByteBuffer payload = ByteBuffer.wrap(bytes("as small as most of them are"));
        ask(client, payload, REQUESTS);

        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        ask(client, payload, REQUESTS);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;

        // An object per request would be 16 bytes each at the least.
        assertTrue(allocated < REQUESTS * 2L, allocated + " bytes for " + REQUESTS + " requests");
    }

    private static void ask(TcpClient client, ByteBuffer payload, int count) {
        Counting counting = new Counting();
        for (int i = 0; i < count; i++) {
            client.request(payload, LONG, counting);
            counting.awaitOutcomes(i - IN_FLIGHT);
        }
        counting.awaitOutcomes(count);
        assertEquals(0, counting.failures.get());
    }

    @Test
    void requestBeforeTheConnectionIsCopiedAndAnswered() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());
        byte[] payload = bytes("first");
        CompletableFuture<String> reply = new CompletableFuture<>();

        client.request(ByteBuffer.wrap(payload), LONG, into(reply));
        payload[0] = 'X';

        assertEquals("first", reply.get(20, TimeUnit.SECONDS));
    }

    @Test
    void closedClientTellsTheHandler() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());
        client.close();
        CompletableFuture<String> reply = new CompletableFuture<>();

        client.request(ByteBuffer.wrap(bytes("too late")), LONG, into(reply));

        RequestRefusedException refused = assertInstanceOf(RequestRefusedException.class, Clients.failureOf(reply));
        assertEquals(RequestRefusedException.Reason.CLOSED, refused.reason());
        assertFalse(refused.maybeSent());
    }

    private static ReplyHandler into(CompletableFuture<String> future) {
        return new ReplyHandler() {
            @Override
            public void onReply(ByteBuffer reply) {
                future.complete(StandardCharsets.UTF_8.decode(reply).toString());
            }

            @Override
            public void onFailure(TransportException failure) {
                future.completeExceptionally(failure);
            }
        };
    }
}
