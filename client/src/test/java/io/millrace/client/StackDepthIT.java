package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs programs in a JVM with small stacks, under each of the JDK's switches for completions on the stack. */
class StackDepthIT {
    private static final String STACK = "-Dsun.nio.ch.maxCompletionHandlersOnStack=";
    private static final String NO_SYNCHRONOUS_READ = "-Dsun.nio.ch.disableSynchronousRead=true";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {STACK + "1", STACK + "16", STACK + "1000", NO_SYNCHRONOUS_READ})
    void pingPongNeedsLittleStack(String flag) throws Exception {
        run(PingPong.class, 50_000, flag, 60);
    }

    @Tag("heavy")
    @ParameterizedTest
    @ValueSource(strings = {STACK + "1", STACK + "16", STACK + "1000", NO_SYNCHRONOUS_READ})
    void aMillionPingPongsNeedLittleStack(String flag) throws Exception {
        run(PingPong.class, 1_000_000, flag, 300);
    }

    @ParameterizedTest
    @ValueSource(strings = {STACK + "1", STACK + "16", STACK + "1000", NO_SYNCHRONOUS_READ})
    void readsThatAlwaysFindSomethingNeedLittleStack(String flag) throws Exception {
        run(Flood.class, 64, flag, 60);
    }

    @Test
    void sessionsThatCloseEachOtherNeedLittleStack() throws Exception {
        run(ClosingChain.class, 400, STACK + "16", 20);
    }

    private void run(Class<?> program, int size, String flag, int seconds) throws Exception {
        Path output = folder.resolve("output");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xss256k", flag));
        command.add("-Dlogback.configurationFile=io/millrace/testing/logback-testing.xml");
        command.add("-cp");
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.addAll(List.of(program.getName(), Integer.toString(size), Integer.toString(seconds)));
        Process child = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            assertTrue(child.waitFor(seconds, TimeUnit.SECONDS), "did not end by itself");
            assertEquals("done", Files.readString(output).trim());
            assertEquals(0, child.exitValue());
        } finally {
            child.destroyForcibly();
        }
    }

    /** Plays as many rounds as it is told to, several balls at once so that reads find something at once too. */
    public static final class PingPong {
        private static final int BALLS = 4;

        public static void main(String[] args) throws Exception {
            int rounds = Integer.parseInt(args[0]);
            CompletableFuture<String> end = new CompletableFuture<>();
            try (IoGroup group = IoGroup.builder().threads(2).start();
                    TcpServer server = TcpServer.builder()
                            .group(group)
                            .protocol(Protocol.lengthPrefixed())
                            .onMessage((session, message) -> session.send(message))
                            .onClose((session, reason) -> end.complete(reason.toString()))
                            .bind("127.0.0.1", 0);
                    TcpClient client = Clients.to(server.port())
                            .group(group)
                            .onMessage((session, message) -> {
                                if (session.stats().messagesReceived() >= rounds) {
                                    end.complete("done");
                                } else {
                                    session.send(message);
                                }
                            })
                            .onClose((session, reason) -> end.complete(reason.toString()))
                            .build()) {
                Session session = client.connect().get(10, TimeUnit.SECONDS);
                for (int i = 0; i < BALLS; i++) {
                    session.send(new byte[64]);
                }
                System.out.println(end.get(Integer.parseInt(args[1]), TimeUnit.SECONDS));
                session.abort();
            }
        }
    }

    /** Is sent so many MiB of small messages as fast as it can read, or faster, so that its reads complete at once. */
    public static final class Flood {
        private static final int MESSAGE_BYTES = 1020;

        public static void main(String[] args) throws Exception {
            int mebibytes = Integer.parseInt(args[0]);
            long expected = mebibytes * 1024L;
            CompletableFuture<String> end = new CompletableFuture<>();
            CRC32 slowness = new CRC32();
            try (TcpServer server = TcpServer.builder()
                            .protocol(Protocol.lengthPrefixed())
                            .onMessage((session, message) -> {
                                for (int i = 0; i < 16; i++) {
                                    slowness.update(message.duplicate());
                                }
                                if (session.stats().messagesReceived() == expected) {
                                    end.complete("done");
                                }
                            })
                            .onClose((session, reason) -> end.complete(reason.toString()))
                            .bind("127.0.0.1", 0);
                    Socket socket = new Socket("127.0.0.1", server.port())) {
                ByteBuffer chunk = ByteBuffer.allocate(1 << 20);
                while (chunk.hasRemaining()) {
                    chunk.putInt(MESSAGE_BYTES).position(chunk.position() + MESSAGE_BYTES);
                }
                for (int i = 0; i < mebibytes; i++) {
                    socket.getOutputStream().write(chunk.array());
                }
                System.out.println(end.get(Integer.parseInt(args[1]), TimeUnit.SECONDS));
            }
        }
    }

    /** Opens so many sessions with a request in flight each, whose failure closes the next one. */
    public static final class ClosingChain {
        public static void main(String[] args) throws Exception {
            int length = Integer.parseInt(args[0]);
            CompletableFuture<String> end = new CompletableFuture<>();
            try (IoGroup group = IoGroup.builder().threads(1).start();
                    TcpServer server = TcpServer.builder()
                            .group(group)
                            .protocol(Protocol.lengthPrefixed())
                            .onMessage((session, message) -> {})
                            .bind("127.0.0.1", 0);
                    TcpClient client = Clients.to(server.port()).group(group).build()) {
                List<Session> sessions = new ArrayList<>();
                for (int i = 0; i < length; i++) {
                    sessions.add(client.connect().get(10, TimeUnit.SECONDS));
                }
                for (int i = 0; i < length; i++) {
                    int next = i + 1;
                    sessions.get(i)
                            .request(ByteBuffer.allocate(1), Duration.ofMinutes(10))
                            .whenComplete((reply, failure) -> {
                                if (next < length) {
                                    sessions.get(next).close();
                                } else {
                                    end.complete("done");
                                }
                            });
                }
                sessions.get(0).close();
                System.out.println(end.get(Integer.parseInt(args[1]), TimeUnit.SECONDS));
            }
        }
    }
}
