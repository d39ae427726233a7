package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.ask;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.LeakCheck.assertWithin;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.ReplyHandler;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.engine.Deadlines.Deadline;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Calls that wait, made where waiting would keep out the very thing that is waited for: each fails at once with a
 * sentence that says what to do instead.
 */
@Tag("engine")
class BlockingCallsIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final CompletableFuture<Throwable> callRefused = new CompletableFuture<>();
    private final CompletableFuture<Throwable> sendRefused = new CompletableFuture<>();
    /** The first reply waits for this, so that whoever waits for it in a callback has said so before it comes. */
    private final CompletableFuture<Void> mayAnswer = new CompletableFuture<>();

    private TcpServer server;

    @BeforeEach
    void serve() throws Exception {
        server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.millrace())
                .onMessage((session, message) -> session.send(message))
                .onRequest((session, request, reply) -> {
                    byte[] copy = new byte[request.remaining()];
                    request.get(copy);
                    mayAnswer.thenRun(() -> reply.send(copy));
                })
                .bind("127.0.0.1", 0));
    }

    private TcpClientBuilder clientBuilder() {
        return Clients.to(server.port()).protocol(Protocol.millrace());
    }

    /** Makes both calls, and keeps what they throw. */
    private void tryToBlock(TcpClient client, Session session) {
        keep(callRefused, () -> client.call(bytes("blocks"), LONG));
        keep(sendRefused, () -> session.sendAndWait(ByteBuffer.wrap(bytes("blocks")), LONG));
    }

    private interface Blocking {
        void run() throws TransportException;
    }

    private static void keep(CompletableFuture<Throwable> kept, Blocking call) {
        try {
            call.run();
            kept.completeExceptionally(new AssertionError("the call was let wait"));
        } catch (TransportException | RuntimeException thrown) {
            kept.complete(thrown);
        }
    }

    private void assertBothRefused() throws Exception {
        assertRefused(callRefused, "use request()");
        assertRefused(sendRefused, "use send()");
    }

    private static void assertRefused(CompletableFuture<Throwable> refused, String remedy) throws Exception {
        Throwable thrown = assertInstanceOf(IllegalStateException.class, refused.get(10, TimeUnit.SECONDS));
        String message = String.valueOf(thrown.getMessage());
        assertTrue(message.contains(remedy) && message.contains("call from another thread"), message);
    }

    @Test
    void handlerOfAMessageMayNotWait() throws Exception {
        mayAnswer.complete(null);
        TcpClient asking = leaks.watch(clientBuilder().build());
        TcpClient client = leaks.watch(clientBuilder()
                .onMessage((session, message) -> tryToBlock(asking, session))
                .build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);

        session.send(bytes("echo"));

        assertBothRefused();
        assertEquals("works", ask(asking, "works"));
    }

    @Test
    void callbackOfAFutureMayNotWait() throws Exception {
        TcpClient client = leaks.watch(clientBuilder().build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);

        client.request(bytes("ask"), LONG).thenRun(() -> tryToBlock(client, session));
        mayAnswer.complete(null);

        assertBothRefused();
        assertEquals("works", ask(client, "works"));
    }

    @Test
    void callbackOfTheOpenMayNotWait() throws Exception {
        TcpClient asking = leaks.watch(clientBuilder().build());
        TcpClient client = leaks.watch(
                clientBuilder().onOpen(session -> tryToBlock(asking, session)).build());

        assertTrue(client.connect().get(10, TimeUnit.SECONDS).isOpen());

        assertBothRefused();
    }

    @Test
    void handlerOfAReplyMayNotWait() throws Exception {
        TcpClient client = leaks.watch(clientBuilder().build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        mayAnswer.complete(null);

        session.request(ByteBuffer.wrap(bytes("ask")), LONG, new ReplyHandler() {
            @Override
            public void onReply(ByteBuffer reply) {
                tryToBlock(client, session);
            }

            @Override
            public void onFailure(TransportException failure) {
                callRefused.completeExceptionally(failure);
            }
        });

        assertBothRefused();
    }

    @Test
    void timerThreadMayNotWait() throws Exception {
        TcpClient client = leaks.watch(clientBuilder().build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);

        GroupAccess.runtimeOf(client.group())
                .deadlines()
                .arm(
                        new Deadline() {
                            @Override
                            protected void expired() {
                                tryToBlock(client, session);
                            }
                        },
                        1);

        assertBothRefused();
    }

    @Test
    void failureOfARequestThatIsToldByTheTimerMayNotBeWaitedIn() throws Exception {
        RawServer silent = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(silent.port()).build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        leaks.close(silent.accept());

        session.request(ByteBuffer.wrap(bytes("ask")), Duration.ofMillis(50))
                .whenComplete((reply, failure) -> tryToBlock(client, session));

        assertBothRefused();
    }

    @Test
    void refusalIsAtOnceThoughTheCallHadALongTime() throws Exception {
        TcpClient client = leaks.watch(clientBuilder().build());
        client.connect().get(10, TimeUnit.SECONDS);
        CompletableFuture<Long> began = new CompletableFuture<>();

        client.request(bytes("ask"), LONG).thenRun(() -> {
            began.complete(System.nanoTime());
            keep(callRefused, () -> client.call(bytes("blocks"), Duration.ofDays(1)));
        });
        mayAnswer.complete(null);

        assertRefused(callRefused, "use request()");
        assertWithin(Duration.ofSeconds(5), began.get());
    }

    @Test
    void handlerOnAnExecutorMayWaitForOthersButNotForItsOwnSession() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(2);
        try {
            mayAnswer.complete(null);
            CompletableFuture<String> answered = new CompletableFuture<>();
            TcpClient asking = leaks.watch(clientBuilder().build());
            TcpClient client = leaks.watch(clientBuilder()
                    .handlerExecutor(executor)
                    .onMessage((session, message) -> {
                        keep(sendRefused, () -> session.sendAndWait(ByteBuffer.wrap(bytes("blocks")), LONG));
                        answered.complete(ask(asking, "from a handler"));
                    })
                    .build());
            Session session = client.connect().get(10, TimeUnit.SECONDS);

            session.send(bytes("echo"));

            assertRefused(sendRefused, "use send()");
            assertEquals("from a handler", answered.get(10, TimeUnit.SECONDS));
        } finally {
            executor.shutdown();
        }
    }
}
