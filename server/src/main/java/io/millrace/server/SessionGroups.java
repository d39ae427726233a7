package io.millrace.server;

import io.millrace.core.Session;
import io.millrace.server.internal.Memberships;
import io.millrace.server.internal.SessionRegistry;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The named groups of a server's sessions: rooms, topics, devices of a site. A group is there as long as it has members;
 * a session may be in any number of them.
 *
 * <p>Handlers reach them by {@link TcpServer#of}: {@code TcpServer.of(session).groups().join("lobby", session)}.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: one per server. A session leaves its groups by itself when it ends: in its {@code onClose} it is still
 * in them, so that the others can be told, and afterwards it is not.
 *
 * <p>Errors: a session of another server or client is an {@link IllegalArgumentException}.
 */
public final class SessionGroups {
    private final Supplier<SessionRegistry> registry;

    SessionGroups(Supplier<SessionRegistry> registry) {
        this.registry = registry;
    }

    private Memberships<String> memberships() {
        return registry.get().groups();
    }

    /**
     * Makes a session a member of a group.
     *
     * @param name the group, which need not be there yet
     * @param session a session of this server
     * @return whether it is a member now; false if it is closing or has ended, and nothing is changed then
     * @throws IllegalArgumentException if it is not a session of this server
     */
    public boolean join(String name, Session session) {
        return memberships().add(Objects.requireNonNull(name, "name"), Objects.requireNonNull(session, "session")) > 0;
    }

    /**
     * Ends a session's membership in a group.
     *
     * @param name the group
     * @param session any session
     * @return whether it was a member
     */
    public boolean leave(String name, Session session) {
        return memberships().remove(Objects.requireNonNull(name, "name"), session);
    }

    /**
     * Ends all memberships of a session.
     *
     * @param session any session
     * @return whether it had any
     */
    public boolean leaveAll(Session session) {
        return memberships().removeAll(session);
    }

    /**
     * Returns a group.
     *
     * @param name its name
     * @return a view of the group, also while it has no members
     */
    public SessionGroup group(String name) {
        Objects.requireNonNull(name, "name");
        return new SessionGroup(
                "group " + name, registry, present -> present.groups().membersOf(name));
    }

    /**
     * Returns the names of the groups that have members.
     *
     * @return a copy
     */
    public Set<String> names() {
        return memberships().keys();
    }

    /**
     * Returns the groups that a session is in.
     *
     * @param session any session
     * @return a copy of their names; empty if there are none
     */
    public Set<String> of(Session session) {
        return memberships().keysOf(session);
    }

    @Override
    public String toString() {
        return "SessionGroups" + names();
    }
}
