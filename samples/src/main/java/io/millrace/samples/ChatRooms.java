package io.millrace.samples;

import io.millrace.core.CloseReason;
import io.millrace.core.Codec;
import io.millrace.core.Session;
import io.millrace.server.ServerState;
import io.millrace.server.SessionGroup;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What people can do in the chat server: rooms are groups of sessions, and names are users, of one session each. */
final class ChatRooms {
    /** The longest line that is taken. In UTF-8 a character has up to 4 bytes. */
    static final int MOST_CHARACTERS = 500;

    private static final String LOBBY = "lobby";
    private static final String GUEST = "guest-";
    private static final int MOST_LISTED = 100;
    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_-]{1,20}");

    /** They could write anywhere on the readers' terminals. */
    private static final Pattern CONTROL_CHARACTER = Pattern.compile("\\p{Cc}");

    private static final String HELP = "/nick NAME, /join ROOM, /leave, /rooms, /who, /msg NAME TEXT, /stats, /quit";

    private final TcpServer server;
    private final ChatTraffic traffic;

    /** Makes the rooms and their server, which is not started. */
    ChatRooms(TcpServerBuilder builder, ChatTraffic traffic) {
        this.traffic = traffic;
        this.server = builder.onOpen(this::open)
                .onMessage(Codec.utf8(), this::hear)
                .onClose(this::close)
                .build();
    }

    TcpServer server() {
        return server;
    }

    void tellAll(String text) {
        server.everyone().broadcast("* " + text, Codec.utf8());
    }

    private void open(Session session) {
        server.users().bindIfFree(GUEST + session.id(), session);
        tell(session, "welcome, " + name(session) + "; /help tells what can be done here");
        join(session, LOBBY);
    }

    private void close(Session session, CloseReason reason) {
        traffic.closed(reason);
        // When all go, nobody is told of each.
        if (server.state() == ServerState.RUNNING) {
            announce(session, "has gone (" + reason.kind().name().toLowerCase(Locale.ROOT) + ")");
        }
    }

    private void hear(Session session, String line) {
        String text = CONTROL_CHARACTER.matcher(line).replaceAll(" ").strip();
        if (text.length() > MOST_CHARACTERS) {
            tell(session, "that line has " + text.length() + " characters; " + MOST_CHARACTERS + " are the most");
        } else if (text.startsWith("/")) {
            obey(session, text);
        } else if (!text.isEmpty() && !sayToRoom(session, "<" + name(session) + "> " + text)) {
            tell(session, "you are in no room: /join ROOM");
        }
    }

    private void obey(Session session, String text) {
        String[] words = text.split(" +", 3);
        String what = words.length > 1 ? words[1].toLowerCase(Locale.ROOT) : "";
        switch (words[0]) {
            case "/nick" -> rename(session, what);
            case "/join" -> join(session, what);
            case "/leave" -> leave(session);
            case "/rooms" -> list(session, server.groups().names().stream().map(this::roomAndSize));
            case "/who" -> list(session, roommates(session).members().stream().map(this::nameAndAddress));
            case "/msg" -> whisper(session, what, words.length > 2 ? words[2] : "");
            case "/stats" -> tell(session, server.sessions().size() + " here, " + traffic);
            case "/help" -> tell(session, HELP);
            case "/quit" -> session.close();
            default -> tell(session, "there is no " + words[0] + ", only " + HELP);
        }
    }

    private void rename(Session session, String wanted) {
        String before = name(session);
        if (!NAME.matcher(wanted).matches()) {
            tell(session, "/nick NAME: 1 to 20 letters, digits, _ and -");
        } else if (wanted.startsWith(GUEST) || !server.users().bindIfFree(wanted, session)) {
            tell(session, wanted + " is taken");
        } else {
            tell(session, "you are " + wanted + " now");
            sayToRoom(session, "* " + before + " is " + wanted + " now");
        }
    }

    private void join(Session session, String room) {
        if (!NAME.matcher(room).matches()) {
            tell(session, "/join ROOM: 1 to 20 letters, digits, _ and -");
            return;
        }
        announce(session, "has left");
        server.groups().leaveAll(session);
        server.groups().join(room, session);
        tell(
                session,
                "you are in " + room + " with "
                        + roommates(session).except(session).size() + " others");
        announce(session, "has come in");
    }

    private void leave(Session session) {
        announce(session, "has left");
        tell(session, server.groups().leaveAll(session) ? "you are in no room now" : "you are in no room");
    }

    private void whisper(Session session, String name, String text) {
        SessionGroup reader = server.users().sessions(name);
        if (text.isEmpty()) {
            tell(session, "/msg NAME TEXT");
        } else if (reader.size() == 0) {
            tell(session, "there is no " + name);
        } else if (!traffic.send(reader, "[" + name(session) + "] " + text).isComplete()) {
            tell(session, name + " does not read, and misses it");
        }
    }

    private void announce(Session session, String what) {
        sayToRoom(session, "* " + name(session) + " " + what);
    }

    /** Sends a line to the others in a session's room; returns false if it is in none. */
    private boolean sayToRoom(Session session, String line) {
        traffic.send(roommates(session).except(session), line);
        return !server.groups().of(session).isEmpty();
    }

    private void list(Session session, Stream<String> entries) {
        List<String> all = entries.sorted().toList();
        tell(session, all.size() + (all.size() > MOST_LISTED ? ", of whom the first " + MOST_LISTED : "") + ":");
        all.stream().limit(MOST_LISTED).forEach(entry -> tell(session, entry));
    }

    /** Returns the group of the room that a session is in, itself included; nobody if it is in none. */
    private SessionGroup roommates(Session session) {
        return server.groups()
                .group(server.groups().of(session).stream().findFirst().orElse(""));
    }

    private String roomAndSize(String room) {
        return room + " " + server.groups().group(room).size();
    }

    private String nameAndAddress(Session session) {
        // An address is shown as name/literal:port, with the name only where it is known.
        return name(session) + " " + session.remoteAddress().toString().replaceFirst("^[^/]*/", "");
    }

    private String name(Session session) {
        return Objects.toString(server.users().keyOf(session), "somebody");
    }

    private static void tell(Session session, String text) {
        session.send("* " + text, Codec.utf8());
    }
}
