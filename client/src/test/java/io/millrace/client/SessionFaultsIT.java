package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.Clients.text;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.Reply;
import io.millrace.core.RequestTimeoutException;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.RawPeer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Sessions that ended, or sent, otherwise than they should: each of these has been wrong once. */
@Tag("engine")
class SessionFaultsIT {
    private static final Duration SHORT = Duration.ofMillis(200);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<Session> opened = new LinkedBlockingQueue<>();
    private final BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();

    private static <T> T next(BlockingQueue<T> queue, String what) throws InterruptedException {
        T next = queue.poll(LONG.toSeconds(), TimeUnit.SECONDS);
        assertNotNull(next, what);
        return next;
    }

    private RawPeer connect(TcpServer server) throws Exception {
        return leaks.close(RawPeer.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port())));
    }

    private TcpClientBuilder clientOf(RawServer peer) {
        return Clients.to(peer.port())
                .protocol(Protocol.millrace())
                .drainTimeout(SHORT)
                .onOpen(opened::add)
                .onClose((session, reason) -> closed.add(reason));
    }

    private void awaitDrainNotice() throws InterruptedException {
        TcpSession session = (TcpSession) next(opened, "onOpen");
        awaitSoon("drain notice", session::isPeerDraining);
    }

    @Test
    void requestAfterADrainNoticeGoesToANewConnection() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(clientOf(peer).build());
        CompletableFuture<ByteBuffer> lost = client.request(bytes("lost"), SHORT);
        RawServer.Connection first = leaks.close(peer.accept());
        first.receive();

        first.sendBytes(RawFrames.drainNotice());
        awaitDrainNotice();
        assertInstanceOf(RequestTimeoutException.class, failureOf(lost));

        CompletableFuture<ByteBuffer> answered = client.request(bytes("again"), LONG);
        RawServer.Connection second = leaks.close(peer.accept());
        second.sendBytes(RawFrames.reply(RawFrames.tokenOf(second.receive()), bytes("answer")));
        assertEquals("answer", text(answered));
    }

    @Test
    void drainNoticeClosesTheSessionOnceItsLastRequestHasTimedOut() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(clientOf(peer).build());
        CompletableFuture<ByteBuffer> lost = client.request(bytes("lost"), SHORT);
        RawServer.Connection connection = leaks.close(peer.accept());
        connection.receive();

        connection.sendBytes(RawFrames.drainNotice());
        awaitDrainNotice();
        assertInstanceOf(RequestTimeoutException.class, failureOf(lost));

        assertEquals(-1, connection.read(), "a session that the peer has finished with");
        connection.close();
        next(closed, "onClose");
    }

    @Test
    void drainNoticeClosesTheSessionOnceItsLastReplyWasGiven() throws Exception {
        BlockingQueue<Reply> replies = new LinkedBlockingQueue<>();
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(clientOf(peer)
                .onRequest((session, message, reply) -> replies.add(reply))
                .build());
        client.connect().get(LONG.toSeconds(), TimeUnit.SECONDS);
        RawServer.Connection connection = leaks.close(peer.accept());

        connection.sendBytes(RawFrames.request(5, (byte) 1));
        connection.sendBytes(RawFrames.drainNotice());

        Reply reply = next(replies, "onRequest");
        awaitDrainNotice();
        assertEquals(SendResult.ACCEPTED, reply.send(bytes("answer")));
        assertEquals(RawFrames.REPLY, RawFrames.kindOf(connection.receive()));
        assertEquals(-1, connection.read(), "a session that the peer has finished with");
        connection.close();
        next(closed, "onClose");
    }

    @Test
    void unknownVersionClosesWithProtocolWhereTheTextDoesNotFit() throws Exception {
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(MillraceProtocol.create().maxPayloadBytes(16))
                .onRequest((session, message, reply) -> reply.send(message))
                .onClose((session, reason) -> closed.add(reason))
                .drainTimeout(SHORT)
                .bind("127.0.0.1", 0));
        RawPeer peer = connect(server);

        byte kindOfVersionTwo = 0x21;
        peer.sendFrame(
                kindOfVersionTwo, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 0);

        assertEquals(RawFrames.DRAIN, RawFrames.kindOf(peer.readFrame()));
        peer.expectEndOfStream();
        peer.close();
        assertEquals(CloseReason.Kind.PROTOCOL, next(closed, "onClose").kind());
    }

    @Test
    void sendGoesOnWithTheSmallBuffersThatAreLeft() throws Exception {
        IoGroup group =
                leaks.watch(IoGroup.builder().threads(1).bufferMemory(1 << 20).start());
        TcpServer server = leaks.watch(TcpServer.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message))
                .drainTimeout(SHORT)
                .bind("127.0.0.1", 0));
        RawPeer peer = connect(server);
        // the memory goes into buffers of the sizes that small messages take
        for (int round = 0; round < 20; round++) {
            peer.send(RawFrames.repeated(RawPeer.frame(new byte[100]), 4));
            for (int i = 0; i < 4; i++) {
                peer.readFrame();
            }
        }
        Session session = server.sessions().iterator().next();

        // two frames that leave in one write make its size the usual one
        CompletableFuture<List<SendResult>> results = new CompletableFuture<>();
        GroupAccess.runtimeOf(group)
                .execute(() -> results.complete(
                        List.of(session.send(ByteBuffer.allocate(300)), session.send(ByteBuffer.allocate(300)))));
        assertEquals(
                List.of(SendResult.ACCEPTED, SendResult.ACCEPTED), results.get(LONG.toSeconds(), TimeUnit.SECONDS));
        peer.readFrame();
        peer.readFrame();
        awaitSoon("queue empty", () -> session.queuedBytes() == 0);

        assertEquals(SendResult.ACCEPTED, session.send(ByteBuffer.allocate(10)));
        assertEquals(10, peer.readFrame().length);
    }
}
