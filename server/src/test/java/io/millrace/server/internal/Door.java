package io.millrace.server.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.SessionConfig;
import io.millrace.core.SessionHandlers;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.server.admission.AdmissionConfig;
import io.millrace.server.admission.RefusalReason;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.ManualClock;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** An admission on several listening addresses; whoever is admitted is greeted with an empty frame, and echoed to. */
final class Door implements AutoCloseable {
    private static final CloseReason CLOSING = CloseReason.of(CloseReason.Kind.SHUTDOWN, "end of the test");

    final ManualClock clock = new ManualClock();
    final AtomicInteger mostAtOnce = new AtomicInteger();
    private final AtomicInteger now = new AtomicInteger();
    private final IoGroup group;
    private final IoRuntime runtime;
    private final Admission admission;
    private final List<InetSocketAddress> addresses = new ArrayList<>();
    private final List<RawPeer> peers = new ArrayList<>();

    Door(int listeners, AdmissionConfig config) throws IOException {
        this(listeners, config, Protocol.lengthPrefixed());
    }

    Door(int listeners, AdmissionConfig config, Protocol protocol) throws IOException {
        IoGroup.Builder builder = IoGroup.builder().threads(2);
        GroupAccess.setClock(builder, clock);
        group = builder.start();
        runtime = GroupAccess.runtimeOf(group);
        clock.drives(runtime.deadlines());
        List<AsynchronousServerSocketChannel> channels = new ArrayList<>();
        for (int i = 0; i < listeners; i++) {
            AsynchronousServerSocketChannel channel = runtime.openServerChannel();
            channel.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 100);
            channels.add(channel);
            addresses.add((InetSocketAddress) channel.getLocalAddress());
        }
        SessionHandlers handlers = new SessionHandlers(
                session -> {
                    mostAtOnce.accumulateAndGet(now.incrementAndGet(), Math::max);
                    session.send(ByteBuffer.allocate(0));
                },
                (session, message) -> {
                    if (message.remaining() == 1) {
                        throw new IllegalStateException("on purpose");
                    }
                    session.send(message);
                },
                null,
                null,
                (session, reason) -> now.decrementAndGet(),
                null,
                null);
        SessionSetup setup = new SessionSetup(Side.SERVER, protocol, SessionConfig.defaults(), handlers, 0);
        admission = new Admission(runtime, setup, channels, config, this);
        admission.start();
    }

    Admission admission() {
        return admission;
    }

    IoRuntime runtime() {
        return runtime;
    }

    /** Connects to a listener from 127.0.0.1. */
    RawPeer connect(int listener) throws IOException {
        return connect(listener, "127.0.0.1");
    }

    /** Connects to a listener from a local address. */
    RawPeer connect(int listener, String from) throws IOException {
        RawPeer peer = connectUnwatched(listener, from);
        peers.add(peer);
        return peer;
    }

    /** Connects, for a thread that closes what it has connected. */
    RawPeer connectUnwatched(int listener, String from) throws IOException {
        Socket socket = new Socket();
        try {
            socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
            socket.connect(addresses.get(listener), RawPeer.TIMEOUT_MILLIS);
            return RawPeer.of(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    long refused(RefusalReason reason) {
        return admission.refused().get(reason);
    }

    void awaitRefused(RefusalReason reason, long count) {
        LeakCheck.awaitSoon(reason + " refused", () -> refused(reason) == count);
    }

    void awaitSessions(int count) {
        LeakCheck.awaitSoon(count + " sessions", () -> admission.sessions().count() == count);
    }

    /** Waits until nobody is there, and checks that all permits are back. */
    void expectNobody() {
        LeakCheck.awaitSoon("no permit is taken", () -> admission.gate().permitsTaken() == 0);
        awaitSessions(0);
        LeakCheck.awaitSoon("nobody is being told", () -> admission.refusals().answering() == 0);
        assertEquals(0, admission.gate().heldCount());
        assertEquals(0, admission.gate().addressesCounted());
    }

    @Override
    public void close() throws IOException {
        for (RawPeer peer : peers) {
            peer.close();
        }
        admission.stop();
        admission.sessions().dueIn(TimeUnit.SECONDS.toNanos(5));
        assertEquals(
                0,
                new Drain(admission.sessions(), CLOSING, System.nanoTime())
                        .run(1)
                        .cut());
        admission.end();
        expectNobody();
        assertEquals(0, group.stats().buffersLeased());
        assertEquals(0, group.stats().contextsLeased());
        group.close();
    }
}
