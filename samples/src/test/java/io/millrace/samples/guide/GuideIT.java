package io.millrace.samples.guide;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.millrace.client.TcpClient;
import io.millrace.client.TcpClientBuilder;
import io.millrace.core.Codec;
import io.millrace.core.ErrorCode;
import io.millrace.core.ErrorReplyException;
import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The code of the guide does what the guide says. */
@Timeout(60)
@Tag("heavy")
class GuideIT {
    private static final Duration WAIT = Duration.ofSeconds(20);
    private static final String HOST = "127.0.0.1";

    private static TcpClientBuilder clientOf(TcpServer server, Protocol protocol) {
        return TcpClient.builder().protocol(protocol).endpoint(HOST, server.port());
    }

    private static <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(WAIT.toSeconds(), TimeUnit.SECONDS);
    }

    @Test
    void readingsGoThereAndBackInTelegrams() throws Exception {
        CompletableFuture<Reading> came = new CompletableFuture<>();
        Reading reading = new Reading(7, 21.5);
        try (TcpServer server = ProtocolsGuide.typed().bind(HOST, 0);
                TcpClient client = clientOf(server, new Telegrams(1_024))
                        .onMessage(Reading.CODEC, (session, message) -> came.complete(message))
                        .build()) {
            soon(client.send(Reading.CODEC.encode(reading)));
            assertEquals(reading, soon(came));
        }
    }

    @Test
    void linesAreAnsweredInOrder() throws Exception {
        try (TcpServer server = ProtocolsGuide.answersLines().bind(HOST, 0);
                TcpClient client = clientOf(server, Protocol.lines()).build()) {
            byte[] hello = "hello".getBytes(StandardCharsets.UTF_8);
            assertArrayEquals(hello, client.call(hello, WAIT));
        }
    }

    @Test
    void refusalOfTheApplicationsOwnHasItsCode() throws Exception {
        try (TcpServer server = ProtocolsGuide.answersByToken().bind(HOST, 0);
                TcpClient client = clientOf(server, Protocol.millrace()).build()) {
            ErrorReplyException refusal =
                    assertThrows(ErrorReplyException.class, () -> client.call(new byte[] {1}, WAIT));
            assertEquals(ErrorCode.FIRST_OF_APPLICATION, refusal.code());
        }
    }

    @Test
    void sessionChangesOverFromLinesToFrames() throws Exception {
        CompletableFuture<String> came = new CompletableFuture<>();
        try (TcpServer server = ProtocolsGuide.upgrading((session, message) -> session.send(message))
                        .bind(HOST, 0);
                TcpClient client = clientOf(server, Protocol.lines())
                        .onMessage(Codec.utf8(), (session, line) -> {
                            session.upgrade(
                                    Protocol.lengthPrefixed(),
                                    (framed, message) ->
                                            came.complete(Codec.utf8().decode(message)));
                            session.send("two\nlines", Codec.utf8());
                        })
                        .build()) {
            soon(client.connect()).send("FRAMES", Codec.utf8());
            assertEquals("two\nlines", soon(came));
        }
    }

    @Test
    void rowsPassARelayInOrderThoughItsQueueIsShort() throws Exception {
        int count = 2_000;
        List<ByteBuffer> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(ByteBuffer.allocate(8_192).putInt(0, i));
        }
        AtomicInteger next = new AtomicInteger();
        CompletableFuture<Integer> all = new CompletableFuture<>();
        try (IoGroup group = IoGroup.builder().threads(2).start();
                TcpServer source = TcpServer.builder()
                        .group(group)
                        .protocol(Protocol.lengthPrefixed())
                        .sessions(BackpressureGuide.shortQueues())
                        .onMessage(new BackpressureGuide.RowSender(rows))
                        .bind(HOST, 0);
                TcpServer sink = TcpServer.builder()
                        .group(group)
                        .protocol(Protocol.lengthPrefixed())
                        .onMessage((session, row) -> {
                            if (row.getInt() != next.getAndIncrement()) {
                                all.complete(-1);
                            } else if (next.get() == count) {
                                all.complete(count);
                            }
                        })
                        .bind(HOST, 0);
                TcpClient toSink = clientOf(sink, Protocol.lengthPrefixed())
                        .group(group)
                        .sessions(BackpressureGuide.shortQueues())
                        .onMessage(new BackpressureGuide.Relay())
                        .build()) {
            Session back = soon(toSink.connect());
            try (TcpClient toSource = clientOf(source, Protocol.lengthPrefixed())
                    .group(group)
                    .onMessage(new BackpressureGuide.Relay())
                    .onOpen(front -> {
                        front.attach(back);
                        back.attach(front);
                    })
                    .build()) {
                soon(toSource.connect());
                assertEquals(count, soon(all));
            }
        }
    }

    @Test
    void threadThatMayWaitSendsAll() throws Exception {
        LinkedBlockingQueue<String> came = new LinkedBlockingQueue<>();
        try (TcpServer server = TcpServer.builder()
                        .protocol(Protocol.lines())
                        .onMessage(Codec.utf8(), (session, line) -> came.add(line))
                        .bind(HOST, 0);
                TcpClient client = clientOf(server, Protocol.lines())
                        .onMessage((session, message) -> {})
                        .build()) {
            Session session = soon(client.connect());
            BackpressureGuide.sendAll(
                    session, List.of(Codec.utf8().encode("one"), Codec.utf8().encode("two")));
            assertEquals("one", came.poll(WAIT.toSeconds(), TimeUnit.SECONDS));
            assertEquals("two", came.poll(WAIT.toSeconds(), TimeUnit.SECONDS));
        }
    }

    @Test
    void handlersThatBlockAndThoseThatAnswerLaterAnswer() throws Exception {
        byte[] question = "what?".getBytes(StandardCharsets.UTF_8);
        ExecutorService workers = Executors.newFixedThreadPool(1);
        try (TcpServer blocking =
                        ThreadsGuide.blocking(workers, request -> request).bind(HOST, 0);
                TcpServer later = ThreadsGuide.answeringLater(
                                text -> CompletableFuture.supplyAsync(() -> text + " that"))
                        .bind(HOST, 0);
                TcpClient ofBlocking = clientOf(blocking, Protocol.millrace()).build();
                TcpClient ofLater = clientOf(later, Protocol.millrace()).build()) {
            assertArrayEquals(question, ofBlocking.call(question, WAIT));
            assertEquals("what? that", new String(ofLater.call(question, WAIT), StandardCharsets.UTF_8));
        } finally {
            workers.shutdown();
        }
    }

    @Test
    void accountIsChangedByMessagesAndByTasks() throws Exception {
        try (TcpServer server = ThreadsGuide.withAccounts().bind(HOST, 0);
                TcpClient client = clientOf(server, Protocol.millrace()).build()) {
            soon(client.send(ByteBuffer.allocate(Long.BYTES).putLong(0, 40)));
            await().atMost(WAIT).until(() -> server.stats().traffic().messagesReceived() == 1);
            Session session = server.sessions().iterator().next();
            ThreadsGuide.payIn(session, 2);
            CompletableFuture<Long> balance = new CompletableFuture<>();
            session.execute(() -> balance.complete(ThreadsGuide.balanceOf(session)));
            assertEquals(42, soon(balance));
        }
    }

    @Test
    void healthOfAServerIsShown() throws Exception {
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.start();
        try (TcpServer server = ProtocolsGuide.answersLines().bind(HOST, 0)) {
            DeploymentGuide.showHealth(http, server);
            assertEquals("200 ready, alive", ask(http));
            server.close();
            assertEquals("503 not ready, not alive: it has stopped", ask(http));
        } finally {
            http.stop(0);
        }
    }

    private static String ask(HttpServer http) throws IOException {
        URI page = URI.create("http://" + HOST + ":" + http.getAddress().getPort() + "/ready");
        HttpURLConnection connection = (HttpURLConnection) page.toURL().openConnection();
        int status = connection.getResponseCode();
        try (InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return status + " " + new String(body.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void configurationsOfTheGuideCanBeBuilt() {
        assertEquals(4_096, ((PrefixHandler) ProtocolsGuide.prefixed()).maxPayloadBytes());
        assertEquals(Duration.ofHours(1), DeploymentGuide.sessions().maxAge());
        assertTrue(DeploymentGuide.probed().socket().keepAlive());
        assertTrue(ComingFromSaeaGuide.strict().toString().contains("withoutHeartbeats"));
    }
}
