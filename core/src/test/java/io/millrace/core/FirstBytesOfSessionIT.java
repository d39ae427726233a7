package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.Connection;
import io.millrace.core.internal.SessionOwner;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.memory.BufferPool;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.RawPeer;
import io.millrace.testing.Recording;
import io.millrace.testing.RecordingHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.Arrays;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sessions of connections from which something has been read before, behind a proxy. */
@NetworkTest
@Tag("engine")
class FirstBytesOfSessionIT {
    private static final InetSocketAddress ELSEWHERE = new InetSocketAddress("192.0.2.7", 4711);

    private final RecordingHandler handler = new RecordingHandler((session, message) -> session.send(message));

    @Test
    void firstBytesAreDeliveredBeforeAnythingIsRead() throws Exception {
        deliversAllWhereverTheyEnd(null);
    }

    @Test
    void firstBytesAreDeliveredOnAnExecutorToo() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            deliversAllWhereverTheyEnd(executor);
        } finally {
            executor.shutdown();
            assertTrue(executor.awaitTermination(10, TimeUnit.SECONDS));
        }
    }

    private void deliversAllWhereverTheyEnd(@Nullable Executor executor) throws Exception {
        byte[] stream = new byte[BufferPool.SMALLEST_BYTES + 40];
        ByteBuffer frames = ByteBuffer.wrap(stream);
        byte[] first = {1, 2, 3};
        byte[] second = new byte[stream.length - 2 * Integer.BYTES - first.length];
        Arrays.fill(second, (byte) 9);
        frames.put(RawPeer.frame(first)).put(RawPeer.frame(second));

        // None, half a length, one frame, one and a half, as much as there can be.
        for (int early : new int[] {0, 2, 7, 20, BufferPool.SMALLEST_BYTES}) {
            try (IoGroup group = IoGroup.start();
                    ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                IoRuntime runtime = GroupAccess.runtimeOf(group);
                AsynchronousSocketChannel channel = runtime.openChannel();
                channel.connect(listener.getLocalSocketAddress()).get(10, TimeUnit.SECONDS);
                try (RawPeer peer = RawPeer.of(listener.accept())) {
                    ByteBuffer firstBytes = ByteBuffer.wrap(stream, 0, early);
                    TcpSession session = new TcpSession(
                            runtime, new Connection(channel, ELSEWHERE, firstBytes), setup(executor), owner());
                    assertEquals(ELSEWHERE, session.remoteAddress());
                    assertTrue(session.toString().contains("192.0.2.7"), session::toString);
                    session.start();
                    if (early >= 7) {
                        assertArrayEquals(first, peer.readFrame());
                    }

                    peer.send(stream, early, stream.length);

                    if (early < 7) {
                        assertArrayEquals(first, peer.readFrame());
                    }
                    assertArrayEquals(second, peer.readFrame());
                    Recording recording = handler.of(session);
                    session.close();
                    peer.expectEndOfStream();
                    peer.close();
                    recording.awaitClose();
                    recording.verify();
                    assertEquals(stream.length, session.stats().bytesReceived());
                }
            }
        }
    }

    @Test
    void moreFirstBytesThanEverySessionHasRoomForAreRefused() throws Exception {
        try (IoGroup group = IoGroup.start();
                AsynchronousSocketChannel channel = GroupAccess.runtimeOf(group).openChannel()) {
            ByteBuffer tooMany = ByteBuffer.allocate(BufferPool.SMALLEST_BYTES + 1);

            assertThrows(IllegalArgumentException.class, () -> new Connection(channel, ELSEWHERE, tooMany));
        }
    }

    private SessionSetup setup(@Nullable Executor executor) {
        SessionHandlers handlers = new SessionHandlers(null, handler, null, null, null, null, executor);
        return new SessionSetup(Side.SERVER, Protocol.lengthPrefixed(), SessionConfig.defaults(), handlers, 0);
    }

    private SessionOwner owner() {
        return new SessionOwner() {
            @Override
            public void sessionOpened(TcpSession session) {
                // the recording knows
            }

            @Override
            public void sessionEnded(TcpSession session) {
                // the recording knows
            }
        };
    }
}
