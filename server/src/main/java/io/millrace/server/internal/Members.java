package io.millrace.server.internal;

import io.millrace.core.internal.TcpSession;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The sessions of one key. Whoever goes through them gets those of one moment, each once. */
final class Members {
    static final TcpSession[] NONE = {};

    // All guarded by this. The snapshot is made when it is wanted, and kept until there is a change.
    private final Set<TcpSession> sessions = new LinkedHashSet<>();
    private TcpSession @Nullable [] snapshot;

    synchronized int add(TcpSession session) {
        if (sessions.add(session)) {
            snapshot = null;
        }
        return sessions.size();
    }

    /** Adds a session if there is no other; returns whether it is the only one now. */
    synchronized boolean addIfAlone(TcpSession session) {
        return sessions.isEmpty() ? add(session) == 1 : sessions.size() == 1 && sessions.contains(session);
    }

    synchronized int remove(TcpSession session) {
        if (sessions.remove(session)) {
            snapshot = null;
        }
        return sessions.size();
    }

    synchronized TcpSession[] snapshot() {
        TcpSession[] current = snapshot;
        if (current == null) {
            current = sessions.toArray(NONE);
            snapshot = current;
        }
        return current;
    }
}
