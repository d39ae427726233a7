package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testing.RawPeer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Somebody in the chat, byte for byte as telnet would be: lines end with CR and LF. Not thread-safe. */
final class ChatPeer implements AutoCloseable {
    private final RawPeer peer;
    private final BufferedReader lines;

    private ChatPeer(Socket socket) throws IOException {
        this.peer = RawPeer.of(socket);
        this.lines = new BufferedReader(new InputStreamReader(peer.input(), StandardCharsets.UTF_8));
    }

    /** Connects from a loopback address, and reads nothing. */
    static ChatPeer connect(InetSocketAddress server, String from) throws IOException {
        return new ChatPeer(new Socket(server.getAddress(), server.getPort(), InetAddress.getByName(from), 0));
    }

    /** Takes a name and goes to a room. */
    ChatPeer enter(String name, String room) throws IOException {
        say("/nick " + name, "/join " + room);
        readUntil("* you are in " + room + " with ");
        return this;
    }

    void say(String... what) throws IOException {
        for (String line : what) {
            peer.send((line + "\r\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    String read() throws IOException {
        return lines.readLine();
    }

    void expect(String line) throws IOException {
        assertEquals(line, read());
    }

    /** Reads to a line that begins with a text; returns all, that line too. */
    List<String> readUntil(String text) throws IOException {
        List<String> before = new ArrayList<>();
        String line;
        do {
            line = read();
            if (line == null) {
                throw new AssertionError("the connection has ended before '" + text + "', after " + before);
            }
            before.add(line);
        } while (!line.startsWith(text));
        return before;
    }

    InetSocketAddress localAddress() {
        return peer.localAddress();
    }

    @Override
    public void close() throws IOException {
        peer.close();
    }
}
