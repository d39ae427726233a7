package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.Codec;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.TypedHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.CapturedLog;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Messages as objects, from a client to a server and back. */
class TypedMessagesIT {
    /** What a user's messages may be. */
    private record Reading(int sensor, double value) {}

    /** How a user may write them: an int32, then a float64. */
    private static final class ReadingCodec implements Codec<Reading> {
        private static final int BYTES = Integer.BYTES + Double.BYTES;

        @Override
        public Reading decode(ByteBuffer message) throws MalformedFrameException {
            if (message.remaining() != BYTES) {
                throw new MalformedFrameException(
                        "a reading has " + BYTES + " bytes, and this message " + message.remaining());
            }
            return new Reading(message.getInt(), message.getDouble());
        }

        @Override
        public ByteBuffer encode(Reading message) {
            return ByteBuffer.allocate(BYTES)
                    .putInt(message.sensor())
                    .putDouble(message.value())
                    .flip();
        }
    }

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<Object> received = new LinkedBlockingQueue<>();
    private final BlockingQueue<CloseReason> ends = new LinkedBlockingQueue<>();

    private <M> TcpServer server(Codec<M> codec, TypedHandler<M> handler) throws Exception {
        return leaks.watch(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage(codec, handler)
                .onClose((session, reason) -> ends.add(reason))
                .bind("127.0.0.1", 0));
    }

    private <M> Session connect(TcpServer server, Codec<M> codec) throws Exception {
        TcpClient client = leaks.watch(Clients.to(server.port())
                .onMessage(codec, (session, message) -> received.add(message))
                .build());
        return client.connect().get(10, TimeUnit.SECONDS);
    }

    private <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        @Nullable T next = queue.poll(10, TimeUnit.SECONDS);
        assertNotNull(next, "nothing came");
        return next;
    }

    @Test
    void stringsGoThereAndBack() throws Exception {
        TcpServer server = server(Codec.utf8(), (session, line) -> session.send("you said " + line, Codec.utf8()));
        Session session = connect(server, Codec.utf8());

        for (String line : List.of("grüß dich", "", "\uD83D\uDE00")) {
            assertEquals(SendResult.ACCEPTED, session.send(line, Codec.utf8()));
            assertEquals("you said " + line, next(received));
        }
    }

    @Test
    void byteArraysGoThereAndBackAndAreTheApplicationsOwn() throws Exception {
        TcpServer server = server(Codec.bytes(), (session, bytes) -> session.send(bytes, Codec.bytes()));
        Session session = connect(server, Codec.bytes());

        session.send(new byte[] {1, 2}, Codec.bytes());
        session.send(new byte[] {3}, Codec.bytes());

        byte[] first = (byte[]) next(received);
        byte[] second = (byte[]) next(received);
        assertArrayEquals(new byte[] {1, 2}, first);
        assertArrayEquals(new byte[] {3}, second);
    }

    @Test
    void recordsOfAUsersOwnCodecGoThereAndBack() throws Exception {
        Codec<Reading> readings = new ReadingCodec();
        TcpServer server = server(
                readings,
                (session, reading) -> session.send(new Reading(reading.sensor(), reading.value() * 2), readings));
        Session session = connect(server, readings);

        session.send(new Reading(7, 1.5), readings);

        assertEquals(new Reading(7, 3.0), next(received));
    }

    @Test
    void payloadThatTheCodecRefusesClosesWithProtocolAndIsNoWarning() throws Exception {
        try (CapturedLog log = new CapturedLog()) {
            TcpServer server = server(new ReadingCodec(), (session, reading) -> received.add(reading));
            Session session = connect(server, Codec.bytes());

            session.send(new byte[] {'G', 'E', 'T', ' ', '/'}, Codec.bytes());
            session.send(new byte[12], Codec.bytes());

            CloseReason reason = next(ends);
            assertEquals(CloseReason.Kind.PROTOCOL, reason.kind());
            assertInstanceOf(MalformedFrameException.class, reason.cause());
            assertTrue(reason.detail().contains("a reading has 12 bytes, and this message 5"), reason.detail());
            assertTrue(reason.detail().contains("peer " + session.localAddress()), reason.detail());
            assertTrue(reason.detail().contains("47 45 54 20 2f"), reason.detail());
            assertTrue(received.isEmpty(), "what comes behind it is not delivered");
            assertEquals(List.of(), log.lines());
        }
    }

    @Test
    void bytesThatAreNoTextCloseWithProtocolAndTheirPlace() throws Exception {
        TcpServer server = server(Codec.utf8(), (session, line) -> received.add(line));
        Session session = connect(server, Codec.bytes());

        session.send(new byte[] {'a', -1}, Codec.bytes());

        assertTrue(next(ends).detail().contains("malformed at offset 1"));
    }

    @Test
    void codecThatThrowsOrAnswersNullClosesWithHandlerOnce() throws Exception {
        for (String fault : List.of("throws", "null")) {
            try (CapturedLog log = new CapturedLog()) {
                TcpServer server = server(faulty(fault), (session, line) -> received.add(line));
                connect(server, Codec.utf8()).send("x", Codec.utf8());

                CloseReason reason = next(ends);
                assertEquals(CloseReason.Kind.HANDLER, reason.kind());
                assertInstanceOf(IllegalStateException.class, reason.cause());
                assertEquals(1, log.lines().size(), log.lines().toString());
            }
        }
        assertTrue(ends.isEmpty());
    }

    @SuppressWarnings("NullAway") // what a user without such a check may write
    private static Codec<String> faulty(String fault) {
        return new Codec<>() {
            @Override
            public String decode(ByteBuffer message) {
                if (fault.equals("throws")) {
                    throw new IllegalStateException("on purpose");
                }
                return null;
            }

            @Override
            public ByteBuffer encode(String message) {
                throw new IllegalArgumentException("on purpose");
            }
        };
    }

    @Test
    void messageThatTheCodecCannotWriteIsTheSendersErrorAndHarmsNobody() throws Exception {
        TcpServer server = server(Codec.utf8(), (session, line) -> session.send(line, Codec.utf8()));
        Session session = connect(server, Codec.utf8());

        assertThrows(IllegalArgumentException.class, () -> session.send("x", faulty("encode")));
        assertThrows(IllegalArgumentException.class, () -> session.send("\uD83D", Codec.utf8()));

        assertEquals(SendResult.ACCEPTED, session.send("still here", Codec.utf8()));
        assertEquals("still here", next(received));
    }
}
