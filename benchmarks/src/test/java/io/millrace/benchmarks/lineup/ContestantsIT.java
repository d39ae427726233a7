package io.millrace.benchmarks.lineup;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Frames;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.contestant.ServeOptions;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every contestant that this machine has does what its role says, before anybody measures it. */
class ContestantsIT {
    private static final int MAX_FRAME_BYTES = 300_000;
    private static final int PATIENCE_MILLIS = 10_000;

    private static Stream<Arguments> answering() {
        return Stream.of(Role.ECHO, Role.PROXY).flatMap(role -> Contestants.in(role).stream()
                .map(contestant -> Arguments.of(role, contestant.name())));
    }

    private static Stream<String> broadcasting() {
        return Contestants.in(Role.BROADCAST).stream().map(Contestant::name);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("answering")
    void framesComeBackWhole(Role role, String name) throws Exception {
        int target = role == Role.PROXY ? start(Role.ECHO, "nio2-bare", 0) : 0;
        try (Connection connection = new Connection(start(role, name, target))) {
            byte[] small = frame(10);
            connection.send(small);
            connection.expect(small);

            byte[] empty = frame(0);
            connection.send(empty);
            connection.expect(empty);

            byte[] slow = frame(20);
            for (byte part : slow) {
                connection.send(new byte[] {part});
            }
            connection.expect(slow);

            byte[] many = manyFrames();
            connection.send(many);
            connection.expect(many);

            byte[] longest = frame(MAX_FRAME_BYTES);
            connection.send(longest);
            connection.expect(longest);
        }
    }

    @ParameterizedTest
    @MethodSource("broadcasting")
    void everybodyGetsWhatOneSends(String name) throws Exception {
        int port = start(Role.BROADCAST, name, 0);
        try (Connection first = new Connection(port)) {
            byte[] alone = frame(5);
            first.send(alone);
            first.expect(alone);
            try (Connection second = new Connection(port)) {
                byte[] both = frame(50);
                second.send(both);
                second.expect(both);
                first.expect(both);

                byte[] many = manyFrames();
                first.send(many);
                first.expect(many);
                second.expect(many);

                byte[] longest = frame(MAX_FRAME_BYTES);
                first.send(longest);
                first.expect(longest);
                second.expect(longest);
            }
        }
    }

    @Test
    void millraceComesFirstAndNamesAreUnique() {
        for (Role role : Role.values()) {
            var names = Contestants.in(role).stream().map(Contestant::name).toList();
            if (!names.isEmpty()) {
                assertEquals("millrace", names.get(0));
            }
            assertEquals(names.stream().distinct().toList(), names);
        }
    }

    @Test
    void anUnknownNameIsAnsweredWithThoseThereAre() {
        var failure = assertThrows(IllegalArgumentException.class, () -> Contestants.find(Role.BROADCAST, "mill"));

        assertEquals(
                "contestant is mill; in role BROADCAST there are millrace, netty-nio, netty-epoll, netty-uring",
                failure.getMessage());
    }

    private static int start(Role role, String name, int target) throws Exception {
        Contestant contestant = Contestants.find(role, name);
        assumeTrue(contestant.unavailable().isEmpty(), contestant::unavailable);
        return contestant.start(new ServeOptions(MAX_FRAME_BYTES, target));
    }

    private static byte[] frame(int payloadBytes) {
        byte[] frame = new byte[Frames.HEADER_BYTES + payloadBytes];
        new Random(payloadBytes).nextBytes(frame);
        return ByteBuffer.wrap(frame).putInt(payloadBytes).array();
    }

    private static byte[] manyFrames() {
        ByteBuffer frames = ByteBuffer.allocate(32 << 10);
        for (int bytes = 0; bytes < 128; bytes++) {
            frames.put(frame(bytes));
        }
        return Arrays.copyOf(frames.array(), frames.position());
    }

    /** A client that waits for every byte, but not for ever. */
    private static final class Connection implements AutoCloseable {
        private final Socket socket;
        private final OutputStream out;
        private final DataInputStream in;

        Connection(int port) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MILLIS);
            out = socket.getOutputStream();
            in = new DataInputStream(socket.getInputStream());
        }

        void send(byte[] bytes) throws IOException {
            out.write(bytes);
        }

        void expect(byte[] bytes) throws IOException {
            assertArrayEquals(bytes, in.readNBytes(bytes.length));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
