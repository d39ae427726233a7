package io.millrace.samples;

import io.millrace.core.Codec;
import io.millrace.core.Session;
import io.millrace.server.SessionGroup;
import io.millrace.server.TcpServer;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Who is in the chat and where, and how they are told something.
 *
 * @param server where names are users, and rooms groups, of sessions
 * @param traffic sends what many are to read
 */
record ChatPeople(TcpServer server, ChatTraffic traffic) {
    private static final int MOST_LISTED = 100;

    String name(Session session) {
        return Objects.toString(server.users().keyOf(session), "somebody");
    }

    /** Returns the group of the room that a session is in, itself included; nobody if it is in none. */
    SessionGroup roommates(Session session) {
        return server.groups()
                .group(server.groups().of(session).stream().findFirst().orElse(""));
    }

    void tell(Session session, String text) {
        session.send("* " + text, Codec.utf8());
    }

    void announce(Session session, String what) {
        sayToRoom(session, "* " + name(session) + " " + what);
    }

    /** Sends a line to the others in a session's room; returns false if it is in none. */
    boolean sayToRoom(Session session, String line) {
        traffic.send(roommates(session).except(session), line);
        return !server.groups().of(session).isEmpty();
    }

    void list(Session session, Stream<String> entries) {
        List<String> all = entries.sorted().toList();
        tell(session, all.size() + (all.size() > MOST_LISTED ? ", of whom the first " + MOST_LISTED : "") + ":");
        all.stream().limit(MOST_LISTED).forEach(entry -> tell(session, entry));
    }

    String roomAndSize(String room) {
        return room + " " + server.groups().group(room).size();
    }

    String nameAndAddress(Session session) {
        // An address is shown as name/literal:port, with the name only where it is known.
        return name(session) + " " + session.remoteAddress().toString().replaceFirst("^[^/]*/", "");
    }
}
