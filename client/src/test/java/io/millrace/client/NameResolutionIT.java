package io.millrace.client;

import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.assertWithin;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.endpoint.NameResolver;
import io.millrace.core.ConnectFailedException;
import io.millrace.core.ConnectFailedException.Kind;
import io.millrace.core.ConnectTimeoutException;
import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** P10: what becomes of connects whose name fails, hangs, moves, or has dead addresses. */
@Tag("engine")
@EnabledOnOs(value = OS.LINUX, disabledReason = "needs all of 127.0.0.0/8 to be local, and backlogs that drop")
class NameResolutionIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private static TcpClientBuilder to(String host, int port, NameResolver names) {
        return TcpClient.builder()
                .protocol(Protocol.lengthPrefixed())
                .endpoint(host, port)
                .nameResolver(names);
    }

    private static InetAddress local(int last) throws IOException {
        return InetAddress.getByAddress("server.example", new byte[] {127, 0, 0, (byte) last});
    }

    /** A server on one address that answers with its own address. */
    private TcpServer named(InetAddress address, int port) throws TransportException {
        byte[] answer = Clients.bytes(address.getHostAddress());
        return leaks.watch(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(answer))
                .bind(new InetSocketAddress(address, port)));
    }

    private static ConnectFailedException connectFailureOf(CompletableFuture<?> future) throws Exception {
        return assertInstanceOf(ConnectFailedException.class, failureOf(future));
    }

    @Test
    void nameThatFailsFailsTheConnectAndIsAskedAgainByTheNextOne() throws Exception {
        TcpServer server = named(local(2), 0);
        UnknownHostException unknown = new UnknownHostException("server.example: try again");
        AtomicReference<UnknownHostException> failure = new AtomicReference<>(unknown);
        TcpClient client = leaks.watch(to("server.example", server.port(), host -> {
                    UnknownHostException now = failure.get();
                    if (now != null) {
                        throw now;
                    }
                    return List.of(local(2));
                })
                .build());

        ConnectFailedException failed = connectFailureOf(client.connect());

        assertEquals(Kind.UNRESOLVED, failed.kind());
        assertSame(unknown, failed.getCause());
        assertTrue(failed.getMessage().contains("cannot resolve server.example"), failed.getMessage());
        assertEquals(List.of(), failed.addresses());
        failure.set(null);
        assertEquals("127.0.0.2", addressOf(client.connect()));
    }

    @Test
    void resolverThatHangsIsNotWaitedForAndBlocksNoIoThread() throws Exception {
        CountDownLatch gate = new CountDownLatch(1);
        TcpServer server = leaks.watch(Clients.echo());
        IoGroup group = leaks.watch(IoGroup.builder().threads(1).start());
        TcpClient other = leaks.watch(Clients.to(server.port()).group(group).build());
        TcpClient client = leaks.watch(to("server.example", server.port(), hanging(gate))
                .group(group)
                .resolveTimeout(Duration.ofMillis(300))
                .build());
        long start = System.nanoTime();
        CompletableFuture<Session> connecting = client.connect();

        assertEquals("not blocked", ask(other, "not blocked"));
        assertFalse(connecting.isDone());
        ConnectFailedException failed = connectFailureOf(connecting);

        assertWithin(Duration.ofSeconds(2), start);
        assertTrue(System.nanoTime() - start >= TimeUnit.MILLISECONDS.toNanos(300));
        assertEquals(Kind.UNRESOLVED, failed.kind());
        assertTrue(failed.getMessage().contains("name lookup took longer than 300 ms"), failed.getMessage());
        CompletableFuture<Session> joined = client.connect();
        gate.countDown();
        assertTrue(joined.get(10, TimeUnit.SECONDS).isOpen());
    }

    /** Returns 127.0.0.1 once the gate is open, or after half a minute. */
    private static NameResolver hanging(CountDownLatch gate) {
        return host -> {
            try {
                gate.await(30, TimeUnit.SECONDS);
                return List.of(local(1));
            } catch (InterruptedException e) {
                throw new InterruptedIOException("the client has closed");
            }
        };
    }

    @Test
    void connectsDeadlineEndsALookupThatWouldHaveMoreTime() throws Exception {
        TcpClient client = leaks.watch(to("server.example", 1, hanging(new CountDownLatch(1)))
                .connectTimeout(Duration.ofMillis(200))
                .build());

        ConnectFailedException failed = connectFailureOf(client.connect());

        assertEquals(Kind.UNRESOLVED, failed.kind());
        assertTrue(failed.getMessage().contains("name lookup took longer than "), failed.getMessage());
    }

    @Test
    void closeEndsAConnectWhoseNameHangsAndTheThreadThatLooksItUp() throws Exception {
        CompletableFuture<Thread> resolving = new CompletableFuture<>();
        NameResolver hanging = hanging(new CountDownLatch(1));
        TcpClient client = to("server.example", 1, host -> {
                    resolving.complete(Thread.currentThread());
                    return hanging.resolve(host);
                })
                .build();
        CompletableFuture<Session> connecting = client.connect();
        Thread thread = resolving.get(10, TimeUnit.SECONDS);
        long start = System.nanoTime();

        client.close();

        assertWithin(Duration.ofMillis(500), start);
        assertEquals("the client is closed", failureOf(connecting).getMessage());
        awaitSoon("the thread has ended", () -> !thread.isAlive());
    }

    @Test
    void nameIsLookedUpForEveryConnectSoThatAServerThatMovesIsFound() throws Exception {
        TcpServer before = named(local(2), 0);
        TcpServer after = named(local(3), before.port());
        AtomicReference<InetAddress> address = new AtomicReference<>(local(2));
        TcpClient client = leaks.watch(to("server.example", before.port(), host -> List.of(address.get()))
                .build());
        assertEquals("127.0.0.2", addressOf(client.connect()));

        address.set(local(3));

        assertEquals("127.0.0.3", addressOf(client.connect()));
        awaitSoon("accepted there", () -> after.stats().connections() == 1);
    }

    private static String addressOf(CompletableFuture<Session> connecting) throws Exception {
        return connecting.get(10, TimeUnit.SECONDS).remoteAddress().getAddress().getHostAddress();
    }

    @Test
    void deadAddressesAreSteppedOver() throws Exception {
        TcpServer server = named(local(4), 0);
        TcpClient client =
                leaks.watch(to("server.example", server.port(), host -> List.of(local(2), local(3), local(4)))
                        .build());

        assertEquals("127.0.0.4", ask(client, "where are you?"));
    }

    @Test
    void addressThatDoesNotAnswerLeavesTheOthersTheirShareOfTheTime() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        named(local(2), full.port());
        TcpClient client = leaks.watch(to("server.example", full.port(), host -> List.of(local(1), local(2)))
                .connectTimeout(Duration.ofMillis(600))
                .build());

        assertEquals("127.0.0.2", ask(client, "where are you?"));
    }

    @Test
    void whenAllAddressesFailEachIsNamedWithWhatHappenedThere() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpClient client = leaks.watch(to("server.example", full.port(), host -> List.of(local(2), local(1)))
                .connectTimeout(Duration.ofMillis(400))
                .build());

        ConnectTimeoutException failed = assertInstanceOf(ConnectTimeoutException.class, failureOf(client.connect()));

        String port = ":" + full.port();
        assertTrue(failed.getMessage().startsWith("cannot connect to server.example" + port), failed.getMessage());
        assertTrue(failed.getMessage().contains("127.0.0.2" + port + " refused"), failed.getMessage());
        assertTrue(failed.getMessage().contains("127.0.0.1" + port + " no answer within "), failed.getMessage());
        assertInstanceOf(ConnectException.class, failed.getSuppressed()[0]);
        assertEquals(
                List.of(new InetSocketAddress(local(2), full.port()), new InetSocketAddress(local(1), full.port())),
                failed.addresses());
    }
}
