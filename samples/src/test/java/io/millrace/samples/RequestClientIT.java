package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RequestClientIT {
    @Test
    void aLineASecondAndTheTotalsAreShown() throws Exception {
        CommandRun run;
        try (TcpServer server = TcpServer.builder()
                .protocol(Protocol.millrace())
                .processor(request -> request)
                .bind("127.0.0.1", 0)) {
            run = CommandRun.of(
                    new RequestClient(),
                    "--port",
                    String.valueOf(server.port()),
                    "--seconds",
                    "1",
                    "--connections",
                    "2",
                    "--depth",
                    "3");
        }

        assertEquals(0, run.exitCode(), run.out() + run.err());
        // Answered a second, in flight, open connections, idle, opening, waiting, retries, failed, and two latencies.
        assertTrue(
                run.out().matches("(?s).*\\R +[\\d.]+ +[\\d,]+ +\\d+ +2 +\\d +0 +0 +0 +0 +[\\d.]+ +[\\d.]+\\R.*"),
                run.out());
        assertTrue(run.out().matches("(?s).*  connections      2 opened, 0 lost\\R.*"), run.out());
        assertTrue(run.out().matches("(?s).*  failed           0\\R.*"), run.out());
    }

    @Test
    void deadPortIsExplained() throws Exception {
        CommandRun run = CommandRun.againstDeadPort(port ->
                CommandRun.of(new RequestClient(), "--port", String.valueOf(port), "--seconds", "1", "--timeout", "1"));

        assertEquals(1, run.exitCode());
        assertTrue(run.err().contains("CONNECTING -> BACKING_OFF: cannot connect to 127.0.0.1:"), run.err());
        assertTrue(
                run.err()
                        .matches(
                                "(?s).*request-client: 127\\.0\\.0\\.1:\\d+ answered nothing; start request-server there\\R"),
                run.err());
    }
}
