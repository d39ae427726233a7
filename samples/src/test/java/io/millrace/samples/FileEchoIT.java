package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.TcpClient;
import io.millrace.core.MessageHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The demo must be able to fail: what is wrong with an echo is noticed. */
@Timeout(60)
class FileEchoIT {
    private static final int FILE_BYTES = 300_000;

    @TempDir
    private Path folder;

    @Test
    void everyByteIsCounted() throws Exception {
        LoadReport report = new LoadReport();

        transfer((session, message) -> session.send(message), report);

        assertEquals(2 * FILE_BYTES, report.bytes());
    }

    @Test
    void changedByteIsNoticed() {
        assertFailure("connection \\d+: the file came back with another SHA-256", (session, message) -> {
            message.put(message.limit() - 1, (byte) 1);
            session.send(message);
        });
    }

    @Test
    void shortenedMessageIsNoticed() {
        assertFailure("connection \\d+: \\d+ bytes came back as 0", (session, message) -> session.send(new byte[0]));
    }

    @Test
    void earlyCloseIsNoticed() {
        assertFailure("connection \\d+ closed early: PEER .*", (session, message) -> session.close());
    }

    private void assertFailure(String message, MessageHandler serverHandler) {
        ExecutionException failure =
                assertThrows(ExecutionException.class, () -> transfer(serverHandler, new LoadReport()));
        assertTrue(failure.getCause().getMessage().matches(message), failure.getCause()::getMessage);
    }

    private void transfer(MessageHandler serverHandler, LoadReport report) throws Exception {
        SharedFile file = SharedFile.map(Files.write(folder.resolve("zeros"), new byte[FILE_BYTES]));
        FileEcho transfer = new FileEcho(file, 2, 1, report);
        try (TcpServer server = TcpServer.builder()
                        .protocol(Protocol.lengthPrefixed())
                        .onMessage(serverHandler)
                        .bind("localhost", 0);
                TcpClient client = TcpClient.builder()
                        .protocol(Protocol.lengthPrefixed())
                        .endpoint("localhost", server.port())
                        .onMessage(transfer)
                        .build()) {
            client.connect().get(20, TimeUnit.SECONDS);
            transfer.outcome().get(20, TimeUnit.SECONDS);
        }
    }
}
