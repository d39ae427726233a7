package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testing.ChildJvm;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The server and the client of the old wire format, as programs. */
@Timeout(60)
class SeedSamplesIT {
    private static final Duration WAIT = Duration.ofSeconds(30);

    private static CommandRun ask(int port, String... options) {
        String[] args = new String[options.length + 2];
        args[0] = "--port";
        args[1] = String.valueOf(port);
        System.arraycopy(options, 0, args, 2, options.length);
        return CommandRun.of(new SeedClient(), args);
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGTERM")
    void linesAndGeneratedRequestsAreAnsweredAndCountedAtBothEnds() throws Exception {
        try (ChildJvm server = ChildJvm.start(SeedServer.class, List.of(), "--port", "0")) {
            server.awaitOutput("listening on 127.0.0.1:", WAIT);
            Matcher line =
                    Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+)\n").matcher(server.output());
            assertTrue(line.find(), server.output());
            int port = Integer.parseInt(line.group(1));

            CommandRun spoken = ask(port, "--threads", "1", "hello", "caf\u00e9");
            assertEquals(0, spoken.exitCode(), spoken.err() + spoken.out());
            assertTrue(spoken.out().contains("hello -> HELLO (session "), spoken.out());
            assertTrue(spoken.out().contains("caf\u00e9 -> CAF\u00c9 (session "), spoken.out());
            assertTrue(spoken.out().contains("2  socket:ok"), spoken.out());

            CommandRun generated = ask(port, "--threads", "4", "--count", "500", "--heartbeat", "1");
            assertEquals(0, generated.exitCode(), generated.err() + generated.out());
            assertTrue(generated.out().matches("\\s+500  socket:ok\\R"), generated.out());

            server.terminate();
            assertEquals(0, server.awaitExit(WAIT), server.output());
            String said = server.output();
            // The second connection may have come before the first one was told of.
            assertTrue(said.matches("(?s).* came: sessions up to [12], transmissions up to [12]\n.*"), said);
            assertTrue(said.contains(" left: PEER, "), said);
            assertTrue(said.contains("502 requests answered, 0 failed"), said);
        }
    }

    @Test
    void clientWithoutAServerSaysWhatToStart() throws Exception {
        CommandRun run = CommandRun.againstDeadPort(port -> ask(port));

        assertEquals(1, run.exitCode());
        assertEquals("", run.out());
        assertTrue(
                run.err().matches("seed-client: cannot connect to 127\\.0\\.0\\.1:\\d+: .*start the server there.*\\R"),
                run.err());
    }
}
