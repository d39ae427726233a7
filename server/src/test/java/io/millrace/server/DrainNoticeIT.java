package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.ErrorCode;
import io.millrace.core.Reply;
import io.millrace.core.protocol.Protocol;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What clients with requests in flight see of a server that drains, byte by byte. */
@Tag("engine")
class DrainNoticeIT {
    private static final int CLIENTS = 20;
    private static final int REQUEST = 1;
    private static final int REPLY = 2;
    private static final int ERROR = 3;
    private static final int GOAWAY = 6;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<Reply> inFlight = new LinkedBlockingQueue<>();

    @Test
    void requestsInFlightAreAnsweredAndLaterOnesAreRefusedAsDraining() throws Exception {
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.millrace())
                .onRequest((session, request, reply) -> inFlight.add(reply))
                .bind(0));
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            RawClient client = leaks.close(RawClient.to(server.port()));
            request(client, 1);
            clients.add(client);
        }
        List<Reply> replies = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            replies.add(inFlight.poll(10, TimeUnit.SECONDS));
        }

        CompletableFuture<DrainReport> drained = server.drain(Duration.ofMinutes(1));

        for (RawClient client : clients) {
            ByteBuffer notice = ByteBuffer.wrap(client.receive());
            assertEquals(GOAWAY, notice.get());
            assertEquals(ErrorCode.DRAINING, notice.getShort());
            // Whoever has been told and connects again must not come back in here.
            assertThrows(ConnectException.class, () -> RawClient.to(server.port()));
            request(client, 2);
            ByteBuffer refusal = ByteBuffer.wrap(client.receive());
            assertEquals(ERROR, refusal.get());
            assertEquals(2, refusal.getLong());
            assertEquals(ErrorCode.DRAINING, refusal.getShort());
        }
        for (Reply reply : replies) {
            reply.send(ByteBuffer.wrap(new byte[] {42}));
        }
        for (RawClient client : clients) {
            assertArrayEquals(
                    ByteBuffer.allocate(10)
                            .put((byte) REPLY)
                            .putLong(1)
                            .put((byte) 42)
                            .array(),
                    client.receive());
            client.halfClose();
            assertEquals(0, client.drain());
        }
        DrainReport report = drained.get(10, TimeUnit.SECONDS);
        assertTrue(report.inTime(), report::toString);
        assertEquals(CLIENTS, report.ended());
        assertTrue(inFlight.isEmpty(), "a request was taken while draining");
    }

    private static void request(RawClient client, long token) throws IOException {
        client.send(ByteBuffer.allocate(9).put((byte) REQUEST).putLong(token).array());
    }
}
