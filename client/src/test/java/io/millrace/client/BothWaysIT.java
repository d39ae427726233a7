package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.Clients.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.ErrorCode;
import io.millrace.core.ErrorReplyException;
import io.millrace.core.IoGroup;
import io.millrace.core.Reply;
import io.millrace.core.ReplyHandler;
import io.millrace.core.RequestHandler;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import io.millrace.testing.Hex;
import io.millrace.testing.RawPeer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests from both ends of the same connections, answered at once and later. */
@Tag("engine")
class BothWaysIT {
    private static final int CLIENTS = 100;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(4);

    @AfterEach
    void stop() {
        scheduler.shutdownNow();
    }

    private static TcpServerBuilder server() {
        return TcpServer.builder().protocol(Protocol.millrace());
    }

    private static TcpClientBuilder to(TcpServer server) {
        return TcpClient.builder().protocol(Protocol.millrace()).endpoint("127.0.0.1", server.port());
    }

    private static String textOf(ByteBuffer message) {
        return StandardCharsets.UTF_8.decode(message).toString();
    }

    private static RequestHandler answering(String prefix) {
        return RequestHandler.of(request -> ByteBuffer.wrap(bytes(prefix + textOf(request))));
    }

    /** Answers from other threads, after up to 5 ms. */
    private RequestHandler answeringLater(String prefix, long seed) {
        Random random = new Random(seed);
        return (session, request, reply) -> {
            byte[] answer = bytes(prefix + textOf(request));
            int delayMicros;
            synchronized (random) {
                delayMicros = random.nextInt(5_000);
            }
            scheduler.schedule(() -> reply.send(answer), delayMicros, TimeUnit.MICROSECONDS);
        };
    }

    private Map<String, Session> connect(TcpServer server, BlockingQueue<Session> accepted, boolean later)
            throws Exception {
        IoGroup group = leaks.watch(IoGroup.builder().threads(2).start());
        Map<String, Session> clients = new HashMap<>();
        for (int i = 0; i < CLIENTS; i++) {
            String name = "client " + i + " heard ";
            TcpClient client = leaks.watch(to(server)
                    .group(group)
                    .onRequest(later ? answeringLater(name, i) : answering(name))
                    .build());
            Session session = client.connect().get(10, TimeUnit.SECONDS);
            session.attach(accepted.poll(10, TimeUnit.SECONDS));
            clients.put(name, session);
        }
        return clients;
    }

    private void askAllBothWays(boolean later) throws Exception {
        BlockingQueue<Session> accepted = new LinkedBlockingQueue<>();
        TcpServer server = leaks.watch(server().onOpen(accepted::add)
                .onRequest(later ? answeringLater("server heard ", -1) : answering("server heard "))
                .bind("127.0.0.1", 0));
        Map<String, Session> clients = connect(server, accepted, later);
        Map<String, CompletableFuture<ByteBuffer>> answers = new HashMap<>();

        clients.forEach((name, client) -> {
            Session peer = (Session) client.attachment();
            for (int i = 0; i < 20; i++) {
                answers.put(name + i, peer.request(ByteBuffer.wrap(bytes("" + i)), LONG));
                String question = name + "question " + i;
                answers.put("server heard " + question, client.request(ByteBuffer.wrap(bytes(question)), LONG));
            }
        });

        assertEquals(CLIENTS * 40, answers.size());
        for (Map.Entry<String, CompletableFuture<ByteBuffer>> answer : answers.entrySet()) {
            assertEquals(answer.getKey(), text(answer.getValue()));
        }
    }

    @Test
    void serverAsksHundredClientsWhileTheyAskIt() throws Exception {
        askAllBothWays(false);
    }

    @Test
    void answersGivenLaterByOtherThreadsArePairedBothWays() throws Exception {
        askAllBothWays(true);
    }

    @Test
    void messagesAndRequestsOfOneConnectionGoToTheirOwnHandlers() throws Exception {
        BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        TcpServer server = leaks.watch(server().onMessage((session, message) -> messages.add(textOf(message)))
                .onRequest(answering("answer to "))
                .bind("127.0.0.1", 0));
        Session session = leaks.watch(to(server).build()).connect().get(10, TimeUnit.SECONDS);
        List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();

        for (int i = 0; i < 500; i++) {
            session.send(bytes("message " + i));
            replies.add(session.request(ByteBuffer.wrap(bytes("request " + i)), LONG));
        }

        for (int i = 0; i < 500; i++) {
            assertEquals("answer to request " + i, text(replies.get(i)));
            assertEquals("message " + i, messages.poll(10, TimeUnit.SECONDS));
        }
        assertNull(messages.poll(), "a request went to onMessage");
    }

    @Test
    void fiftyThousandRequestsWithCallbacksHaveOneOutcomeEach() throws Exception {
        int requests = 50_000;
        TcpServer server = leaks.watch(
                server().onRequest(RequestHandler.of(request -> request)).bind("127.0.0.1", 0));
        Session session = leaks.watch(to(server).build()).connect().get(10, TimeUnit.SECONDS);
        AtomicIntegerArray outcomes = new AtomicIntegerArray(requests);
        AtomicInteger wrong = new AtomicInteger();
        Semaphore window = new Semaphore(500);
        CountDownLatch all = new CountDownLatch(requests);

        for (int i = 0; i < requests; i++) {
            int number = i;
            assertTrue(window.tryAcquire(10, TimeUnit.SECONDS), "no reply for 10 s");
            session.request(ByteBuffer.allocate(4).putInt(0, i), LONG, new ReplyHandler() {
                @Override
                public void onReply(ByteBuffer reply) {
                    outcome(reply.getInt() == number);
                }

                @Override
                public void onFailure(TransportException failure) {
                    outcome(false);
                }

                private void outcome(boolean right) {
                    outcomes.incrementAndGet(number);
                    wrong.addAndGet(right ? 0 : 1);
                    window.release();
                    all.countDown();
                }
            });
        }

        assertTrue(all.await(20, TimeUnit.SECONDS));
        assertEquals(0, wrong.get());
        for (int i = 0; i < requests; i++) {
            assertEquals(1, outcomes.get(i), "outcomes of request " + i);
        }
    }

    @Test
    void requestBeyondThoseInProgressFailsAsBusyAndNotProcessed() throws Exception {
        BlockingQueue<Reply> taken = new LinkedBlockingQueue<>();
        TcpServer server = leaks.watch(server().onRequest((session, request, reply) -> taken.add(reply))
                .bind("127.0.0.1", 0));
        Session session = leaks.watch(to(server).build()).connect().get(10, TimeUnit.SECONDS);
        List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();

        for (int i = 0; i < 1_025; i++) {
            replies.add(session.request(ByteBuffer.wrap(bytes("" + i)), LONG));
        }

        ErrorReplyException busy = assertInstanceOf(ErrorReplyException.class, failureOf(replies.get(1_024)));
        assertEquals(ErrorCode.BUSY, busy.code());
        assertTrue(busy.notProcessed());
        for (int i = 0; i < 1_024; i++) {
            taken.poll(10, TimeUnit.SECONDS).send(bytes("late " + i));
        }
        for (int i = 0; i < 1_024; i++) {
            assertEquals("late " + i, text(replies.get(i)));
        }
    }

    @Test
    void requestsAnsweredAfterThePeerHalfClosedAreStillDelivered() throws Exception {
        BlockingQueue<Reply> taken = new LinkedBlockingQueue<>();
        TcpServer server = leaks.watch(server().onRequest((session, request, reply) -> taken.add(reply))
                .bind("127.0.0.1", 0));
        RawPeer peer = leaks.close(RawPeer.connect(server.localAddress()));
        Hex.send(peer, "00 00 00 09 01 00 00 00 00 00 00 00 01 00 00 00 09 01 00 00 00 00 00 00 00 02");
        peer.closeOutput();
        Reply first = taken.poll(10, TimeUnit.SECONDS);
        Reply second = taken.poll(10, TimeUnit.SECONDS);

        second.send(Hex.bytes("bb"));
        Hex.expect(peer, "00 00 00 0a 02 00 00 00 00 00 00 00 02 bb");
        first.send(Hex.bytes("aa"));

        Hex.expect(peer, "00 00 00 0a 02 00 00 00 00 00 00 00 01 aa");
        peer.expectEndOfStream();
    }

    @Test
    void linesAnsweredAtRandomTimesByASchedulerComeInTheOrderOfTheRequests() throws Exception {
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.lines())
                .onRequest(answeringLater("answer to ", 7))
                .bind("127.0.0.1", 0));
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(Protocol.lines())
                .endpoint("127.0.0.1", server.port())
                .build());
        List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();

        for (int i = 0; i < 3_000; i++) {
            replies.add(client.request(bytes("line " + i), LONG));
        }

        for (int i = 0; i < 3_000; i++) {
            assertEquals("answer to line " + i, text(replies.get(i)));
        }
    }
}
