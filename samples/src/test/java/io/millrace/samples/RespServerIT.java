package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.server.TcpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class RespServerIT {
    private static final int SECONDS = 20;

    private TcpServer server;

    @BeforeEach
    void start() throws Exception {
        server = RespServer.newServer(2).bind("127.0.0.1", 0);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** Typed commands with | between them, and their replies with ~ for line ends. */
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            delimiterString = " => ",
            value = {
                "PING | ping hello => +PONG~$5~hello~",
                "ECHO \"a\\x01\\r\\nb\" => $5~a\u0001~b~",
                "ECHO a\u0000b | ECHO 'it\\'s \"it\"' | P\u0000ING => $3~a\u0000b~$9~it's \"it\"~"
                        + "-ERR unknown command 'P\u0000ING', with args beginning with: ~",
                "SET a 1 | GET a | GET b | EXISTS a b a | DEL a b | GET a => +OK~$1~1~$-1~:2~:1~$-1~",
                "SET a 1 NX | SET a 2 NX | SET b 1 XX | SET a 3 XX | GET a => +OK~$-1~$-1~+OK~$1~3~",
                "SET a 1 EX 100 | TTL a | SET a 22 | TTL a | TTL b => +OK~:100~+OK~:-1~:-2~",
                "SET a 1 PX 100000 | TTL a | EXPIRE a 50 | TTL a | EXPIRE a 0 | GET a | EXPIRE a 1"
                        + " => +OK~:100~:1~:50~:1~$-1~:0~",
                "SET a 1 EX 0 | SET a 1 EX x | SET a 1 ZZ | SET a 1 NX XX"
                        + " => -ERR invalid expire time in 'set' command~-ERR value is not an integer or out of range~"
                        + "-ERR syntax error~-ERR syntax error~",
                "INCR a | INCRBY a 41 | DECR a | DECRBY a 51 | GET a => :1~:42~:41~:-10~$3~-10~",
                "SET a 9223372036854775807 | INCR a | SET a -9223372036854775808 | DECR a | INCR a"
                        + " => +OK~-ERR increment or decrement would overflow~+OK~"
                        + "-ERR increment or decrement would overflow~:-9223372036854775807~",
                "SET a 9223372036854775808 | INCR a | SET a 01 | INCR a | DECRBY b -9223372036854775808"
                        + " => +OK~-ERR value is not an integer or out of range~+OK~"
                        + "-ERR value is not an integer or out of range~-ERR decrement would overflow~",
                "MSET a 1 b 2 | MGET a c b | MSET a | MSET a 1 b"
                        + " => +OK~*3~$1~1~$-1~$1~2~-ERR wrong number of arguments for 'mset' command~"
                        + "-ERR wrong number of arguments for 'mset' command~",
                "RPUSH l b c | LPUSH l a | LRANGE l 0 -1 | LRANGE l -2 9 | LRANGE l 5 9 => "
                        + ":2~:3~*3~$1~a~$1~b~$1~c~*2~$1~b~$1~c~*0~",
                "RPUSH l a b c | LPOP l | RPOP l 5 | LPOP l | RPOP l 1 | EXISTS l"
                        + " => :3~$1~a~*2~$1~c~$1~b~$-1~*-1~:0~",
                "SADD s x | SADD s x | SPOP s | SPOP s | EXISTS s => :1~:0~$1~x~$-1~:0~",
                "HSET h f 1 g 2 | HSET h f 3 i 4 | HGET h f | HGET h z | HSET h f => :2~:1~$1~3~$-1~"
                        + "-ERR wrong number of arguments for 'hset' command~",
                "RPUSH l a | GET l | INCR l | SADD l x | HGET l f | MGET l => :1~"
                        + "-WRONGTYPE Operation against a key holding the wrong kind of value~"
                        + "-WRONGTYPE Operation against a key holding the wrong kind of value~"
                        + "-WRONGTYPE Operation against a key holding the wrong kind of value~"
                        + "-WRONGTYPE Operation against a key holding the wrong kind of value~*1~$-1~",
                "SELECT 0 | SELECT 1 | CONFIG GET save | CONFIG GET x | COMMAND DOCS"
                        + " => +OK~-ERR DB index is out of range~*2~$4~save~$0~~*0~*0~",
                "SET a 1 | FLUSHDB | DBSIZE | nonsense 1 '2 3' => +OK~+OK~:0~"
                        + "-ERR unknown command 'nonsense', with args beginning with: '1' '2 3' ~",
                "GET | QUIT | PING => -ERR wrong number of arguments for 'get' command~+OK~"
            })
    void commandIsAnsweredAsByRedis(String commands, String replies) throws Exception {
        assertEquals(replies.replace("~", "\r\n"), ask(commands.replace(" | ", "\r\n") + "\r\n"));
    }

    @Test
    void brokenStreamIsToldBeforeItEnds() throws Exception {
        assertEquals("+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n", ask("PING\r\n*x\r\nPING\r\n"));
        assertEquals("-ERR Protocol error: unbalanced quotes in request\r\n", ask("GET \"x\r\nPING\r\n"));
        assertEquals("-ERR Protocol error: unbalanced quotes in request\r\n", ask("GET \"x\"y\r\nPING\r\n"));
    }

    @Test
    void longValuesComeBackWhole() throws Exception {
        String value = "0123456789".repeat(100_000);
        String bulk = "$1000000\r\n" + value + "\r\n";

        String replies = ask("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n" + bulk + "*3\r\n$4\r\nMGET\r\n$1\r\nk\r\n$1\r\nk\r\n");

        assertEquals("+OK\r\n*2\r\n" + bulk + bulk, replies);
    }

    @Test
    void manyKeysAreKeptApartAndForgotten() throws Exception {
        int count = 5_000;
        StringBuilder commands = new StringBuilder();
        StringBuilder replies = new StringBuilder();
        for (int i = 0; i < count; i++) {
            commands.append("SET key:").append(i).append(' ').append(i).append("\r\n");
            replies.append("+OK\r\n");
        }
        for (int i = 0; i < count; i++) {
            commands.append("INCR key:")
                    .append(i)
                    .append("\r\nDEL key:")
                    .append(i)
                    .append("\r\n");
            replies.append(':').append(i + 1).append("\r\n:1\r\n");
        }
        commands.append("DBSIZE\r\n");
        replies.append(":0\r\n");

        assertEquals(replies.toString(), ask(commands.toString()));
    }

    @Test
    void commandsOfSeveralThreadsAreDoneOneAtATime() throws Exception {
        int connections = 4;
        int each = 5_000;
        ExecutorService threads = Executors.newFixedThreadPool(connections);
        try {
            Callable<String> counting = () -> ask("INCR counter\r\n".repeat(each));
            for (Future<String> done : threads.invokeAll(
                    IntStream.range(0, connections).mapToObj(i -> counting).toList(), SECONDS, TimeUnit.SECONDS)) {
                assertEquals(each, done.get().lines().count());
            }
        } finally {
            threads.shutdownNow();
        }
        assertEquals(":" + (connections * each + 1) + "\r\n", ask("INCR counter\r\n"));
    }

    @Test
    void clientComparesWhatItGetsBack() {
        CommandRun run = CommandRun.of(
                new RespClient(), "--port", String.valueOf(server.port()), "--keys", "300", "--size", "5000");

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("300 keys of 5,000 bytes set, got back the same, and deleted: "), run.out());
    }

    @Test
    void clientBringsAServerOfItsOwn() {
        CommandRun run = CommandRun.of(new RespClient(), "--keys", "300");

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains(": 300 keys of 64 bytes set"), run.out());
    }

    @Test
    void deadPortIsExplainedInOneLine() throws Exception {
        CommandRun run =
                CommandRun.againstDeadPort(port -> CommandRun.of(new RespClient(), "--port", String.valueOf(port)));

        assertEquals(1, run.exitCode());
        assertTrue(run.err().matches("resp-client: cannot connect to 127\\.0\\.0\\.1:\\d+: .*\\R"), run.err());
    }

    /** Sends commands on a connection of their own, ends it, and returns all that comes back. */
    private String ask(String commands) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", server.port())) {
            socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(SECONDS));
            Thread writer = new Thread(() -> {
                try {
                    socket.getOutputStream().write(commands.getBytes(StandardCharsets.ISO_8859_1));
                    socket.shutdownOutput();
                } catch (IOException e) {
                    // The server has closed first, as it may; what it said is compared.
                }
            });
            writer.start();
            InputStream in = socket.getInputStream();
            byte[] replies = in.readAllBytes();
            writer.join();
            return new String(replies, StandardCharsets.ISO_8859_1);
        }
    }
}
