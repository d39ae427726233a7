package io.millrace.samples;

import io.millrace.core.CloseReason;
import io.millrace.core.Codec;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.IoGroup;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.Reply;
import io.millrace.core.RoundTrip;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.SessionUsers;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;

/**
 * The server's side of the telemetry sample: devices log in, send readings, and are dropped when they miss heartbeats.
 *
 * <p>Threading: Thread-safe, but for {@link #figures()}, which one thread asks for.
 */
final class DeviceGateway implements AutoCloseable {
    private static final int MAX_MISSED = 2;
    private static final Duration LOGIN_TIME = Duration.ofSeconds(10);

    /**
     * What there is to see.
     *
     * @param online devices that are logged in
     * @param messagesPerSecond whole messages received, heartbeats included, lately
     * @param missed heartbeats that those who are online have missed in a row, all together
     * @param bytesPerConnection direct memory that a connection holds, on an average
     * @param pingP99Nanos how long the last ping of a device took, of all but the slowest 1 %
     */
    record Figures(int online, double messagesPerSecond, int missed, long bytesPerConnection, long pingP99Nanos) {}

    private final LongAdder logins = new LongAdder();
    private final LongAdder readings = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    // Confined to the thread that asks for figures.
    private final Histogram pingNanos = new Histogram(3);
    private final IoGroup group;
    private final TcpServer server;

    DeviceGateway(Duration heartbeat) throws IOException {
        group = IoGroup.builder().name("gateway").start();
        SessionConfig behaviour = SessionConfig.builder()
                .firstFrameTimeout(LOGIN_TIME)
                .heartbeat(HeartbeatConfig.every(heartbeat).timeout(heartbeat).maxMissed(MAX_MISSED))
                .build();
        server = TcpServer.builder()
                .group(group)
                .protocol(Protocol.millrace())
                .sessions(behaviour)
                .onRequest(this::logIn)
                .onMessage((session, reading) -> takeReading(session))
                .onClose((session, reason) -> countDropped(reason))
                .bind("127.0.0.1", 0);
    }

    int port() {
        return server.port();
    }

    private void logIn(Session session, ByteBuffer request, Reply reply) throws MalformedFrameException {
        String device = Codec.utf8().decode(request);
        SessionUsers devices = TcpServer.of(session).users();
        // A device that is here again has lost its other connection, whether we have noticed that or not.
        devices.sessions(device).except(session).members().forEach(Session::abort);
        devices.bind(device, session);
        session.attach(device);
        logins.increment();
        reply.send(Codec.utf8().encode("welcome, " + device));
    }

    private void takeReading(Session session) throws MalformedFrameException {
        if (session.attachment() == null) {
            throw new MalformedFrameException("a reading of a device that has not logged in");
        }
        readings.increment();
    }

    private void countDropped(CloseReason reason) {
        if (reason.kind() == CloseReason.Kind.TIMEOUT) {
            dropped.increment();
        }
    }

    /** Looks at all sessions, which is no more than a few fields of each. */
    Figures figures() {
        Collection<Session> sessions = server.sessions();
        pingNanos.reset();
        int missed = 0;
        for (Session session : sessions) {
            missed += session.missedHeartbeats();
            RoundTrip trip = session.roundTrip();
            if (trip != null) {
                pingNanos.recordValue(trip.last().toNanos());
            }
        }
        return new Figures(
                server.users().keys().size(),
                server.rates().messagesReceived(),
                missed,
                group.stats().bufferBytesLeased() / Math.max(1, sessions.size()),
                pingNanos.getValueAtPercentile(99));
    }

    long logins() {
        return logins.sum();
    }

    long readings() {
        return readings.sum();
    }

    /** Returns how many connections ended because their devices had fallen silent. */
    long dropped() {
        return dropped.sum();
    }

    /** Returns the bytes received from all devices. */
    long bytesReceived() {
        return server.stats().traffic().bytesReceived();
    }

    @Override
    public void close() {
        server.close();
        group.close();
    }
}
