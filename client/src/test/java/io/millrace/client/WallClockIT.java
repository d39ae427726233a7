package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.ChildJvm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** T07: the wall clock is moved by an hour, either way, while deadlines are running. */
@Tag("net")
class WallClockIT {
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final Duration DEADLINE = Duration.ofSeconds(3);
    /** Asking for the time takes long here, since the library reads a file each time. */
    private static final Duration GRACE = Duration.ofSeconds(2);

    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final Duration HALF_AN_HOUR = Duration.ofMinutes(30);

    @TempDir
    private Path folder;

    /** The library that a preloaded JVM asks for the time, or null. */
    private static Path fakeTime() throws Exception {
        Path libraries = Path.of("/usr/lib");
        if (!Files.isDirectory(libraries)) {
            return null;
        }
        try (Stream<Path> found =
                Files.find(libraries, 3, (file, attributes) -> file.endsWith("faketime/libfaketimeMT.so.1"))) {
            return found.findFirst().orElse(null);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"+3600", "-3600"})
    void clockThatIsMovedMakesNoDeadlineEarlyOrLate(String seconds) throws Exception {
        Path library = fakeTime();
        assumeTrue(library != null, "needs libfaketime (package faketime)");
        Path offset = folder.resolve("offset");
        Files.writeString(offset, "+0\n");
        try (ChildJvm child = ChildJvm.of(Deadlines.class)
                .startedBy(
                        "env",
                        "LD_PRELOAD=" + library,
                        "FAKETIME_TIMESTAMP_FILE=" + offset,
                        "FAKETIME_NO_CACHE=1",
                        "FAKETIME_DONT_FAKE_MONOTONIC=1")
                .start()) {
            child.awaitOutput("armed", LONGEST);

            Path moved = folder.resolve("moved");
            Files.writeString(moved, seconds + "\n");
            Files.move(moved, offset, StandardCopyOption.ATOMIC_MOVE);

            assertEquals(0, child.awaitExit(LONGEST), child.output());
        }
    }

    /** Has several deadlines running while the clock is moved, and says when they have fired. */
    static final class Deadlines {
        private Deadlines() {}

        public static void main(String[] arguments) throws Exception {
            CompletableFuture<CloseReason> idle = new CompletableFuture<>();
            try (TcpServer server = TcpServer.builder()
                            .protocol(Protocol.millrace())
                            .onRequest((session, request, reply) -> {})
                            .drainTimeout(Duration.ofMillis(100))
                            .bind("127.0.0.1", 0);
                    FullBacklog full = FullBacklog.create();
                    TcpClient asking = client(server.port()).build();
                    TcpClient idling = client(server.port())
                            .onClose((session, reason) -> idle.complete(reason))
                            .sessions(SessionConfig.builder()
                                    .idleTimeout(DEADLINE)
                                    .build())
                            .build();
                    TcpClient connecting =
                            client(full.port()).connectTimeout(DEADLINE).build()) {
                Session busy = asking.connect().get(10, TimeUnit.SECONDS);
                Map<String, CompletableFuture<?>> fired = new LinkedHashMap<>();
                long start = System.nanoTime();
                idling.connect().get(10, TimeUnit.SECONDS);
                fired.put("request", busy.request(ByteBuffer.allocate(1), DEADLINE));
                fired.put("connect", connecting.connect());
                fired.put("call", CompletableFuture.runAsync(() -> call(asking)));
                fired.put("idle", idle);
                Map<String, CompletableFuture<Duration>> taken = new LinkedHashMap<>();
                fired.forEach((name, one) ->
                        taken.put(name, one.handle((value, failure) -> Duration.ofNanos(System.nanoTime() - start))));
                awaitJump();
                taken.forEach((name, one) -> check(!one.isDone(), name + " had fired before the clock was moved"));
                for (Map.Entry<String, CompletableFuture<Duration>> one : taken.entrySet()) {
                    Duration after = one.getValue().get(LONGEST.toSeconds(), TimeUnit.SECONDS);
                    System.out.println(one.getKey() + " fired after " + after.toMillis() + " ms");
                    check(after.compareTo(DEADLINE) >= 0, one.getKey() + " was early");
                    check(after.compareTo(DEADLINE.plus(GRACE)) <= 0, one.getKey() + " was late");
                }
            }
        }

        private static TcpClientBuilder client(int port) {
            return TcpClient.builder().protocol(Protocol.millrace()).endpoint("127.0.0.1", port);
        }

        private static void call(TcpClient client) {
            try {
                client.call(new byte[1], DEADLINE);
                throw new AssertionError("answered");
            } catch (IOException expected) {
                System.out.println(expected.getMessage());
            }
        }

        private static void awaitJump() {
            long before = System.currentTimeMillis();
            System.out.println("armed");
            long startNanos = System.nanoTime();
            while (Math.abs(System.currentTimeMillis() - before) < HALF_AN_HOUR.toMillis()) {
                check(System.nanoTime() - startNanos < LONGEST.toNanos(), "the clock was not moved");
                LockSupport.parkNanos(POLL_NANOS);
            }
            System.out.println("moved");
        }

        private static void check(boolean holds, String otherwise) {
            if (!holds) {
                throw new AssertionError(otherwise);
            }
        }
    }
}
