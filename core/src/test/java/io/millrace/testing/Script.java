package io.millrace.testing;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A conversation between a client and a server, written down as it is on the wire, byte by byte. Either end of it can be
 * played by a blocking socket, which shares no code with what is tested, against the other end.
 *
 * <pre>
 *   -&gt; 05000000 68656c6c6f                       the client sends; spaces wherever they help
 *   &lt;- 0d000000 01000000 01000000 68656c6c6f     the server sends
 *   -&gt; end                                       the client ends its side of the stream
 *   &lt;- reset                                     the server resets the connection
 *   # whatever the reader should know
 * </pre>
 *
 * <p>The end that is played sends its lines and receives the other's, in the order in which they are written: it does
 * not send a line before all lines above it have passed. After the last line it waits for the other end to end the
 * stream, if no line has said so, and nothing may come before that. So a script says not only what must be sent, but
 * also what must not.
 *
 * <p>Threading: Immutable.
 *
 * <p>Errors: a line that cannot be read is an {@link IllegalArgumentException}; a byte that is not as it is written an
 * {@link AssertionError} with the line, what was expected and what has come.
 */
public final class Script {
    /** How a script is played that is not cut. */
    private static final int WHOLE = -1;

    private static final int BYTE_BY_BYTE = 0;

    private enum Act {
        BYTES,
        END,
        RESET
    }

    private record Line(int number, boolean fromClient, Act act, byte[] bytes) {}

    private final List<Line> lines;
    private final int cutAt;

    private Script(List<Line> lines, int cutAt) {
        this.lines = lines;
        this.cutAt = cutAt;
    }

    /**
     * Reads a script.
     *
     * @param text its lines
     * @return the script, each of whose lines is sent in one piece
     */
    public static Script of(String... text) {
        List<Line> lines = new ArrayList<>();
        for (int i = 0; i < text.length; i++) {
            String line = text[i].strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                lines.add(parse(i + 1, line));
            }
        }
        return new Script(lines, WHOLE);
    }

    private static Line parse(int number, String line) {
        boolean fromClient = line.startsWith("-> ");
        if (!fromClient && !line.startsWith("<- ")) {
            throw new IllegalArgumentException("line " + number + " begins with neither '-> ' nor '<- ': " + line);
        }
        String what = line.substring(3).strip();
        return switch (what) {
            case "end" -> new Line(number, fromClient, Act.END, new byte[0]);
            case "reset" -> new Line(number, fromClient, Act.RESET, new byte[0]);
            default -> new Line(number, fromClient, Act.BYTES, Hex.bytes(what));
        };
    }

    /**
     * Returns this script, sent one byte at a time.
     *
     * @return the script
     */
    public Script byteByByte() {
        return new Script(lines, BYTE_BY_BYTE);
    }

    /**
     * Returns this script, each of whose lines that are long enough is sent in two pieces.
     *
     * @param bytes how long the first piece is, at least 1
     * @return the script
     */
    public Script cutAt(int bytes) {
        return new Script(lines, bytes);
    }

    /**
     * Returns in how many ways {@link #cutAt} can cut a line of this script.
     *
     * @return the length of its longest line less one
     */
    public int cuts() {
        return lines.stream().mapToInt(line -> line.bytes.length - 1).max().orElse(0);
    }

    /**
     * Plays the client.
     *
     * @param peer a connection to the server; closed at the end
     * @throws IOException if the connection breaks where the script does not say so
     */
    public void playClient(RawPeer peer) throws IOException {
        play(peer, true);
    }

    /**
     * Plays the server.
     *
     * @param peer a connection of the client's; closed at the end
     * @throws IOException if the connection breaks where the script does not say so
     */
    public void playServer(RawPeer peer) throws IOException {
        play(peer, false);
    }

    /**
     * Accepts one connection and plays the server on it, on a thread of its own.
     *
     * @param listener where the client connects to
     * @return completes when the script has been played, or with what went wrong
     */
    public CompletableFuture<Void> serveOn(ServerSocket listener) {
        CompletableFuture<Void> played = new CompletableFuture<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        listener.setSoTimeout(RawPeer.TIMEOUT_MILLIS);
                        playServer(RawPeer.of(listener.accept()));
                        played.complete(null);
                    } catch (Throwable e) {
                        played.completeExceptionally(e);
                    }
                },
                "script");
        thread.setDaemon(true);
        thread.start();
        return played;
    }

    private void play(RawPeer peer, boolean asClient) throws IOException {
        boolean otherHasEnded = false;
        try (peer) {
            for (Line line : lines) {
                if (line.fromClient == asClient) {
                    send(line, peer);
                    otherHasEnded |= line.act == Act.RESET;
                } else {
                    receive(line, peer);
                    otherHasEnded |= line.act != Act.BYTES;
                }
            }
            if (!otherHasEnded) {
                expectEnd("after the last line", peer);
            }
        }
    }

    private void send(Line line, RawPeer peer) throws IOException {
        switch (line.act) {
            case BYTES -> sendCut(line.bytes, peer);
            case END -> peer.closeOutput();
            case RESET -> peer.reset();
        }
    }

    private void sendCut(byte[] bytes, RawPeer peer) throws IOException {
        if (cutAt == BYTE_BY_BYTE) {
            peer.drip(bytes);
        } else {
            int cut = cutAt == WHOLE ? bytes.length : Math.min(cutAt, bytes.length);
            peer.send(bytes, 0, cut);
            peer.send(bytes, cut, bytes.length);
        }
    }

    private static void receive(Line line, RawPeer peer) throws IOException {
        String where = "in line " + line.number;
        switch (line.act) {
            case BYTES -> expectBytes(where, line.bytes, peer);
            case END -> expectEnd(where, peer);
            case RESET -> expectReset(where, peer);
        }
    }

    private static void expectBytes(String where, byte[] expected, RawPeer peer) throws IOException {
        byte[] received = peer.input().readNBytes(expected.length);
        if (!Arrays.equals(expected, received)) {
            throw new AssertionError(where + " expected " + Hex.of(expected) + " but received " + Hex.of(received));
        }
    }

    private static void expectEnd(String where, RawPeer peer) throws IOException {
        int next = peer.input().read();
        if (next >= 0) {
            throw new AssertionError(where + " expected the end of the stream but received "
                    + HexFormat.of().toHexDigits((byte) next));
        }
    }

    private static void expectReset(String where, RawPeer peer) {
        try {
            int next = peer.input().read();
            throw new AssertionError(where + " expected a reset but received " + next);
        } catch (java.net.SocketTimeoutException silence) {
            throw new AssertionError(where + " expected a reset but nothing came", silence);
        } catch (IOException reset) {
            // As it is written.
        }
    }
}
