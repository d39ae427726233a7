package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.Clients.text;
import static io.millrace.client.LeakCheck.assertWithin;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The blocking form of a request: what it answers, and where it refuses to wait. */
@Tag("engine")
class CallIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void callsOfEightThreadsGetTheirOwnReplies() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        List<Thread> callers = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
            String prefix = "thread " + t + " call ";
            Thread caller = new Thread(() -> {
                try {
                    for (int i = 0; i < 500; i++) {
                        assertEquals(prefix + i, ask(client, prefix + i));
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            });
            callers.add(caller);
            caller.start();
        }

        for (Thread caller : callers) {
            caller.join(30_000);
            assertFalse(caller.isAlive());
        }

        assertEquals(List.of(), failures);
        assertEquals(1, server.stats().accepted());
    }

    @Test
    void callFromAHandlerOfTheSameGroupIsRefusedAtOnce() throws Exception {
        IoGroup group = leaks.watch(IoGroup.builder().threads(1).start());
        CompletableFuture<Throwable> refusal = new CompletableFuture<>();
        TcpClient[] inner = new TcpClient[1];
        TcpServer server = leaks.watch(TcpServer.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> {
                    try {
                        inner[0].call(new byte[1], LONG);
                    } catch (IllegalStateException e) {
                        refusal.complete(e);
                    }
                    session.send(message);
                })
                .bind(0));
        inner[0] = leaks.watch(Clients.to(server.port()).group(group).build());
        TcpClient client = leaks.watch(Clients.to(server.port()).build());

        assertEquals("answered", ask(client, "answered"));

        assertTrue(refusal.get(10, TimeUnit.SECONDS).getMessage().contains("use request()"));
    }

    @Test
    void callFromAFuturesCallbackIsRefusedAtOnce() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(peer.port()).build());
        CompletableFuture<ByteBuffer> reply = client.request(bytes("ask"), LONG);
        CompletableFuture<byte[]> nested = reply.thenApply(answer -> {
            try {
                return client.call(new byte[1], LONG);
            } catch (TransportException e) {
                throw new AssertionError(e);
            }
        });
        RawServer.Connection connection = leaks.close(peer.accept());
        connection.receiveText();

        connection.send("reply");

        assertInstanceOf(IllegalStateException.class, failureOf(nested));
        assertEquals("reply", text(reply));
    }

    @Test
    void interruptedCallSaysSoKeepsTheInterruptAndCancelsItsRequest() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(peer.port()).build());
        AtomicReference<TransportException> thrown = new AtomicReference<>();
        AtomicReference<Boolean> interrupted = new AtomicReference<>();
        Thread caller = new Thread(() -> {
            try {
                client.call(bytes("never answered"), LONG);
            } catch (TransportException e) {
                thrown.set(e);
                interrupted.set(Thread.currentThread().isInterrupted());
            }
        });
        caller.start();
        RawServer.Connection connection = leaks.close(peer.accept());
        assertEquals("never answered", connection.receiveText());
        long start = System.nanoTime();

        caller.interrupt();

        caller.join(10_000);
        assertWithin(Duration.ofSeconds(2), start);
        assertNotNull(thrown.get());
        assertInstanceOf(InterruptedException.class, thrown.get().getCause());
        assertEquals(true, interrupted.get());
        CompletableFuture<ByteBuffer> next = client.request(bytes("next"), LONG);
        assertEquals("next", connection.receiveText());
        connection.send("late");
        connection.send("reply to next");
        assertEquals("reply to next", text(next));
    }
}
