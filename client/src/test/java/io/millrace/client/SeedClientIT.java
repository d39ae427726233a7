package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.Clients.requestOnceItBegins;
import static io.millrace.client.Clients.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.IoGroup;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.SeedProtocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.Hex;
import io.millrace.testing.RawPeer;
import io.millrace.testing.Script;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A client that speaks {@code Protocol.seed()}, byte by byte against servers that share no code with it. */
@Tag("engine")
class SeedClientIT {
    private static final Duration SHORT = Duration.ofMillis(200);

    /** Three requests, one of whose replies is empty; the numbers are any that a server may have come to. */
    private static final Script CONVERSATION = Script.of(
            "-> 05000000 68656c6c6f",
            "<- 0d000000 02000000 01000000 68656c6c6f",
            "-> 01000000 21",
            "<- 08000000 ff000000 01000000",
            "-> 02000000 6869",
            "# the numbers of a server that has run for years",
            "<- 0a000000 ffffff7f 00000080 6869",
            "-> end",
            "<- end");

    private static final Script ONE_QUESTION =
            Script.of("-> 02000000 6869", "<- 0a000000 01000000 01000000 796f", "-> end", "<- end");

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();
    private ServerSocket listener;

    @BeforeEach
    void listen() throws Exception {
        listener = leaks.close(new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1")));
    }

    private TcpClientBuilder builder(Protocol protocol) {
        return Clients.to(listener.getLocalPort())
                .protocol(protocol)
                .jmx(false)
                .onClose((session, reason) -> closed.add(reason));
    }

    private CloseReason nextClose() throws InterruptedException {
        CloseReason reason = closed.poll(10, TimeUnit.SECONDS);
        assertNotNull(reason, "onClose");
        return reason;
    }

    private static void join(CompletableFuture<Void> script) throws Exception {
        script.get(20, TimeUnit.SECONDS);
    }

    private void converse(Script script, IoGroup group) throws Exception {
        CompletableFuture<Void> server = script.serveOn(listener);
        try (TcpClient client = builder(Protocol.seed()).group(group).build()) {
            assertEquals("hello", ask(client, "hello"));
            assertEquals("", ask(client, "!"));
            assertEquals("hi", ask(client, "hi"));
        }
        join(server);
    }

    @Test
    void everyByteOfTheConversationIsAsTheOldServersKnowItHoweverItIsCut() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        converse(CONVERSATION, group);
        converse(CONVERSATION.byteByByte(), group);
        for (int cut = 1; cut <= CONVERSATION.cuts(); cut++) {
            converse(CONVERSATION.cutAt(cut), group);
        }
    }

    @Test
    void numbersOfTheReplyAreThereForWhoKeepsThem() throws Exception {
        CompletableFuture<Void> server = Script.of(
                        "-> 02000000 6869",
                        "<- 0a000000 2a000000 07000000 796f",
                        "-> 01000000 21",
                        "<- 08000000 2b000000 07000000",
                        "-> end",
                        "<- end")
                .serveOn(listener);
        try (TcpClient client =
                leaks.watch(builder(SeedProtocol.create().keepingReplyHeader()).build())) {
            assertArrayEquals(Hex.bytes("2a000000 07000000 796f"), client.call(bytes("hi"), LONG));
            assertArrayEquals(Hex.bytes("2b000000 07000000"), client.call(bytes("!"), LONG));
        }
        join(server);
    }

    @Test
    void timeoutClosesTheConnectionAndTheLateReplyIsNobodys() throws Exception {
        CompletableFuture<Void> late = Script.of(
                        "-> 02000000 6869", "-> end", "# too late", "<- 0a000000 01000000 01000000 6e6f", "<- end")
                .serveOn(listener);
        TcpClient client = leaks.watch(builder(Protocol.seed()).build());

        assertThrows(RequestTimeoutException.class, () -> client.call(bytes("hi"), SHORT));
        assertEquals(CloseReason.Kind.TIMEOUT, nextClose().kind());
        join(late);

        CompletableFuture<Void> next = ONE_QUESTION.serveOn(listener);
        assertEquals("yo", text(requestOnceItBegins(client, bytes("hi"))));
        client.close();
        join(next);
    }

    @Test
    void replyThatNobodyAskedForIsAProtocolError() throws Exception {
        CompletableFuture<Void> server = Script.of("<- 0a000000 01000000 01000000 796f", "-> end", "<- end")
                .serveOn(listener);
        TcpClient client = leaks.watch(builder(Protocol.seed()).build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);

        CloseReason reason = nextClose();

        assertEquals(CloseReason.Kind.PROTOCOL, reason.kind(), reason.toString());
        join(server);
        assertTrue(!session.isOpen());
    }

    @Test
    void secondReplyToOneRequestIsAProtocolErrorAndTheFirstIsGood() throws Exception {
        CompletableFuture<Void> server = Script.of(
                        "-> 02000000 6869",
                        "<- 0a000000 01000000 01000000 796f 0a000000 02000000 01000000 6e6f",
                        "-> end",
                        "<- end")
                .serveOn(listener);
        TcpClient client = leaks.watch(builder(Protocol.seed()).build());

        assertEquals("yo", ask(client, "hi"));

        assertEquals(CloseReason.Kind.PROTOCOL, nextClose().kind());
        join(server);
    }

    @Test
    void lengthsThatCannotBeFailTheRequestAndSayWhatWasDeclared() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        // Negative, huge, one beyond the limit with its numbers, and too short for the numbers.
        for (String length : List.of("ffffffff", "00000080", "ffffff7f", "09000001", "07000000", "00000000")) {
            CompletableFuture<Void> server = Script.of(
                            "-> 02000000 6869", "<- " + length + " 01000000 010000", "-> end", "<- end")
                    .serveOn(listener);
            try (TcpClient client = builder(Protocol.seed()).group(group).build()) {
                SessionClosedException failure = assertInstanceOf(
                        SessionClosedException.class, failureOf(client.request(bytes("hi"), LONG)), length);
                assertEquals(CloseReason.Kind.PROTOCOL, failure.reason().kind(), length);
                String declared = String.valueOf(
                        Integer.reverseBytes(ByteBuffer.wrap(Hex.bytes(length)).getInt()));
                assertTrue(failure.getMessage().contains(declared), failure.getMessage());
            }
            join(server);
        }
    }

    @Test
    void connectionThatEndsInsideAReplyFailsTheRequestAtOnce() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        for (String part : List.of("0a00", "0a000000 010000", "0a000000 01000000 01000000 79")) {
            for (String end : List.of("end", "reset")) {
                CompletableFuture<Void> server =
                        Script.of("-> 02000000 6869", "<- " + part, "<- " + end).serveOn(listener);
                try (TcpClient client = builder(Protocol.seed()).group(group).build()) {
                    SessionClosedException failure = assertInstanceOf(
                            SessionClosedException.class, failureOf(client.request(bytes("hi"), LONG)), part);
                    assertTrue(failure.maybeWritten(), "the request had been sent");
                    CloseReason.Kind expected = end.equals("end") ? CloseReason.Kind.PROTOCOL : CloseReason.Kind.RESET;
                    assertEquals(expected, failure.reason().kind(), part);
                }
                join(server);
            }
        }
    }

    @Test
    void heartbeatsAreFourZeroBytesAndNoAnswerToThemIsMissed() throws Exception {
        TcpClient client =
                leaks.watch(builder(Protocol.seed()).sessions(beating()).build());
        CompletableFuture<Session> connecting = client.connect();
        try (RawPeer server = RawPeer.of(listener.accept())) {
            for (int i = 0; i < 5; i++) {
                Hex.expect(server, "00 00 00 00");
            }
            assertTrue(connecting.get(10, TimeUnit.SECONDS).isOpen());
        }
    }

    @Test
    void heartbeatsAreOffUnlessTheyAreTurnedOn() throws Exception {
        // What a server that has never heard of heartbeats needs: the last of the original ones.
        CompletableFuture<Void> server = ONE_QUESTION.serveOn(listener);
        try (TcpClient client =
                leaks.watch(builder(SeedProtocol.create().withoutHeartbeats()).build())) {
            assertEquals("yo", ask(client, "hi"));
        }
        join(server);
        assertThrows(IllegalArgumentException.class, () -> builder(
                        SeedProtocol.create().withoutHeartbeats())
                .sessions(beating())
                .build());
    }

    private static SessionConfig beating() {
        return SessionConfig.builder()
                .heartbeat(HeartbeatConfig.every(Duration.ofMillis(20)).timeout(Duration.ofMillis(20)))
                .build();
    }

    /** Both sides of Millrace: idle connections live by their heartbeats, and only by them. */
    @Test
    void serverThatClosesIdleConnectionsKeepsThoseWithHeartbeats() throws Exception {
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.seed())
                .sessions(SessionConfig.builder()
                        .idleTimeout(Duration.ofMillis(800))
                        .build())
                .processor(request -> request)
                .bind("127.0.0.1", 0));
        TcpClient beating = leaks.watch(Clients.to(server.port())
                .protocol(Protocol.seed())
                .sessions(beating())
                .build());
        TcpClient silent = leaks.watch(Clients.to(server.port())
                .protocol(Protocol.seed())
                .onClose((session, reason) -> closed.add(reason))
                .build());
        Session kept = beating.connect().get(10, TimeUnit.SECONDS);
        silent.connect().get(10, TimeUnit.SECONDS);

        assertEquals(CloseReason.Kind.PEER, nextClose().kind());

        assertTrue(kept.isOpen());
        assertEquals("here", text(kept.request(ByteBuffer.wrap(bytes("here")), LONG)));
    }
}
