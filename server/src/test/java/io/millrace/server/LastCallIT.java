package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.ErrorCode;
import io.millrace.core.IoGroup;
import io.millrace.core.Reply;
import io.millrace.core.protocol.Protocol;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients whose connections the system has completed, and nobody has accepted yet, when the server is to stop. */
@Tag("engine")
class LastCallIT {
    private static final int WAITING = 20;
    private static final int REQUEST = 1;
    private static final int REPLY = 2;
    private static final int ERROR = 3;
    private static final int GOAWAY = 6;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    @Test
    void whoHasConnectedIsLetInAndLosesNoRequest() throws Exception {
        TcpServer server = serverWithOneThread();
        List<RawClient> clients = blockTheThreadAndQueueUp(server);

        CompletableFuture<DrainReport> drained = server.drain(Duration.ofMinutes(1));
        released.countDown();

        for (RawClient client : clients) {
            awaitOutcome(client);
            client.halfClose();
            client.drain();
        }
        DrainReport report = drained.get(10, TimeUnit.SECONDS);
        assertTrue(report.inTime(), report::toString);
        assertEquals(0, report.cut());
        assertEquals(1 + WAITING, server.stats().accepted());
        assertEquals(0, server.stats().refusedInAll());
    }

    @Test
    void deadlineOfZeroWaitsForNobody() throws Exception {
        TcpServer server = serverWithOneThread();
        List<RawClient> clients = blockTheThreadAndQueueUp(server);

        CompletableFuture<DrainReport> drained = server.drain(Duration.ZERO);

        assertThrows(ConnectException.class, () -> RawClient.to(server.port()));
        released.countDown();
        assertEquals(1, drained.get(10, TimeUnit.SECONDS).cut());
        for (RawClient client : clients) {
            client.awaitEnd();
        }
    }

    @Test
    void deadlineThatIsMovedForwardEndsTheWait() throws Exception {
        TcpServer server = serverWithOneThread();
        blockTheThreadAndQueueUp(server);

        CompletableFuture<DrainReport> drained = server.drain(Duration.ofMinutes(1));
        server.drain(Duration.ZERO);

        assertThrows(ConnectException.class, () -> RawClient.to(server.port()));
        released.countDown();
        assertEquals(1, drained.get(10, TimeUnit.SECONDS).cut());
    }

    private TcpServer serverWithOneThread() throws IOException {
        IoGroup group = leaks.close(IoGroup.builder().threads(1).start());
        return leaks.watch(TcpServer.builder()
                .group(group)
                .protocol(Protocol.millrace())
                .onRequest((session, request, reply) -> answer(request, reply))
                .bind(0));
    }

    private void answer(ByteBuffer request, Reply reply) throws InterruptedException {
        entered.countDown();
        assertTrue(released.await(10, TimeUnit.SECONDS));
        reply.send(request);
    }

    private List<RawClient> blockTheThreadAndQueueUp(TcpServer server) throws Exception {
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i <= WAITING; i++) {
            RawClient client = leaks.close(RawClient.to(server.port()));
            client.send(ByteBuffer.allocate(9).put((byte) REQUEST).putLong(1).array());
            clients.add(client);
            assertTrue(entered.await(10, TimeUnit.SECONDS));
        }
        return clients;
    }

    /** Waits for the reply, or for word that the request was not begun. */
    private static void awaitOutcome(RawClient client) throws IOException {
        ByteBuffer frame = ByteBuffer.wrap(client.receive());
        int kind = frame.get();
        if (kind == GOAWAY) {
            frame = ByteBuffer.wrap(client.receive());
            kind = frame.get();
        }
        assertEquals(1, frame.getLong());
        if (kind != REPLY) {
            assertEquals(ERROR, kind);
            assertEquals(ErrorCode.DRAINING, frame.getShort());
        }
    }
}
