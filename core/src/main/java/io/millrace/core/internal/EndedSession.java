package io.millrace.core.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.Session;
import io.millrace.core.observe.FlightEvents;
import java.net.SocketAddress;

/** A session that has ended, as the flight recorder asks for it. */
record EndedSession(Session session, CloseReason reason, long openNanos) implements FlightEvents.EndedConnection {
    @Override
    public long id() {
        return session.id();
    }

    @Override
    public SocketAddress remoteAddress() {
        return session.remoteAddress();
    }

    @Override
    public SocketAddress localAddress() {
        return session.localAddress();
    }

    @Override
    public String reasonKind() {
        return reason.kind().name();
    }

    @Override
    public String reasonDetail() {
        return reason.detail();
    }

    @Override
    public long bytesReceived() {
        return session.stats().bytesReceived();
    }

    @Override
    public long bytesSent() {
        return session.stats().bytesSent();
    }
}
