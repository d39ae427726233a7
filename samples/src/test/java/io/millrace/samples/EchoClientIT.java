package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.MessageHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EchoClientIT {
    @Test
    void framedEchoesAreCounted() throws Exception {
        CommandRun run = against(
                Protocol.lengthPrefixed(),
                (session, message) -> session.send(message),
                "--connections",
                "3",
                "--size",
                "1000");

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("3 opened, 3 closed"), run.out());
        assertTrue(run.out().contains("p99.9"), run.out());
    }

    @Test
    void rawStreamIsCountedByItsBytes() throws Exception {
        CommandRun run = against(
                Protocol.raw(),
                (session, message) -> session.send(message),
                "--framing",
                "raw",
                "--size",
                "300000",
                "--connections",
                "2");

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("2 opened, 2 closed"), run.out());
    }

    @Test
    void wrongEchoIsExplainedInOneLine() throws Exception {
        CommandRun run = against(
                Protocol.lengthPrefixed(),
                (session, message) -> {
                    message.put(message.position(), (byte) ~message.get(message.position()));
                    session.send(message);
                },
                "--connections",
                "1");

        assertEquals(1, run.exitCode());
        assertTrue(
                run.err().matches("echo-client: connection \\d+: what came back is not what was sent\\R"), run.err());
    }

    @Test
    void messageTooLongIsExplainedInOneLine() throws Exception {
        CommandRun run = against(
                Protocol.raw(),
                (session, message) -> session.send(message),
                "--framing",
                "int16",
                "--size",
                "65536",
                "--connections",
                "1");

        assertEquals(1, run.exitCode());
        assertTrue(
                run.err().matches("echo-client: connection \\d+: not sent: message of 65536 bytes .*\\R"), run.err());
    }

    @Test
    void deadPortIsExplainedInOneLine() throws Exception {
        CommandRun run =
                CommandRun.againstDeadPort(port -> CommandRun.of(new EchoClient(), "--port", String.valueOf(port)));

        assertEquals(1, run.exitCode());
        assertEquals("", run.out());
        assertTrue(run.err().matches("echo-client: cannot connect to 127\\.0\\.0\\.1:\\d+: .*\\R"), run.err());
    }

    private static CommandRun against(Protocol protocol, MessageHandler handler, String... options) throws Exception {
        try (TcpServer server =
                TcpServer.builder().protocol(protocol).onMessage(handler).bind("127.0.0.1", 0)) {
            String[] args = new String[options.length + 4];
            System.arraycopy(options, 0, args, 4, options.length);
            args[0] = "--port";
            args[1] = String.valueOf(server.port());
            args[2] = "--seconds";
            args[3] = "1";
            return CommandRun.of(new EchoClient(), args);
        }
    }
}
