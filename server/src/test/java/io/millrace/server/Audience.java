package io.millrace.server;

import io.millrace.core.IoGroup;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** A server, and plain peers in the order of its sessions; the test's check closes all of it. */
final class Audience {
    /** A user's protocol: int32 lengths, made by one encoder for all sessions, which counts what it is asked for. */
    static class CountingProtocol implements Protocol, FrameEncoder {
        final AtomicInteger checks = new AtomicInteger();
        final AtomicInteger frames = new AtomicInteger();

        @Override
        public FrameDecoder newDecoder(Side side) {
            return Protocol.lengthPrefixed().newDecoder(side);
        }

        @Override
        public FrameEncoder newEncoder(Side side) {
            return this;
        }

        @Override
        public void check(ByteBuffer payload) {
            checks.incrementAndGet();
        }

        @Override
        public int headerLength(FrameKind kind, int payloadLength) {
            return Integer.BYTES;
        }

        @Override
        public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
            frames.incrementAndGet();
            out.putInt(payloadLength);
        }
    }

    private final LeakCheck leaks;
    private final BlockingQueue<Session> opened = new LinkedBlockingQueue<>();
    final IoGroup group;
    final TcpServer server;
    final List<Session> sessions = new CopyOnWriteArrayList<>();
    final List<RawPeer> peers = new CopyOnWriteArrayList<>();

    Audience(LeakCheck leaks, Protocol protocol) throws IOException {
        this(leaks, protocol, (session, message) -> {}, builder -> builder);
    }

    Audience(LeakCheck leaks, Protocol protocol, MessageHandler handler, UnaryOperator<TcpServerBuilder> configuration)
            throws IOException {
        this.leaks = leaks;
        this.group = leaks.watch(IoGroup.builder()
                .threads(2)
                .bufferMemory(64 << 20)
                .trackBuffers(true)
                .start());
        this.server = leaks.watch(configuration
                .apply(TcpServer.builder()
                        .group(group)
                        .protocol(protocol)
                        .onOpen(opened::add)
                        .onMessage(handler))
                .bind("127.0.0.1", 0));
    }

    /** Connects one peer, with a receive buffer of its own size if that is not 0; returns its session. */
    Session connect(int receiveBufferBytes) throws IOException, InterruptedException {
        peers.add(leaks.close(RawPeer.connect(server.localAddress(), receiveBufferBytes)));
        Session session = opened.poll(10, TimeUnit.SECONDS);
        if (session == null) {
            throw new AssertionError("no session was opened within 10 s");
        }
        sessions.add(session);
        return session;
    }

    Audience connectMany(int count) throws IOException, InterruptedException {
        for (int i = 0; i < count; i++) {
            connect(0);
        }
        return this;
    }

    /** Makes everyone who is connected a member. */
    SessionGroup allIn(String name) {
        sessions.forEach(session -> server.groups().join(name, session));
        return server.groups().group(name);
    }
}
