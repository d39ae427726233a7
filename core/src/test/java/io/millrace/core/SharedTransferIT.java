package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Fault;
import io.millrace.testing.Fault.Operation;
import io.millrace.testing.FaultPlan;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Permutation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Several messages of one receive buffer that are sent on from where they lie. */
@Tag("engine")
@NetworkTest
class SharedTransferIT {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    private static final MessageHandler SEND_ON =
            (session, message) -> assertTrue(session.transfer(message).isAccepted());

    private static final SessionConfig ROOMY =
            SessionConfig.builder().sendMarks(0, 64 * MIB).sendLimit(64 * MIB).build();

    private static byte[] payload(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Payloads of which several fit into one buffer, with short ones among them. */
    private static List<byte[]> payloads(int count, int seed) {
        Random random = new Random(seed);
        List<byte[]> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int length = i % 5 == 3 ? 1 + random.nextInt(6 * KIB) : 16 * KIB + random.nextInt(50 * KIB);
            all.add(payload(length, seed * 1_000 + i));
        }
        return all;
    }

    private static byte[] framed(List<byte[]> payloads) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] payload : payloads) {
            all.writeBytes(ByteBuffer.allocate(4).putInt(payload.length).array());
            all.writeBytes(payload);
        }
        return all.toByteArray();
    }

    private static void expect(Link link, List<byte[]> payloads) throws IOException {
        for (byte[] payload : payloads) {
            assertArrayEquals(payload, link.peer().readFrame());
        }
    }

    @Permutation.Each
    void burstsOfLargeMessagesComeBackInOrder(Permutation how) throws Exception {
        List<byte[]> sent = payloads(60, 1);
        try (Loopback loopback = how.loopback()
                .handler(SEND_ON)
                .config(ROOMY)
                .socketBuffers(48 * KIB)
                .start()) {
            Link link = loopback.open();
            link.peer().sendMeanwhile(framed(sent));
            expect(link, sent);
        }
    }

    @Test
    void writesThatAreCutOrEndOnOtherThreadsChangeNothing() throws Exception {
        List<byte[]> sent = payloads(40, 2);
        FaultPlan cut = new FaultPlan();
        for (int i = 1; i < 60; i++) {
            cut.at(Operation.WRITE, i, Fault.completingPartly(1 + i * 1_777 % 90_000));
        }
        FaultPlan elsewhere = new FaultPlan().always(Operation.WRITE, Fault.completingElsewhere());
        for (FaultPlan plan : List.of(cut, elsewhere)) {
            try (Loopback loopback = Loopback.builder()
                    .handler(SEND_ON)
                    .config(ROOMY)
                    .channel(plan::over)
                    .start()) {
                Link link = loopback.open();
                link.peer().sendMeanwhile(framed(sent));
                expect(link, sent);
            }
        }
    }

    @Test
    void failedWriteGivesEveryPartBack() throws Exception {
        for (int number = 1; number <= 3; number++) {
            FaultPlan plan =
                    new FaultPlan().at(Operation.WRITE, number, Fault.failingElsewhere(new IOException("broken")));
            try (Loopback loopback = Loopback.builder()
                    .handler((session, message) -> session.transfer(message))
                    .config(ROOMY)
                    .channel(plan::over)
                    .start()) {
                Link link = loopback.open();
                link.peer().sendMeanwhile(framed(payloads(60, 3)));
                link.recording().awaitClose();
                loopback.awaitEnded();
                assertEquals(0, loopback.stats().buffersLeased());
            }
        }
    }

    @Test
    void buffersAreSharedBySessionsThatReadThatDoNotYetAndThatEnd() throws Exception {
        Session[] targets = new Session[3];
        CountDownLatch sentOn = new CountDownLatch(120);
        MessageHandler spread = (session, message) -> {
            int number = message.get(message.position());
            targets[number % 3].transfer(message);
            sentOn.countDown();
        };
        List<byte[]> sent = payloads(120, 4);
        List<List<byte[]>> expected = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int i = 0; i < sent.size(); i++) {
            sent.get(i)[0] = (byte) i;
            expected.get(i % 3).add(sent.get(i));
        }
        try (Loopback loopback = Loopback.builder()
                .threads(4)
                .handler(spread)
                .config(ROOMY)
                .socketBuffers(32 * KIB)
                .start()) {
            List<Link> links = List.of(loopback.open(), loopback.open(), loopback.open());
            for (int i = 0; i < 3; i++) {
                targets[i] = links.get(i).session();
            }
            Link source = loopback.open();
            source.peer().sendMeanwhile(framed(sent));
            expect(links.get(0), expected.get(0).subList(0, 10));
            targets[2].abort();
            expect(links.get(0), expected.get(0).subList(10, expected.get(0).size()));
            assertTrue(sentOn.await(10, TimeUnit.SECONDS));
            expect(links.get(1), expected.get(1));
        }
    }

    @Test
    void messagesThatAreRefusedStayWholeForTheNextSession() throws Exception {
        Session[] full = new Session[1];
        List<byte[]> sent = payloads(30, 5);
        MessageHandler handler = (session, message) -> {
            if (session != full[0]) {
                assertFalse(full[0].transfer(message).isAccepted());
                assertTrue(session.transfer(message).isAccepted());
            }
        };
        SessionConfig tight = SessionConfig.builder()
                .sendMarks(0, 8 * KIB)
                .sendLimit(16 * KIB)
                .build();
        try (Loopback loopback = Loopback.builder()
                .handler(handler)
                .config(tight)
                .socketBuffers(32 * KIB)
                .start()) {
            full[0] = loopback.open().session();
            // far more than the socket buffers hold
            assertTrue(full[0].send(new byte[2 * MIB]).isAccepted());
            Link link = loopback.open();
            link.peer().sendMeanwhile(framed(sent));
            expect(link, sent);
        }
    }

    @Test
    void onlyWhatIsLeftOfEachMessageIsSent() throws Exception {
        List<byte[]> sent = payloads(30, 6);
        MessageHandler cut = (session, message) -> {
            if (message.remaining() > 6 * KIB) {
                message.position(message.position() + 3).limit(message.limit() - 9);
            }
            assertTrue(session.transfer(message).isAccepted());
        };
        try (Loopback loopback = Loopback.builder().handler(cut).config(ROOMY).start()) {
            Link link = loopback.open();
            link.peer().sendMeanwhile(framed(sent));
            for (byte[] payload : sent) {
                byte[] rest = payload.length > 6 * KIB ? Arrays.copyOfRange(payload, 3, payload.length - 9) : payload;
                assertArrayEquals(rest, link.peer().readFrame());
            }
        }
    }

    @Test
    void controlFramesGoBetweenMessagesAndNeverInside() throws Exception {
        byte[] ping =
                ByteBuffer.allocate(4 + 9).putInt(9).put((byte) 4).putLong(7).array();
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.millrace())
                .handler(SEND_ON)
                .config(ROOMY)
                .socketBuffers(16 * KIB)
                .start()) {
            Link link = loopback.open();
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int i = 0; i < 12; i++) {
                byte[] message = payload(40 * KIB, i);
                // a kind of its own: a message
                message[0] = 0;
                all.writeBytes(framed(List.of(message)));
                all.writeBytes(ping);
            }
            link.peer().sendMeanwhile(all.toByteArray());
            int messages = 0;
            for (int i = 0; i < 24; i++) {
                byte[] frame = link.peer().readFrame();
                if (frame.length > 9) {
                    byte[] expected = payload(40 * KIB, messages++);
                    expected[0] = 0;
                    assertArrayEquals(expected, frame);
                } else {
                    assertEquals(5, frame[0]);
                }
            }
            assertEquals(12, messages);
        }
    }

    @Test
    void protocolsWithTrailersFrameWhatIsSentOn() throws Exception {
        byte[] line = "x".repeat(30 * KIB).concat("\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        try (Loopback loopback = Loopback.builder()
                .protocol(Protocol.lines())
                .handler(SEND_ON)
                .config(ROOMY)
                .start()) {
            Link link = loopback.open();
            for (int i = 0; i < 12; i++) {
                link.peer().sendMeanwhile(line).get(10, TimeUnit.SECONDS);
            }
            for (int i = 0; i < 12; i++) {
                assertArrayEquals(line, link.peer().readExactly(line.length));
            }
        }
    }

    @Test
    void buffersThatLargeFramesHaveMadeLargeAreGivenBackWhenShortOnesFollow() throws Exception {
        List<byte[]> sent = payloads(60, 8);
        try (Loopback loopback =
                Loopback.builder().handler(SEND_ON).config(ROOMY).start()) {
            Link link = loopback.open();
            link.peer().sendMeanwhile(framed(sent));
            expect(link, sent);
            for (int i = 0; i < 6; i++) {
                link.peer().sendFrame((byte) i);
                assertArrayEquals(new byte[] {(byte) i}, link.peer().readFrame());
            }
            Awaitility.await()
                    .untilAsserted(
                            () -> assertTrue(loopback.stats().bufferBytesLeased() <= 4 * KIB, () -> loopback.stats()
                                    .toString()));
        }
    }
}
