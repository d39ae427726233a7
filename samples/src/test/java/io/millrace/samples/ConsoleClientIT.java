package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.MessageHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ConsoleClientIT {
    @Test
    void linesAreAnsweredUntilExit() throws Exception {
        CommandRun run = converse((session, message) -> session.send(message), typed("hello\nworld\nexit\nlost\n"));

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().endsWith(lines("send> hello", "send> world", "send> ")), run.out());
    }

    @Test
    void endOfInputLeaves() throws Exception {
        CommandRun run = converse((session, message) -> session.send(message), typed("hello"));

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().endsWith(lines("send> hello", "send> ")), run.out());
    }

    @Test
    void lossOfTheConnectionIsToldWhileTheUserThinks() throws Exception {
        try (PipedOutputStream keyboard = new PipedOutputStream();
                PipedInputStream in = new PipedInputStream(keyboard)) {
            keyboard.write("bye\n".getBytes(StandardCharsets.UTF_8));

            CommandRun run = converse((session, message) -> session.close(), in);

            assertEquals(1, run.exitCode());
            assertTrue(run.err().matches("console-client: connection lost: PEER .*\\R"), run.err());
        }
    }

    @Test
    void deadPortIsExplainedInOneLine() throws Exception {
        CommandRun run = CommandRun.againstDeadPort(
                port -> CommandRun.of(new ConsoleClient(typed("")), "--port", String.valueOf(port)));

        assertEquals(1, run.exitCode());
        assertEquals("", run.out());
        assertTrue(run.err().matches("console-client: cannot connect to 127\\.0\\.0\\.1:\\d+: .*\\R"), run.err());
    }

    @Test
    void linesAreRequestsWhereTheProtocolHasThem() throws Exception {
        CommandRun run;
        try (TcpServer server = TcpServer.builder()
                .protocol(Protocol.millrace())
                .processor(request -> request)
                .bind("127.0.0.1", 0)) {
            run = ask(server.port(), "hello\nexit\n");
        }

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().startsWith("asking 127.0.0.1:"), run.out());
        assertTrue(run.out().contains(lines("(CONNECTING)")), run.out());
        assertTrue(run.out().contains(lines("(READY)")), run.out());
        assertTrue(run.out().contains(lines("hello")), run.out());
    }

    @Test
    void requestThatCannotBeSentIsToldInWords() throws Exception {
        CommandRun run = CommandRun.againstDeadPort(port -> ask(port, "hello\nexit\n"));

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("(BACKING_OFF: cannot connect to 127.0.0.1:"), run.out());
        assertTrue(run.out().contains("no reply: cannot connect to 127.0.0.1:"), run.out());
    }

    private static CommandRun ask(int port, String lines) {
        return CommandRun.of(new ConsoleClient(typed(lines)), "--port", String.valueOf(port), "--framing", "millrace");
    }

    private static InputStream typed(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String lines(String... lines) {
        return String.join(System.lineSeparator(), lines) + System.lineSeparator();
    }

    private static CommandRun converse(MessageHandler handler, InputStream in) throws Exception {
        try (TcpServer server = TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage(handler)
                .bind("127.0.0.1", 0)) {
            return CommandRun.of(new ConsoleClient(in), "--port", String.valueOf(server.port()));
        }
    }
}
