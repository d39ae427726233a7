package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.Session;
import io.millrace.core.SessionClosedException;
import io.millrace.core.SessionConfig;
import java.io.EOFException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A request that was failed as "not sent" must never reach the peer: its caller may have sent it again. */
class MaybeWrittenIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void requestFailedAsNotSentByACloseIsNotSentAfterwards() throws Exception {
        queueBehindAPeerThatDoesNotReadThen((session, connection) -> session.close());
    }

    @Test
    void requestFailedAsNotSentWhenThePeerFinishesIsNotSentAfterwards() throws Exception {
        queueBehindAPeerThatDoesNotReadThen((session, connection) -> connection.halfClose());
    }

    private interface End {
        void happen(Session session, RawServer.Connection connection) throws Exception;
    }

    private void queueBehindAPeerThatDoesNotReadThen(End end) throws Exception {
        RawServer peer = leaks.close(RawServer.start(0, 4096));
        TcpClient client = leaks.watch(Clients.to(peer.port())
                .sessions(SessionConfig.builder().sendLimit(16 << 20).build())
                .build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        RawServer.Connection connection = leaks.close(peer.accept());
        CompletableFuture<ByteBuffer> partlyWritten = session.request(ByteBuffer.allocate(8 << 20), LONG);
        LeakCheck.awaitSoon("some of it written", () -> session.stats().bytesSent() > 0);
        CompletableFuture<ByteBuffer> queued = session.request(ByteBuffer.wrap(bytes("queued")), LONG);

        end.happen(session, connection);

        assertTrue(assertInstanceOf(SessionClosedException.class, failureOf(partlyWritten))
                .maybeWritten());
        SessionClosedException closed = assertInstanceOf(SessionClosedException.class, failureOf(queued));
        boolean received;
        try {
            assertEquals(8 << 20, connection.receive().length);
            received = connection.receiveText().equals("queued");
        } catch (EOFException | SocketException endOfStream) {
            received = false;
        }
        assertEquals(received, closed.maybeWritten(), "was received: " + received + ", but the client says: " + closed);
    }
}
