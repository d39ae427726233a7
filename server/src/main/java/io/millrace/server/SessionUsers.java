package io.millrace.server;

import io.millrace.core.Session;
import io.millrace.server.internal.Memberships;
import io.millrace.server.internal.SessionRegistry;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says whose a server's sessions are: each is bound to one key of the application's at most, such as an account, and a
 * key may have several sessions, such as a telephone and a computer.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: one per server. A session is unbound by itself when it ends: in its {@code onClose} it is still bound,
 * and afterwards it is not.
 *
 * <p>Errors: a session of another server or client is an {@link IllegalArgumentException}.
 */
public final class SessionUsers {
    private final Supplier<SessionRegistry> registry;

    SessionUsers(Supplier<SessionRegistry> registry) {
        this.registry = registry;
    }

    private Memberships<Object> bindings() {
        return registry.get().users();
    }

    /**
     * Binds a session to a key, in place of the one it is bound to.
     *
     * @param key whose it is: anything with {@code equals} and {@code hashCode} that does not change
     * @param session a session of this server
     * @return how many sessions the key has now, this one included; 0 if it is closing or has ended, and is not bound
     * @throws IllegalArgumentException if it is not a session of this server
     */
    public int bind(Object key, Session session) {
        return bindings().set(Objects.requireNonNull(key, "key"), session);
    }

    /**
     * Binds a session to a key that no other session has, in place of the one it is bound to: for keys that belong to
     * one session at a time, such as the nicknames of a chat. Of several sessions that want the same key at the same
     * time one gets it.
     *
     * @param key whose it is: anything with {@code equals} and {@code hashCode} that does not change
     * @param session a session of this server
     * @return whether it alone has the key now; false, and nothing is changed, if another session has it, or if it is
     *     closing or has ended
     * @throws IllegalArgumentException if it is not a session of this server
     */
    public boolean bindIfFree(Object key, Session session) {
        return bindings().setIfFree(Objects.requireNonNull(key, "key"), session);
    }

    /**
     * Takes the key from a session.
     *
     * @param session any session
     * @return whether it was bound
     */
    public boolean unbind(Session session) {
        return bindings().removeAll(session);
    }

    /**
     * Returns whose a session is.
     *
     * @param session any session
     * @return its key, or null if it is not bound
     */
    public @Nullable Object keyOf(Session session) {
        for (Object key : bindings().keysOf(session)) {
            return key;
        }
        return null;
    }

    /**
     * Returns the sessions of a key, to send to all of them.
     *
     * @param key whose
     * @return a view of its sessions, also while it has none
     */
    public SessionGroup sessions(Object key) {
        Objects.requireNonNull(key, "key");
        return new SessionGroup(
                "user " + key, registry, present -> present.users().membersOf(key));
    }

    /**
     * Returns the keys that have sessions.
     *
     * @return a copy
     */
    public Set<Object> keys() {
        return bindings().keys();
    }

    /**
     * Returns how many keys have sessions.
     *
     * @return their number now; a key with several sessions counts once
     */
    public int count() {
        return keys().size();
    }

    @Override
    public String toString() {
        return "SessionUsers[keys=" + count() + "]";
    }
}
