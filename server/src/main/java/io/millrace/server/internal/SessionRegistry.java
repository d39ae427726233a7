package io.millrace.server.internal;

import io.millrace.core.internal.Broadcast;
import io.millrace.core.internal.SessionSet;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.TcpSession;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a server knows of its sessions: all of them, the groups they have joined, and whose they are.
 *
 * <p>Threading: Thread-safe.
 */
public final class SessionRegistry {
    private final SessionSetup setup;
    private final SessionSet sessions;
    private final Memberships<String> groups;
    private final Memberships<Object> users;
    // Written once, before the start.
    private @Nullable SessionSetup otherSetup;

    /**
     * Makes a registry without groups or users.
     *
     * @param setup what they have in common
     * @param sessions the live set
     */
    public SessionRegistry(SessionSetup setup, SessionSet sessions) {
        this.setup = setup;
        this.sessions = sessions;
        this.groups = new Memberships<>(sessions);
        this.users = new Memberships<>(sessions);
    }

    /**
     * Says that some sessions have their frames found in another way from the start. Called before the start, if at all.
     *
     * @param setup what those have in common
     */
    void expectAlso(SessionSetup setup) {
        otherSetup = setup;
    }

    /**
     * Forgets a session that has ended.
     *
     * @param session the session
     */
    public void sessionEnded(TcpSession session) {
        groups.removeAll(session);
        users.removeAll(session);
    }

    /**
     * Returns who is in which group.
     *
     * @return groups by name
     */
    public Memberships<String> groups() {
        return groups;
    }

    /**
     * Returns which sessions belong together.
     *
     * @return sessions by the application's keys
     */
    public Memberships<Object> users() {
        return users;
    }

    /**
     * Returns all sessions.
     *
     * @return those of one moment, each once
     */
    public TcpSession[] all() {
        return sessions.sessions().toArray(Members.NONE);
    }

    /**
     * Begins to send a message to sessions of this server.
     *
     * @param message borrowed until the close
     * @param to to whom; somebody at least
     * @return what sends it
     * @throws IllegalArgumentException if the protocol's frames cannot carry it
     */
    public Broadcast broadcast(ByteBuffer message, TcpSession[] to) {
        Broadcast broadcast = new Broadcast(to[0], message);
        SessionSetup other = otherSetup;
        if (!broadcast.check(to, setup) && other != null) {
            broadcast.check(to, other);
        }
        return broadcast;
    }
}
