package io.millrace.server.internal;

import io.millrace.core.Session;
import io.millrace.core.internal.SessionSet;
import io.millrace.core.internal.TcpSession;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which sessions are filed under which keys, found from both sides.
 *
 * <p>Threading: Thread-safe.
 *
 * @param <K> what the keys are
 */
public final class Memberships<K> {
    /*
     * Two maps that say the same: the keys of a session, and the sessions of a key. An entry of either is there as long
     * as it has something in it, so a session that was never filed costs nothing, and nothing is left of what is over.
     *
     * All changes for one session are made inside bySession.compute, and inside that those of byKey: so changes for one
     * session are made one after the other, in both maps together, and locks are always taken in this order.
     *
     * No session is left behind by a race with its end. A session stops being open before its end is announced here.
     * Whoever files it looks after that whether it is still open: if the end was announced before, it was not open any
     * more, and what was filed is taken out again; if not, the announcement takes it out.
     */
    private final SessionSet sessions;
    private final ConcurrentHashMap<TcpSession, Set<K>> bySession = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<K, Members> byKey = new ConcurrentHashMap<>();

    Memberships(SessionSet sessions) {
        this.sessions = sessions;
    }

    /**
     * Files a session under a key, besides those it has.
     *
     * @param key the key
     * @param session a session of this server
     * @return how many sessions the key has now; 0 if this one is closing or has ended, and nothing was changed
     * @throws IllegalArgumentException if it is a session of somebody else's
     */
    public int add(K key, Session session) {
        return add(key, session, false);
    }

    /**
     * Files a session under a key, instead of those it has.
     *
     * @param key the key
     * @param session a session of this server
     * @return how many sessions the key has now; 0 if this one is closing or has ended
     * @throws IllegalArgumentException if it is a session of somebody else's
     */
    public int set(K key, Session session) {
        return add(key, session, true);
    }

    private int add(K key, Session session, boolean instead) {
        TcpSession member = openSession(session);
        if (member == null) {
            return 0;
        }
        Filed filed = new Filed();
        bySession.compute(member, (same, known) -> {
            Set<K> keys = known == null ? new HashSet<>(2) : known;
            if (instead) {
                keys.removeIf(other -> !other.equals(key) && takeOut(other, member));
            }
            filed.isNew = keys.add(key);
            byKey.compute(key, (sameKey, others) -> {
                Members members = others == null ? new Members() : others;
                filed.count = members.add(member);
                return members;
            });
            return keys;
        });
        if (member.isOpen()) {
            return filed.count;
        }
        if (filed.isNew) {
            remove(key, member);
        }
        return 0;
    }

    /**
     * Files a session under a key that no other session has, instead of those it has.
     *
     * @param key the key
     * @param session a session of this server
     * @return whether it alone has the key now; false, and nothing was changed, if another has it or this one is closing
     *     or has ended
     * @throws IllegalArgumentException if it is a session of somebody else's
     */
    public boolean setIfFree(K key, Session session) {
        TcpSession member = openSession(session);
        if (member == null) {
            return false;
        }
        boolean[] isTheirs = new boolean[1];
        bySession.compute(member, (same, known) -> {
            byKey.compute(key, (sameKey, others) -> {
                Members members = others == null ? new Members() : others;
                isTheirs[0] = members.addIfAlone(member);
                return members;
            });
            if (!isTheirs[0]) {
                return known;
            }
            Set<K> keys = known == null ? new HashSet<>(2) : known;
            keys.removeIf(other -> !other.equals(key) && takeOut(other, member));
            keys.add(key);
            return keys;
        });
        if (isTheirs[0] && !member.isOpen()) {
            remove(key, member);
            return false;
        }
        return isTheirs[0];
    }

    /** Returns a session that can still be filed, or null if it is closing or has ended. */
    private @Nullable TcpSession openSession(Session session) {
        TcpSession listed = sessions.get(session.id());
        if (!session.isOpen()) {
            return null;
        }
        if (listed != session) {
            throw new IllegalArgumentException("the session is not one of this server's: " + session);
        }
        return listed;
    }

    /**
     * Takes a session out from under a key.
     *
     * @param key the key
     * @param session any session
     * @return whether it was there
     */
    public boolean remove(K key, Session session) {
        if (!(session instanceof TcpSession member)) {
            return false;
        }
        boolean[] removed = new boolean[1];
        bySession.computeIfPresent(member, (same, keys) -> {
            removed[0] = keys.remove(key) && takeOut(key, member);
            return keys.isEmpty() ? null : keys;
        });
        return removed[0];
    }

    /**
     * Takes a session out from under all its keys.
     *
     * @param session any session
     * @return whether it had any
     */
    public boolean removeAll(Session session) {
        if (!(session instanceof TcpSession member)) {
            return false;
        }
        boolean[] removed = new boolean[1];
        bySession.computeIfPresent(member, (same, keys) -> {
            keys.forEach(key -> takeOut(key, member));
            removed[0] = true;
            return null;
        });
        return removed[0];
    }

    /** Inside bySession.compute of the member. */
    private boolean takeOut(K key, TcpSession member) {
        byKey.computeIfPresent(key, (same, members) -> members.remove(member) == 0 ? null : members);
        return true;
    }

    /**
     * Returns the keys of a session.
     *
     * @param session any session
     * @return a copy
     */
    public Set<K> keysOf(Session session) {
        Set<K> copy = new HashSet<>();
        if (session instanceof TcpSession member) {
            // Inside compute: the set changes under its lock.
            bySession.computeIfPresent(member, (same, keys) -> {
                copy.addAll(keys);
                return keys;
            });
        }
        return copy;
    }

    /**
     * Returns the sessions of a key.
     *
     * @param key the key
     * @return those of one moment, each once; shared, so not to be changed
     */
    public TcpSession[] membersOf(K key) {
        Members members = byKey.get(key);
        return members == null ? Members.NONE : members.snapshot();
    }

    /**
     * Returns the keys that have sessions.
     *
     * @return a copy
     */
    public Set<K> keys() {
        return new HashSet<>(byKey.keySet());
    }

    /** What the inside of a map tells the outside. */
    private static final class Filed {
        boolean isNew;
        int count;
    }
}
