package io.millrace.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A real Redis server, as a child process. */
record RealRedis(Process process, int port) implements AutoCloseable {
    private static final int SECONDS = 30;

    /** Starts one that keeps its files, if any, in a folder; skips the test where none is installed. */
    static RealRedis start(Path folder) throws IOException {
        assumeInstalled("redis-server");
        int port = freePort();
        Process process = new ProcessBuilder(
                        "redis-server", "--port", String.valueOf(port), "--save", "", "--dir", folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("redis.log").toFile())
                .start();
        RealRedis redis = new RealRedis(process, port);
        await().atMost(SECONDS, TimeUnit.SECONDS)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> {
                    new Socket("127.0.0.1", port).close();
                    return true;
                });
        return redis;
    }

    static void assumeInstalled(String tool) {
        boolean isThere = Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(part -> Files.isExecutable(Path.of(part, tool)));
        assumeTrue(isThere, "needs " + tool + " (packages redis-server and redis-tools)");
    }

    /** Returns a free port from below those that the system gives to whoever asks for any. */
    private static int freePort() {
        return ThreadLocalRandom.current()
                .ints(20_000, 32_000)
                .limit(100)
                .filter(RealRedis::isFree)
                .findFirst()
                .orElseThrow();
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port)) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS));
    }
}
