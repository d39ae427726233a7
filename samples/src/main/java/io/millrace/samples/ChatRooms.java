package io.millrace.samples;

import io.millrace.core.CloseReason;
import io.millrace.core.Codec;
import io.millrace.core.Session;
import io.millrace.server.ServerState;
import io.millrace.server.SessionGroup;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import java.util.Locale;
import java.util.regex.Pattern;

/** What people can do in the chat server: rooms are groups of sessions, and names are users, of one session each. */
final class ChatRooms {
    /** The longest line that is taken. In UTF-8 a character has up to 4 bytes. */
    static final int MOST_CHARACTERS = 500;

    private static final String LOBBY = "lobby";
    private static final String GUEST = "guest-";
    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_-]{1,20}");

    /** They could write anywhere on the readers' terminals. */
    private static final Pattern CONTROL_CHARACTER = Pattern.compile("\\p{Cc}");

    private static final String HELP = "/nick NAME, /join ROOM, /leave, /rooms, /who, /msg NAME TEXT, /stats, /quit";

    private final TcpServer server;
    private final ChatTraffic traffic;
    private final ChatPeople people;

    /** Makes the rooms and their server, which is not started. */
    ChatRooms(TcpServerBuilder builder, ChatTraffic traffic) {
        this.traffic = traffic;
        this.server = builder.onOpen(this::open)
                .onMessage(Codec.utf8(), this::hear)
                .onClose(this::close)
                .build();
        this.people = new ChatPeople(server, traffic);
    }

    TcpServer server() {
        return server;
    }

    void tellAll(String text) {
        server.everyone().broadcast("* " + text, Codec.utf8());
    }

    private void open(Session session) {
        server.users().bindIfFree(GUEST + session.id(), session);
        people.tell(session, "welcome, " + people.name(session) + "; /help tells what can be done here");
        join(session, LOBBY);
    }

    private void close(Session session, CloseReason reason) {
        traffic.closed(reason);
        // When all go, nobody is told of each.
        if (server.state() == ServerState.RUNNING) {
            people.announce(session, "has gone (" + reason.kind().name().toLowerCase(Locale.ROOT) + ")");
        }
    }

    private void hear(Session session, String line) {
        String text = CONTROL_CHARACTER.matcher(line).replaceAll(" ").strip();
        if (text.length() > MOST_CHARACTERS) {
            people.tell(
                    session, "that line has " + text.length() + " characters; " + MOST_CHARACTERS + " are the most");
        } else if (text.startsWith("/")) {
            obey(session, text);
        } else if (!text.isEmpty() && !people.sayToRoom(session, "<" + people.name(session) + "> " + text)) {
            people.tell(session, "you are in no room: /join ROOM");
        }
    }

    private void obey(Session session, String text) {
        String[] words = text.split(" +", 3);
        String what = words.length > 1 ? words[1].toLowerCase(Locale.ROOT) : "";
        switch (words[0]) {
            case "/nick" -> rename(session, what);
            case "/join" -> join(session, what);
            case "/leave" -> leave(session);
            case "/rooms" ->
                people.list(session, server.groups().names().stream().map(people::roomAndSize));
            case "/who" ->
                people.list(
                        session, people.roommates(session).members().stream().map(people::nameAndAddress));
            case "/msg" -> whisper(session, what, words.length > 2 ? words[2] : "");
            case "/stats" -> people.tell(session, server.sessions().size() + " here, " + traffic);
            case "/help" -> people.tell(session, HELP);
            case "/quit" -> session.close();
            default -> people.tell(session, "there is no " + words[0] + ", only " + HELP);
        }
    }

    private void rename(Session session, String wanted) {
        String before = people.name(session);
        if (!NAME.matcher(wanted).matches()) {
            people.tell(session, "/nick NAME: 1 to 20 letters, digits, _ and -");
        } else if (wanted.startsWith(GUEST) || !server.users().bindIfFree(wanted, session)) {
            people.tell(session, wanted + " is taken");
        } else {
            people.tell(session, "you are " + wanted + " now");
            people.sayToRoom(session, "* " + before + " is " + wanted + " now");
        }
    }

    private void join(Session session, String room) {
        if (!NAME.matcher(room).matches()) {
            people.tell(session, "/join ROOM: 1 to 20 letters, digits, _ and -");
            return;
        }
        people.announce(session, "has left");
        server.groups().leaveAll(session);
        server.groups().join(room, session);
        people.tell(
                session,
                "you are in " + room + " with "
                        + people.roommates(session).except(session).size() + " others");
        people.announce(session, "has come in");
    }

    private void leave(Session session) {
        people.announce(session, "has left");
        people.tell(session, server.groups().leaveAll(session) ? "you are in no room now" : "you are in no room");
    }

    private void whisper(Session session, String name, String text) {
        SessionGroup reader = server.users().sessions(name);
        if (text.isEmpty()) {
            people.tell(session, "/msg NAME TEXT");
        } else if (reader.size() == 0) {
            people.tell(session, "there is no " + name);
        } else if (!traffic.send(reader, "[" + people.name(session) + "] " + text)
                .isComplete()) {
            people.tell(session, name + " does not read, and misses it");
        }
    }
}
