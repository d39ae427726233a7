package io.millrace.server;

import io.millrace.core.Codec;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.internal.Broadcast;
import io.millrace.core.internal.TcpSession;
import io.millrace.server.internal.SessionRegistry;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Some sessions of a server, to be sent to together: those in a named group, those of one user, or all of them.
 *
 * <pre>{@code
 * server.groups().join("lobby", session);
 * server.groups().group("lobby").except(session).broadcast("hello, all", Codec.utf8());
 * }</pre>
 *
 * <p>A broadcast frames the message once, whatever the number of members, into memory that they share (unless the
 * protocol's frames depend on the session, see {@link io.millrace.core.protocol.FrameEncoder#sharingKey}). It is queued
 * for every member before the call returns; the I/O threads write it. Each member gets it at most once, and whoever is a
 * member from the beginning of the call to its end, and whom the policy does not leave out, gets it. What one thread
 * broadcasts and sends keeps its order in every session.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: a view: it has no members of its own, need not be kept or closed, and shows who is there at each call.
 *
 * <p>Ownership: messages are borrowed, and copied before the call returns.
 *
 * <p>Errors: a message that the protocol's frames cannot carry is an {@link IllegalArgumentException} and is queued for
 * nobody; with no member at all nobody looks at it. What goes wrong with one member is counted in the {@link BroadcastResult} and keeps it from no other.
 */
public final class SessionGroup {
    private static final BroadcastResult NOBODY = new BroadcastResult(0, 0, 0, 0);

    private final String name;
    private final Supplier<SessionRegistry> registry;
    private final Function<SessionRegistry, TcpSession[]> members;
    private final Set<Session> excepted;
    private final SlowMemberPolicy policy;

    SessionGroup(String name, Supplier<SessionRegistry> registry, Function<SessionRegistry, TcpSession[]> members) {
        this(name, registry, members, Set.of(), SlowMemberPolicy.DROP);
    }

    private SessionGroup(
            String name,
            Supplier<SessionRegistry> registry,
            Function<SessionRegistry, TcpSession[]> members,
            Set<Session> excepted,
            SlowMemberPolicy policy) {
        this.name = name;
        this.registry = registry;
        this.members = members;
        this.excepted = excepted;
        this.policy = policy;
    }

    /**
     * Returns this group without some of its members, such as the one that a message is from.
     *
     * @param sessions who is left out, in place of who was before; need not be members
     * @return a view that differs in this
     */
    public SessionGroup except(Session... sessions) {
        return new SessionGroup(name, registry, members, Set.copyOf(List.of(sessions)), policy);
    }

    /**
     * Returns this group with another policy for members that read too slowly.
     *
     * @param newPolicy the policy, {@link SlowMemberPolicy#DROP} by default
     * @return a view that differs in this
     */
    public SessionGroup slowMembers(SlowMemberPolicy newPolicy) {
        return new SessionGroup(name, registry, members, excepted, Objects.requireNonNull(newPolicy, "newPolicy"));
    }

    /**
     * Returns the members.
     *
     * @return those of this moment, each once; an unmodifiable copy
     */
    public List<Session> members() {
        List<Session> present = new ArrayList<>();
        for (TcpSession member : present()) {
            if (!isExcepted(member)) {
                present.add(member);
            }
        }
        return Collections.unmodifiableList(present);
    }

    /**
     * Returns how many members there are.
     *
     * @return the size of {@link #members()}
     */
    public int size() {
        return excepted.isEmpty() ? present().length : members().size();
    }

    private TcpSession[] present() {
        return members.apply(registry.get());
    }

    private boolean isExcepted(TcpSession member) {
        return !excepted.isEmpty() && excepted.contains(member);
    }

    /**
     * Sends a message to every member and returns at once; never waits for any of them.
     *
     * @param message borrowed: the payload between position and limit, which do not change
     * @return what became of it
     * @throws IllegalArgumentException if the protocol's frames cannot carry it; it was sent to nobody then
     */
    public BroadcastResult broadcast(ByteBuffer message) {
        TcpSession[] present = present();
        if (present.length == 0) {
            return NOBODY;
        }
        int sent = 0;
        int congested = 0;
        int dropped = 0;
        int closed = 0;
        try (Broadcast broadcast = registry.get().broadcast(message, present)) {
            for (TcpSession member : present) {
                if (isExcepted(member)) {
                    continue;
                }
                switch (send(broadcast, member)) {
                    case ACCEPTED -> sent++;
                    case CONGESTED -> {
                        sent++;
                        congested++;
                    }
                    case REFUSED -> dropped++;
                    case CLOSED -> closed++;
                }
            }
        }
        return new BroadcastResult(sent, congested, dropped, closed);
    }

    private SendResult send(Broadcast broadcast, TcpSession member) {
        if (policy == SlowMemberPolicy.SKIP_CONGESTED && broadcast.isCongested(member)) {
            return member.isOpen() ? SendResult.REFUSED : SendResult.CLOSED;
        }
        SendResult answer = broadcast.send(member);
        boolean cutOff = answer == SendResult.REFUSED && policy == SlowMemberPolicy.CLOSE && broadcast.cutOff(member);
        return cutOff ? SendResult.CLOSED : answer;
    }

    /**
     * Sends a message to every member, as {@link #broadcast(ByteBuffer)} does.
     *
     * @param message borrowed: the payload
     * @return what became of it
     * @throws IllegalArgumentException if the protocol's frames cannot carry it; it was sent to nobody then
     */
    public BroadcastResult broadcast(byte[] message) {
        return broadcast(ByteBuffer.wrap(message));
    }

    /**
     * Sends a message to every member, as {@link #broadcast(ByteBuffer)} does, after a codec has made a payload of it,
     * once.
     *
     * @param message the message; not needed any more when the call returns
     * @param codec what writes it
     * @param <M> what messages are to the application
     * @return what became of it
     * @throws IllegalArgumentException if the codec cannot write it, or the protocol's frames cannot carry it; it was
     *     sent to nobody then
     */
    public <M> BroadcastResult broadcast(M message, Codec<? super M> codec) {
        return broadcast(codec.encode(message));
    }

    @Override
    public String toString() {
        return "SessionGroup[" + name + ", slowMembers=" + policy + "]";
    }
}
