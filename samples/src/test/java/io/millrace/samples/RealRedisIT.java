package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.server.TcpServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our server driven by Redis' own tools, and our client by its server: skipped where they are not installed. */
@Timeout(60)
@Tag("heavy")
class RealRedisIT {
    private static final int SECONDS = 30;

    @TempDir
    private Path folder;

    @Test
    void redisBenchmarkFindsNoError() throws Exception {
        RealRedis.assumeInstalled("redis-benchmark");
        try (TcpServer server = start()) {
            for (String depth : List.of("1", "16")) {
                String port = String.valueOf(server.port());
                String tests = "ping,set,get,incr,lpush,rpop,sadd,hset,spop,lrange_100,mset";
                String said = run(
                        "", "redis-benchmark", "-p", port, "-t", tests, "-n", "2000", "-c", "10", "-P", depth, "--csv");

                // The titles, then a line per test; those of ping are two, and lrange wants a list that it makes.
                assertEquals(14, said.lines().count(), said);
                assertFalse(said.contains("rror"), said);
            }
        }
    }

    @Test
    void redisCliSpeaksWithTheServer() throws Exception {
        RealRedis.assumeInstalled("redis-cli");
        try (TcpServer server = start()) {
            String said = run(
                    "SET k \"a b\"\nGET k\nINCR k\nLPUSH l 1 2\nLRANGE l 0 -1\nNONSENSE\n",
                    "redis-cli",
                    "-p",
                    String.valueOf(server.port()));

            assertEquals(
                    List.of(
                            "OK",
                            "a b",
                            "ERR value is not an integer or out of range",
                            "",
                            "2",
                            "2",
                            "1",
                            "ERR unknown command 'NONSENSE', with args beginning with: ",
                            ""),
                    said.lines().toList());
        }
    }

    @Test
    void clientSpeaksWithARealRedis() throws Exception {
        try (RealRedis redis = RealRedis.start(folder)) {
            CommandRun run = CommandRun.of(new RespClient(), "--port", String.valueOf(redis.port()), "--keys", "2000");

            assertEquals(0, run.exitCode(), run.err());
            assertTrue(run.out().contains("2,000 keys of 64 bytes set, got back the same"), run.out());
        }
    }

    /** Replies of all kinds, and errors of all kinds, are compared word for word. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void randomCommandsAreAnsweredAsByARealRedis(long seed) throws Exception {
        List<List<String>> commands = RandomCommands.list(seed, 5_000);
        try (TcpServer server = start();
                RealRedis redis = RealRedis.start(folder)) {
            List<String> ours = RandomCommands.ask(server.port(), commands);
            List<String> theirs = RandomCommands.ask(redis.port(), commands);

            for (int i = 0; i < commands.size(); i++) {
                int number = i;
                assertEquals(theirs.get(i), ours.get(i), () -> "command " + number + ": " + commands.get(number));
            }
        }
    }

    private static TcpServer start() throws IOException {
        return RespServer.newServer(2).bind("127.0.0.1", 0);
    }

    private Process start(String... command) throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("out").toFile())
                .start();
    }

    /** Runs a tool with that input, and returns what it says. */
    private String run(String input, String... command) throws Exception {
        Process process = start(command);
        try {
            process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().close();
            assertTrue(process.waitFor(SECONDS, TimeUnit.SECONDS));
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(folder.resolve("out"));
        assertEquals(0, process.exitValue(), said);
        return said;
    }
}
