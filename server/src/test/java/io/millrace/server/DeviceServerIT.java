package io.millrace.server;

import static io.millrace.testing.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.Devices.Question;
import io.millrace.testing.ManualClock;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Seed;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A server that asks its devices, all of them at once, on a clock that stands still until the test moves it. */
@NetworkTest
class DeviceServerIT {
    private static final int DEVICES = 1_000;
    private static final Duration DEADLINE = Duration.ofSeconds(5);
    private static final Duration LATER = Duration.ofSeconds(60);

    private final ManualClock clock = new ManualClock();
    private final Map<Integer, Session> sessions = new ConcurrentHashMap<>();
    private final List<CompletableFuture<ByteBuffer>> answers = new ArrayList<>();

    private IoGroup group() throws Exception {
        IoGroup.Builder builder = IoGroup.builder().threads(2);
        GroupAccess.setClock(builder, clock);
        IoGroup group = builder.start();
        clock.drives(GroupAccess.runtimeOf(group).deadlines());
        return group;
    }

    private TcpServer server(IoGroup group) throws Exception {
        return TcpServer.builder()
                .protocol(Protocol.millrace())
                .onMessage((session, number) -> sessions.put(number.getInt(), session))
                .group(group)
                .bind("127.0.0.1", 0);
    }

    private static byte[] question(int device, int round) {
        return ("question " + round + " to device " + device).getBytes(StandardCharsets.UTF_8);
    }

    /** What only this question has for an answer. */
    private static byte[] answer(int device, byte[] question) {
        String text = device + " answers " + new String(question, StandardCharsets.UTF_8);
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void askAll(int round, Duration timeout) {
        answers.clear();
        for (int device = 0; device < DEVICES; device++) {
            answers.add(sessions.get(device).request(ByteBuffer.wrap(question(device, round)), timeout));
        }
    }

    private static void answerAll(Devices devices, List<Question> questions) throws Exception {
        for (Question question : questions) {
            devices.answer(question, ByteBuffer.wrap(answer(question.device(), question.payload())));
        }
    }

    private void expectOwnAnswers(List<Question> questions, int round) throws Exception {
        for (Question question : questions) {
            int device = question.device();
            ByteBuffer reply = answers.get(device).get(20, TimeUnit.SECONDS);
            byte[] bytes = new byte[reply.remaining()];
            reply.get(bytes);
            assertArrayEquals(question(device, round), question.payload(), "device " + device);
            assertArrayEquals(answer(device, question(device, round)), bytes, "device " + device);
        }
    }

    private Throwable failureOf(int device) {
        ExecutionException failed =
                assertThrows(ExecutionException.class, () -> answers.get(device).get(20, TimeUnit.SECONDS));
        return failed.getCause();
    }

    private static int inFlight(TcpServer server) {
        return server.sessions().stream()
                .mapToInt(session -> ((TcpSession) session).pendingRequests())
                .sum();
    }

    @Test
    void everyAnswerIsPairedWithItsOwnQuestionWhateverTheDevicesDo(Seed seed) throws Exception {
        Random random = seed.random("devices");
        try (IoGroup group = group();
                TcpServer server = server(group);
                Devices devices = Devices.connect(server.localAddress(), DEVICES)) {
            awaitSoon("introductions", () -> sessions.size() == DEVICES);

            askAll(1, DEADLINE);
            List<Question> questions = devices.takeQuestions(DEVICES);
            assertEquals(DEVICES, inFlight(server));
            Collections.shuffle(questions, random);
            List<Question> silent = questions.subList(0, DEVICES / 100);
            List<Question> late = questions.subList(DEVICES / 100, DEVICES / 20);
            List<Question> gone = questions.subList(DEVICES / 20, DEVICES / 10);
            List<Question> prompt = questions.subList(DEVICES / 10, DEVICES);

            answerInBatches(devices, prompt.subList(0, prompt.size() / 2), random);
            for (Question question : gone) {
                devices.disconnect(question.device());
            }
            answerInBatches(devices, prompt.subList(prompt.size() / 2, prompt.size()), random);
            expectGone(gone);
            assertEquals(silent.size() + late.size(), inFlight(server));
            for (Question question : questions.subList(0, DEVICES / 20)) {
                assertFalse(answers.get(question.device()).isDone(), "before its deadline");
            }

            clock.advance(DEADLINE);
            for (Question question : questions.subList(0, DEVICES / 20)) {
                assertInstanceOf(RequestTimeoutException.class, failureOf(question.device()));
                assertTrue(sessions.get(question.device()).isOpen(), "a deadline has closed its session");
            }
            assertEquals(0, inFlight(server));

            expectNextRoundIsUndisturbed(devices, server, gone, late);
        }
    }

    @Test
    void fiveQuestionsAtOnceToEachDeviceFindTheirAnswersWhateverTheirOrder(Seed seed) throws Exception {
        int count = DEVICES / 5;
        try (IoGroup group = group();
                TcpServer server = server(group);
                Devices devices = Devices.connect(server.localAddress(), count)) {
            awaitSoon("introductions", () -> sessions.size() == count);
            Map<String, CompletableFuture<ByteBuffer>> asked = new HashMap<>();
            for (int round = 0; round < 5; round++) {
                for (int device = 0; device < count; device++) {
                    byte[] question = question(device, round);
                    asked.put(
                            new String(question, StandardCharsets.UTF_8),
                            sessions.get(device).request(ByteBuffer.wrap(question), LATER));
                }
            }
            List<Question> questions = devices.takeQuestions(asked.size());
            Collections.shuffle(questions, seed.random("order"));
            answerAll(devices, questions);
            for (Question question : questions) {
                ByteBuffer reply = asked.get(new String(question.payload(), StandardCharsets.UTF_8))
                        .get(20, TimeUnit.SECONDS);
                assertEquals(ByteBuffer.wrap(answer(question.device(), question.payload())), reply);
            }
            assertEquals(0, inFlight(server));
        }
    }

    /** Answers in batches of random sizes and after random delays, two seconds together at most. */
    private void answerInBatches(Devices devices, List<Question> questions, Random random) throws Exception {
        int from = 0;
        int leftMillis = 2_000;
        while (from < questions.size()) {
            int to = Math.min(questions.size(), from + 1 + random.nextInt(DEVICES / 5));
            answerAll(devices, questions.subList(from, to));
            expectOwnAnswers(questions.subList(from, to), 1);
            from = to;
            int delayMillis = random.nextInt(1 + leftMillis / 2);
            clock.advance(Duration.ofMillis(delayMillis));
            leftMillis -= delayMillis;
        }
    }

    private void expectGone(List<Question> gone) throws Exception {
        for (Question question : gone) {
            // Before their deadline: it is the end of the connection that has failed them.
            SessionClosedException closed =
                    assertInstanceOf(SessionClosedException.class, failureOf(question.device()));
            assertTrue(closed.maybeWritten(), closed.getMessage());
        }
    }

    /** The late answers come while the devices are being asked something else. */
    private void expectNextRoundIsUndisturbed(
            Devices devices, TcpServer server, List<Question> gone, List<Question> late) throws Exception {
        awaitSoon("sessions ended", () -> server.sessions().size() == DEVICES - gone.size());
        askAll(2, LATER);
        List<Question> questions = devices.takeQuestions(DEVICES - gone.size());
        answerAll(devices, late);
        answerAll(devices, questions);
        expectOwnAnswers(questions, 2);
        for (Question question : gone) {
            assertInstanceOf(SessionClosedException.class, failureOf(question.device()));
        }
        assertEquals(0, inFlight(server));
        assertEquals(0, devices.unexpected());
    }
}
