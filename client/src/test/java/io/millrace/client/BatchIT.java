package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.text;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.Outcome.Kind;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.ErrorCode;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every message of a batch has its own outcome, whatever happens in the middle. */
class BatchIT {
    private static final BatchOptions STRICT = BatchOptions.within(LONG);
    private static final int LARGE = 8 << 20;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private static List<ByteBuffer> payloads(String... texts) {
        return Stream.of(texts).map(text -> ByteBuffer.wrap(bytes(text))).toList();
    }

    private static List<Outcome<ByteBuffer>> outcomesOf(CompletableFuture<List<Outcome<ByteBuffer>>> batch)
            throws Exception {
        return batch.get(20, TimeUnit.SECONDS);
    }

    private static List<Kind> kindsOf(CompletableFuture<List<Outcome<ByteBuffer>>> batch) throws Exception {
        return outcomesOf(batch).stream().map(Outcome::kind).toList();
    }

    private static List<Integer> attemptsOf(CompletableFuture<List<Outcome<ByteBuffer>>> batch) throws Exception {
        return outcomesOf(batch).stream().map(Outcome::attempts).toList();
    }

    private static String textOf(Outcome<ByteBuffer> outcome) throws Exception {
        return text(CompletableFuture.completedFuture(outcome.orThrow()));
    }

    private TcpClient clientOf(RawServer server) throws Exception {
        return leaks.watch(ExchangeIT.to(server.port()).build());
    }

    private static void answer(RawServer.Connection connection, String expected) throws Exception {
        assertEquals(expected, connection.receiveText());
        connection.send("re: " + expected);
    }

    @Test
    void strictBatchSendsTheNextWhenTheReplyHasCome() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        CompletableFuture<List<Outcome<ByteBuffer>>> batch = clientOf(server).batch(payloads("1", "2", "3"), STRICT);
        RawServer.Connection connection = leaks.close(server.accept());

        for (String each : List.of("1", "2", "3")) {
            assertEquals(each, connection.receiveText());
            assertEquals(0, connection.available(), "sent before the reply");
            connection.send("re: " + each);
        }

        List<Outcome<ByteBuffer>> outcomes = outcomesOf(batch);
        for (int i = 0; i < 3; i++) {
            assertEquals("re: " + (i + 1), textOf(outcomes.get(i)));
        }
    }

    @Test
    void pipelinedBatchSendsAsManyAsMayBeInFlightAndNoMore() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        CompletableFuture<List<Outcome<ByteBuffer>>> batch =
                clientOf(server).batch(payloads("1", "2", "3", "4"), STRICT.pipelined(3));
        RawServer.Connection connection = leaks.close(server.accept());

        for (String each : List.of("1", "2", "3")) {
            assertEquals(each, connection.receiveText());
        }
        assertEquals(0, connection.available(), "beyond the limit");
        connection.send("re: 1");
        assertEquals("4", connection.receiveText());
        for (String each : List.of("2", "3", "4")) {
            connection.send("re: " + each);
        }

        assertEquals("re: 4", textOf(outcomesOf(batch).get(3)));
        assertEquals(List.of(Kind.REPLIED, Kind.REPLIED, Kind.REPLIED, Kind.REPLIED), kindsOf(batch));
    }

    @Test
    void resetInTheMiddleOfAStrictBatchLosesExactlyWhatWasWritten() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = clientOf(server);
        CompletableFuture<List<Outcome<ByteBuffer>>> batch = client.batch(payloads("1", "2", "3", "4"), STRICT);
        RawServer.Connection connection = leaks.close(server.accept());
        answer(connection, "1");
        connection.receive();
        connection.reset();

        assertEquals(List.of(Kind.REPLIED, Kind.LOST, Kind.NOT_SENT, Kind.NOT_SENT), kindsOf(batch));
        assertEquals(List.of(1, 1), attemptsOf(batch).subList(0, 2));
        assertFalse(outcomesOf(batch).get(2).maybeSent());
    }

    @Test
    void unsentMessagesMoveToAnotherConnectionIfTheyMay() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = clientOf(server);
        CompletableFuture<List<Outcome<ByteBuffer>>> batch =
                client.batch(payloads("1", "2", "3", "4"), STRICT.mayMove());
        RawServer.Connection broken = leaks.close(server.accept());
        answer(broken, "1");
        broken.receive();
        broken.reset();
        RawServer.Connection other = leaks.close(server.accept());
        answer(other, "3");
        answer(other, "4");

        assertEquals(List.of(Kind.REPLIED, Kind.LOST, Kind.REPLIED, Kind.REPLIED), kindsOf(batch));
        assertEquals("re: 4", textOf(outcomesOf(batch).get(3)));
    }

    @Test
    void pipelinedBatchThatStallsLosesWhatMayHaveBeenWrittenAndMovesTheRest() throws Exception {
        RawServer server = leaks.close(RawServer.start(0, 4096));
        List<ByteBuffer> payloads = List.of(
                ByteBuffer.wrap(bytes("1")),
                ByteBuffer.allocate(LARGE),
                ByteBuffer.wrap(bytes("3")),
                ByteBuffer.wrap(bytes("4")),
                ByteBuffer.wrap(bytes("5")));
        TcpClient client = leaks.watch(ExchangeIT.to(server.port())
                .sessions(SessionConfig.builder()
                        .sendLimit(2 * LARGE)
                        .writeProgressTimeout(Duration.ofMillis(250))
                        .build())
                .build());
        CompletableFuture<List<Outcome<ByteBuffer>>> batch =
                client.batch(payloads, STRICT.pipelined(4).mayMove());
        RawServer.Connection broken = leaks.close(server.accept());
        assertEquals("1", broken.receiveText());
        assertEquals(0, broken.read(), "the first byte of the large one");
        // it reads no more, until the client gives the connection up
        RawServer.Connection other = leaks.close(server.accept());
        for (String each : List.of("3", "4", "5")) {
            answer(other, each);
        }

        assertEquals(List.of(Kind.LOST, Kind.LOST, Kind.REPLIED, Kind.REPLIED, Kind.REPLIED), kindsOf(batch));
        assertEquals("re: 3", textOf(outcomesOf(batch).get(2)));
    }

    @Test
    void errorReplyIsOneMessagesOnly() throws Exception {
        assertEquals(
                List.of(Kind.REPLIED, Kind.ERROR_REPLY, Kind.REPLIED), secondOfThreeFails(STRICT, ErrorCode.HANDLER));
    }

    @Test
    void messageThatTheServerIsTooBusyForIsNotAskedAgain() throws Exception {
        List<Kind> kinds = List.of(Kind.REPLIED, Kind.ERROR_REPLY, Kind.REPLIED);

        assertEquals(kinds, secondOfThreeFails(STRICT, ErrorCode.BUSY));
        assertEquals(kinds, secondOfThreeFails(STRICT.mayMove(), ErrorCode.BUSY));
    }

    @Test
    void messageThatADrainingServerTurnsAwayFailsAloneIfItMayNotMove() throws Exception {
        assertEquals(
                List.of(Kind.REPLIED, Kind.ERROR_REPLY, Kind.REPLIED), secondOfThreeFails(STRICT, ErrorCode.DRAINING));
    }

    @Test
    void failureStopsTheBatchIfThatWasAskedFor() throws Exception {
        assertEquals(
                List.of(Kind.REPLIED, Kind.ERROR_REPLY, Kind.NOT_SENT),
                secondOfThreeFails(STRICT.stopOnFailure(), ErrorCode.HANDLER));
    }

    private List<Kind> secondOfThreeFails(BatchOptions options, int code) throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(
                ExchangeIT.to(server.port()).protocol(Protocol.millrace()).build());
        CompletableFuture<List<Outcome<ByteBuffer>>> batch = client.batch(payloads("1", "2", "3"), options);
        RawServer.Connection connection = leaks.close(server.accept());
        connection.sendBytes(RawFrames.reply(RawFrames.tokenOf(connection.receive()), (byte) '1'));
        connection.sendBytes(RawFrames.error(RawFrames.tokenOf(connection.receive()), code));
        if (!options.stopsOnFailure()) {
            connection.sendBytes(RawFrames.reply(RawFrames.tokenOf(connection.receive()), (byte) '3'));
        }
        return kindsOf(batch);
    }

    @Test
    void messagesThatADrainingServerHasNotBegunMoveWithTheRest() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(
                ExchangeIT.to(server.port()).protocol(Protocol.millrace()).build());
        CompletableFuture<List<Outcome<ByteBuffer>>> batch =
                client.batch(payloads("1", "2", "3"), STRICT.pipelined(2).mayMove());
        RawServer.Connection draining = leaks.close(server.accept());
        long first = RawFrames.tokenOf(draining.receive());
        long second = RawFrames.tokenOf(draining.receive());
        draining.sendBytes(RawFrames.drainNotice());
        draining.sendBytes(RawFrames.error(second, ErrorCode.DRAINING));
        draining.sendBytes(RawFrames.reply(first, (byte) '1'));
        RawServer.Connection other = leaks.close(server.accept());
        other.sendBytes(RawFrames.reply(RawFrames.tokenOf(other.receive()), (byte) '2'));
        other.sendBytes(RawFrames.reply(RawFrames.tokenOf(other.receive()), (byte) '3'));

        assertEquals(List.of(Kind.REPLIED, Kind.REPLIED, Kind.REPLIED), kindsOf(batch));
        assertEquals("2", textOf(outcomesOf(batch).get(1)));
        assertEquals(List.of(1, 2, 1), attemptsOf(batch));
    }

    @Test
    void timeOfTheBatchEndsEveryMessageInItsOwnWay() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        CompletableFuture<List<Outcome<ByteBuffer>>> batch =
                clientOf(server).batch(payloads("1", "2", "3"), BatchOptions.within(Duration.ofMillis(300)));
        RawServer.Connection connection = leaks.close(server.accept());
        answer(connection, "1");
        connection.receive();

        assertEquals(List.of(Kind.REPLIED, Kind.TIMED_OUT, Kind.TIMED_OUT), kindsOf(batch));
        assertTrue(outcomesOf(batch).get(1).maybeSent());
        assertFalse(outcomesOf(batch).get(2).maybeSent());
    }

    @Test
    void withoutAConnectionEveryMessageHearsWhy() throws Exception {
        int port;
        try (RawServer gone = RawServer.start()) {
            port = gone.port();
        }
        TcpClient client = leaks.watch(Clients.to(port).build());

        CompletableFuture<List<Outcome<ByteBuffer>>> batch = client.batch(payloads("1", "2"), STRICT.mayMove());

        assertEquals(List.of(Kind.NOT_CONNECTED, Kind.NOT_CONNECTED), kindsOf(batch));
        assertEquals(List.of(0, 0), attemptsOf(batch));
    }

    @Test
    void emptyBatchEndsAtOnceAndNeedsNoConnection() throws Exception {
        TcpClient client = leaks.watch(Clients.to(1).build());

        assertEquals(List.of(), client.batch(List.of(), STRICT).getNow(null));
        assertEquals(0, client.poolStats().waiting());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void cancelBeforeThereIsAConnectionWithdrawsTheClaim() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpClient client = leaks.watch(ExchangeIT.to(full.port()).build());
        CompletableFuture<List<Outcome<ByteBuffer>>> batch = client.batch(payloads("1", "2"), STRICT);

        assertTrue(batch.cancel(false));

        assertTrue(batch.isCancelled());
        assertEquals(0, client.poolStats().waiting());
        assertEquals(List.of(Kind.CANCELLED, Kind.CANCELLED), kindsOf(batch));
        assertFalse(outcomesOf(batch).get(0).maybeSent());
    }

    @Test
    void cancelInTheMiddleKeepsWhatWasAnswered() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = clientOf(server);
        CompletableFuture<List<Outcome<ByteBuffer>>> batch = client.batch(payloads("1", "2", "3"), STRICT);
        RawServer.Connection connection = leaks.close(server.accept());
        answer(connection, "1");
        connection.receive();

        assertTrue(batch.cancel(false));
        CompletableFuture<ByteBuffer> next =
                client.request(ByteBuffer.wrap(bytes("next")), RequestOptions.within(LONG));
        connection.send("late");
        answer(connection, "next");

        assertEquals("re: next", text(next));
        assertEquals(List.of(Kind.REPLIED, Kind.CANCELLED, Kind.CANCELLED), kindsOf(batch));
        assertTrue(outcomesOf(batch).get(1).maybeSent());
        assertFalse(outcomesOf(batch).get(2).maybeSent());
        assertFalse(batch.cancel(false));
    }

    @Test
    void batchesOverSeedKeepTheirConnectionAndGiveItBack() throws Exception {
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.seed())
                .onRequest((session, message, reply) -> reply.send(message))
                .bind("127.0.0.1", 0));
        TcpClient client = leaks.watch(
                ExchangeIT.to(server.port()).protocol(Protocol.seed()).build());
        List<CompletableFuture<List<Outcome<ByteBuffer>>>> batches = IntStream.range(0, 10)
                .mapToObj(i -> client.batch(payloads("a" + i, "b" + i, "c" + i), STRICT.pipelined()))
                .toList();

        for (int i = 0; i < batches.size(); i++) {
            List<Outcome<ByteBuffer>> outcomes = outcomesOf(batches.get(i));
            assertEquals("a" + i, textOf(outcomes.get(0)));
            assertEquals("b" + i, textOf(outcomes.get(1)));
            assertEquals("c" + i, textOf(outcomes.get(2)));
        }
        awaitSoon("given back", () -> client.poolStats().borrowed() == 0);
        assertEquals(1, client.stats().opened());
    }

    @Test
    void cancelledBatchOverSeedGivesItsConnectionBackWhenTheLateReplyHasCome() throws Exception {
        RawServer server = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(
                ExchangeIT.to(server.port()).protocol(Protocol.seed()).build());
        CompletableFuture<List<Outcome<ByteBuffer>>> batch = client.batch(payloads("1", "2"), STRICT);
        RawServer.Connection connection = leaks.close(server.accept());
        receiveSeed(connection, "1");

        assertTrue(batch.cancel(false));
        CompletableFuture<ByteBuffer> next = client.request(ByteBuffer.wrap(bytes("n")), RequestOptions.within(LONG));
        assertEquals(1, client.poolStats().borrowed(), "the reply is still to come");
        connection.sendBytes(seedReply("late"));
        receiveSeed(connection, "n");
        connection.sendBytes(seedReply("own"));

        assertEquals("own", text(next));
        assertEquals(List.of(Kind.CANCELLED, Kind.CANCELLED), kindsOf(batch));
        awaitSoon("given back", () -> client.poolStats().borrowed() == 0);
    }

    private static void receiveSeed(RawServer.Connection connection, String expected) throws Exception {
        assertEquals(expected.length(), connection.read());
        for (int i = 1; i < Integer.BYTES; i++) {
            assertEquals(0, connection.read());
        }
        for (byte each : bytes(expected)) {
            assertEquals(each, connection.read());
        }
    }

    private static byte[] seedReply(String text) {
        byte[] payload = bytes(text);
        return ByteBuffer.allocate(Integer.BYTES + 8 + payload.length)
                .put((byte) (8 + payload.length))
                .position(Integer.BYTES + 8)
                .put(payload)
                .array();
    }

    @Test
    void longBatchesKeepTheirOrderHoweverTheyAreSent() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(ExchangeIT.to(server.port()).build());
        String[] texts = IntStream.range(0, 5_000).mapToObj(i -> "message " + i).toArray(String[]::new);

        CompletableFuture<List<Outcome<ByteBuffer>>> strict = client.batch(payloads(texts), STRICT);
        CompletableFuture<List<Outcome<ByteBuffer>>> pipelined = client.batch(payloads(texts), STRICT.pipelined());

        for (int i = 0; i < texts.length; i++) {
            assertEquals(texts[i], textOf(outcomesOf(pipelined).get(i)));
            assertEquals(texts[i], textOf(outcomesOf(strict).get(i)));
        }
    }
}
