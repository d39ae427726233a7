package io.millrace.core;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason.Kind;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Hex;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.RawPeer;
import io.millrace.testing.Seed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** How many requests are in progress, of one session and of all, and what becomes of each. */
@NetworkTest
@Tag("engine")
class ServedRequestsIT {
    private final List<Reply> open = new CopyOnWriteArrayList<>();

    private Loopback.Builder keeping(Protocol protocol) {
        return Loopback.builder().protocol(protocol).answering((session, request, reply) -> open.add(reply));
    }

    private static String request(int token) {
        return "0000000a 01 %016x 41".formatted(token);
    }

    private static void expect(RawPeer peer, String start) throws Exception {
        String frame = Hex.of(peer.readFrame()).replace(" ", "");
        assertEquals(start, frame.substring(0, start.length()));
    }

    private void awaitOpen(int count) {
        await().until(() -> open.size() == count);
    }

    private static void answer(Reply reply) {
        reply.send(new byte[] {1});
    }

    @Test
    void oneSessionBeyondItsLimitIsToldThatItIsBusyAndOthersAreNot() throws Exception {
        SessionConfig two = SessionConfig.builder().requestsInProgress(2).build();
        try (Loopback loopback = keeping(Protocol.millrace()).config(two).start()) {
            Link link = loopback.open();
            Link other = loopback.open();
            Hex.send(link.peer(), request(1) + request(2) + request(3));
            expect(link.peer(), "03" + "%016x".formatted(3) + "0001");
            Hex.send(other.peer(), request(4));
            awaitOpen(3);
            answer(open.get(0));
            expect(link.peer(), "02" + "%016x".formatted(1));
            Hex.send(link.peer(), request(5));
            awaitOpen(4);
            open.forEach(reply -> {
                if (!reply.isAnswered()) {
                    answer(reply);
                }
            });
            RequestStats stats = loopback.served().stats();
            assertEquals(0, stats.inProgress());
            assertEquals(4, stats.answered());
            assertEquals(1, stats.busy());
            assertEquals(2, stats.latency().samples(), "the first request of each session is measured");
            assertTrue(stats.latency().max().toNanos() > 0, stats::toString);
        }
    }

    @Test
    void allSessionsTogetherHaveALimitToo() throws Exception {
        try (Loopback loopback = keeping(Protocol.millrace()).requestsInAll(2).start()) {
            Link first = loopback.open();
            Link second = loopback.open();
            Hex.send(first.peer(), request(1));
            awaitOpen(1);
            Hex.send(second.peer(), request(2) + request(3));
            expect(second.peer(), "03" + "%016x".formatted(3) + "0001");
            open.get(0).fail(ErrorCode.FIRST_OF_APPLICATION, "no");
            Hex.send(second.peer(), request(4));
            awaitOpen(3);
            // A place is free again when its session has ended without an answer.
            second.peer().reset();
            second.recording().awaitClose();
            Hex.send(first.peer(), request(5) + request(6));
            awaitOpen(5);
            RequestStats stats = loopback.served().stats();
            assertEquals(2, stats.inProgress());
            assertEquals(2, stats.dropped());
            assertEquals(1, stats.failed());
            assertEquals(SendResult.CLOSED, open.get(1).send(new byte[] {1}));
            open.subList(3, 5).forEach(ServedRequestsIT::answer);
            assertEquals(0, loopback.served().stats().inProgress());
        }
    }

    @Test
    void withoutErrorRepliesTheSessionBeyondTheLimitOfAllClosesBehindItsAnswers() throws Exception {
        try (Loopback loopback =
                keeping(Protocol.lengthPrefixed()).requestsInAll(1).start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            link.peer().sendFrame((byte) 2);
            await().until(() -> loopback.served().stats().busy() == 1);
            answer(open.get(0));
            assertEquals(1, link.peer().readFrame()[0]);
            link.peer().expectEndOfStream();
            link.peer().close();
            assertEquals(Kind.REJECTED, link.recording().awaitClose().kind());
        }
    }

    @Test
    void errorEncoderTellsOfTheLimitInTurn() throws Exception {
        try (Loopback loopback = keeping(Protocol.lengthPrefixed())
                .requestsInAll(1)
                .errorEncoder((code, text) -> ByteBuffer.wrap(new byte[] {(byte) code, 0}))
                .start()) {
            Link link = loopback.open();
            link.peer().sendFrame((byte) 1);
            link.peer().sendFrame((byte) 2);
            await().until(() -> loopback.served().stats().busy() == 1);
            answer(open.get(0));
            assertEquals(1, link.peer().readFrame().length);
            assertEquals(ErrorCode.BUSY, link.peer().readFrame()[0]);
            link.peer().sendFrame((byte) 3);
            awaitOpen(2);
            answer(open.get(1));
            assertEquals(1, link.peer().readFrame().length);
        }
    }

    @Test
    void everyRequestIsCountedOnceHoweverItEnds(Seed seed) throws Exception {
        Random random = seed.random("fates");
        for (Protocol protocol : List.of(Protocol.millrace(), Protocol.lengthPrefixed())) {
            open.clear();
            try (Loopback loopback = keeping(protocol).requestsInAll(1_000).start()) {
                List<Link> links = new ArrayList<>();
                int asked = 0;
                for (int i = 0; i < 10; i++) {
                    Link link = loopback.open();
                    links.add(link);
                    int requests = 1 + random.nextInt(20);
                    for (int r = 0; r < requests; r++) {
                        if (protocol.pairing() == Pairing.BY_TOKEN) {
                            Hex.send(link.peer(), request(r));
                        } else {
                            link.peer().sendFrame((byte) r);
                        }
                    }
                    asked += requests;
                }
                awaitOpen(asked);
                for (Reply reply : open) {
                    switch (random.nextInt(4)) {
                        case 0 -> answer(reply);
                        case 1 -> {
                            if (protocol.pairing() == Pairing.BY_TOKEN) {
                                reply.fail(1_000, "no");
                            }
                        }
                        case 2 ->
                            links.get(random.nextInt(links.size())).session().abort();
                        default -> {}
                    }
                }
                links.forEach(link -> link.session().abort());
                links.forEach(link -> link.recording().awaitClose());
                RequestStats stats = loopback.served().stats();
                assertEquals(0, stats.inProgress(), stats::toString);
                assertEquals(asked, stats.answered() + stats.failed() + stats.dropped(), stats::toString);
                open.forEach(reply -> {
                    if (!reply.isAnswered()) {
                        assertEquals(SendResult.CLOSED, reply.send(new byte[] {1}));
                    }
                });
                assertEquals(stats, loopback.served().stats());
            }
        }
    }
}
