package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.testing.ChildJvm;
import io.millrace.testing.Haproxy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The chat server in a JVM of its own, as its users run it. */
@Timeout(60)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGTERM")
class ChatIT {
    private static final Duration WAIT = Duration.ofSeconds(20);
    private static final Pattern LISTENING = Pattern.compile("listening on (127\\.0\\.0\\.1):(\\d+)\n");
    private static final int BATCH = 100;
    private static final String FILLER = "x".repeat(400);

    @TempDir
    private Path directory;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private ChildJvm process;

    @AfterEach
    void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    @Test
    void usersTalkInTheirRoomsAndToEachOther() throws Exception {
        InetSocketAddress server = start();
        ChatPeer ann = enter(server, "ann", "garden");
        ChatPeer bob = enter(server, "Bob", "garden");
        ChatPeer cleo = enter(server, "cleo", "kitchen");
        ann.expect("* bob has come in");

        ann.say("hello \u00e4nd\tgood\u001b[2J morning", "", "/msg bob psst");
        bob.expect("<ann> hello \u00e4nd good [2J morning");
        bob.expect("[ann] psst");
        bob.say("/msg nobody hello", "/nick ann", "/nick guest-1", "/nick a b", "/nick", "/dance", "y".repeat(501));
        bob.expect("* there is no nobody");
        bob.expect("* ann is taken");
        bob.expect("* guest-1 is taken");
        bob.expect("* you are a now");
        bob.expect("* /nick NAME: 1 to 20 letters, digits, _ and -");
        assertTrue(bob.read().startsWith("* there is no /dance, only /nick NAME"));
        bob.expect("* that line has 501 characters; 500 are the most");
        ann.expect("* bob is a now");

        cleo.say("/rooms", "/who");
        cleo.expect("* 2:");
        cleo.expect("* garden 2");
        cleo.expect("* kitchen 1");
        cleo.expect("* 1:");
        cleo.expect("* cleo " + literal(cleo));
        bob.say("/leave", "is there anybody?", "/join kitchen");
        bob.expect("* you are in no room now");
        bob.expect("* you are in no room: /join ROOM");
        bob.expect("* you are in kitchen with 1 others");
        ann.expect("* a has left");
        cleo.expect("* a has come in");
        bob.say("/quit");
        assertNull(bob.read());
        cleo.expect("* a has gone (local)");
    }

    @Test
    void clientTalksFromAPipeUntilItEnds() throws Exception {
        InetSocketAddress server = start();
        ChatPeer ann = enter(server, "ann", "garden");
        ByteArrayInputStream pipe = new ByteArrayInputStream("hello\n/who\n".getBytes(StandardCharsets.UTF_8));

        CommandRun run = CommandRun.of(
                new ChatClient(pipe), "--port", "" + server.getPort(), "--nick", "bob", "--room", "garden");

        assertEquals(0, run.exitCode(), run.err());
        assertTrue(run.out().contains("* you are in garden with 1 others"), run.out());
        assertTrue(run.out().contains("* ann " + literal(ann)), run.out());
        ann.expect("* bob has come in");
        ann.expect("<bob> hello");
    }

    @Test
    void addressWithTooManyConnectionsIsToldSo() throws Exception {
        InetSocketAddress server = start("--per-address", "1");
        enter(server, "ann", "garden");

        ChatPeer second = connect(server, "127.0.0.1");

        second.expect("* sorry, there are too many connections from your address");
        assertNull(second.read());
    }

    @Test
    void readerThatSleepsMissesLinesAndTheOthersDoNot() throws Exception {
        InetSocketAddress server = start();
        enter(server, "sleeper", "garden");
        ChatPeer reader = enter(server, "reader", "garden");
        ChatPeer writer = enter(server, "writer", "garden");
        reader.readUntil("* writer has come in");

        int dropped = 0;
        for (int batch = 0; dropped == 0; batch++) {
            assertTrue(batch < 400, "nothing is dropped of 16 MB");
            flood(writer, reader, batch);
            reader.say("/stats");
            Matcher stats = Pattern.compile(".* (\\d+) dropped.*").matcher(reader.read());
            assertTrue(stats.matches());
            dropped = Integer.parseInt(stats.group(1));
        }

        process.awaitOutput("people so far; for sleeper ", WAIT);
    }

    @Test
    void readerThatSleepsHasToGoIfThatIsThePolicy() throws Exception {
        InetSocketAddress server = start("--slow", "close");
        enter(server, "sleeper", "garden");
        ChatPeer reader = enter(server, "reader", "garden");
        ChatPeer writer = enter(server, "writer", "garden");
        reader.readUntil("* writer has come in");

        boolean gone = false;
        for (int batch = 0; !gone; batch++) {
            assertTrue(batch < 400, "nobody is closed");
            gone = flood(writer, reader, batch);
        }

        process.awaitOutput("dropped 0 lines and closed 1 people so far", WAIT);
    }

    /** Sends lines, waits until all have been read in order, and returns whether the sleeper was seen to go. */
    private static boolean flood(ChatPeer writer, ChatPeer reader, int batch) throws IOException {
        boolean gone = false;
        for (int i = 0; i < BATCH; i++) {
            writer.say(batch + " " + i + " " + FILLER);
        }
        for (int i = 0; i < BATCH; i++) {
            String line = reader.read();
            if (line.equals("* sleeper has gone (stalled)")) {
                gone = true;
                line = reader.read();
            }
            assertEquals("<writer> " + batch + " " + i + " " + FILLER, line);
        }
        return gone;
    }

    @Test
    void termTellsEverybodyAndEndsWithCode0() throws Exception {
        InetSocketAddress server = start();
        ChatPeer ann = enter(server, "ann", "garden");
        ChatPeer cleo = enter(server, "cleo", "kitchen");

        process.terminate();

        for (ChatPeer told : List.of(ann, cleo)) {
            told.expect("* the server is going down");
            assertNull(told.read());
            told.close();
        }
        assertEquals(0, process.awaitExit(WAIT), process::output);
        assertTrue(process.output().contains("sessions that ended in good order: 2"), process::output);
        assertTrue(process.output().contains("0 dropped"), process::output);
    }

    @Test
    void behindHaproxyEverybodyHasTheirOwnAddressAndForgersAreRefused() throws Exception {
        InetSocketAddress server = start("--proxy", "127.0.0.2/32");
        Haproxy haproxy = Haproxy.start(directory, server, "send-proxy-v2 source 127.0.0.2");
        opened.push(haproxy);
        haproxy.awaitListening();
        ChatPeer ann = connect(haproxy.front(), "127.0.0.1").enter("ann", "garden");
        ChatPeer bob = connect(haproxy.front(), "127.0.0.7").enter("bob", "garden");
        ann.expect("* bob has come in");

        ann.say("/who");
        ann.expect("* 2:");
        ann.expect("* ann " + literal(ann));
        ann.expect("* bob " + literal(bob));

        for (String from : List.of("127.0.0.1", "127.0.0.3")) {
            ChatPeer forger = connect(server, from);
            forger.say("PROXY TCP4 203.0.113.66 " + from + " 4711 9000", "/join garden", "I am somebody else");
            forger.expect("* sorry, this server is reached through its proxy only");
            assertNull(forger.read());
        }

        bob.say("is there anybody?");
        ann.expect("<bob> is there anybody?");
    }

    /** Starts the server in a JVM of its own and returns where it listens. */
    private InetSocketAddress start(String... options) throws Exception {
        String[] arguments = new String[options.length + 2];
        arguments[0] = "--port";
        arguments[1] = "0";
        System.arraycopy(options, 0, arguments, 2, options.length);
        process = ChildJvm.start(ChatServer.class, List.of(), arguments);
        opened.push(process);
        process.awaitOutput("listening on ", WAIT);
        Matcher listening = LISTENING.matcher(process.output());
        assertTrue(listening.find(), process::output);
        return new InetSocketAddress(listening.group(1), Integer.parseInt(listening.group(2)));
    }

    private ChatPeer connect(InetSocketAddress server, String from) throws IOException {
        ChatPeer peer = ChatPeer.connect(server, from);
        opened.push(peer);
        return peer;
    }

    private ChatPeer enter(InetSocketAddress server, String name, String room) throws IOException {
        return connect(server, "127.0.0.1").enter(name, room);
    }

    private static String literal(ChatPeer peer) {
        return peer.localAddress().getAddress().getHostAddress() + ":"
                + peer.localAddress().getPort();
    }
}
