package io.millrace.core.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * A protocol in one direction, with what is known about it from outside.
 *
 * @param protocol the protocol
 * @param sender which side sends
 * @param shortest the shortest body that can be sent
 * @param longest the longest body that can be sent
 * @param received how many bytes a received message has more than the body, at most
 * @param framing turns a body into the message that carries it
 */
record ProtocolCase(
        Protocol protocol, Side sender, int shortest, int longest, int received, UnaryOperator<byte[]> framing) {
    /** The longest body, where the protocol does not say otherwise. */
    static final int MAX = 700;

    /** A small alphabet, so that delimiters and parts of them do occur. */
    private static final String ALPHABET = "ab\r\0xyz\n";

    /** Every protocol with frames, in both directions where they differ. */
    static List<ProtocolCase> framed() {
        List<ProtocolCase> all = new ArrayList<>(prefixed());
        for (Delimiters delimiters : List.of(
                Delimiters.lines(),
                Delimiters.crlfLines(),
                Delimiters.of((byte) 0),
                Delimiters.of("aba".getBytes(ISO_8859_1)),
                Delimiters.of("aaab".getBytes(ISO_8859_1)))) {
            all.add(plain(delimiters.maxPayloadBytes(MAX), Side.CLIENT, 0, MAX, 0));
        }
        for (int length : new int[] {1, 17}) {
            all.add(plain(Protocol.fixed(length), Side.CLIENT, length, length, 0));
        }
        for (Side sender : Side.values()) {
            all.add(plain(MillraceProtocol.create().maxPayloadBytes(MAX), sender, 0, MAX, 0));
            all.add(plain(SeedProtocol.create().maxPayloadBytes(MAX), sender, 0, MAX, 0));
        }
        return all;
    }

    /** Every prefix: each width, order, offset, adjustment, way of counting, stripped and kept. */
    static List<ProtocolCase> prefixed() {
        List<ProtocolCase> all = new ArrayList<>();
        for (PrefixHandler width : List.of(
                PrefixHandler.int8(),
                PrefixHandler.int16(),
                PrefixHandler.int24(),
                PrefixHandler.int32(),
                PrefixHandler.int64())) {
            for (PrefixHandler ordered : List.of(width, width.littleEndian())) {
                for (int offset : new int[] {0, 3}) {
                    for (int adjustment : new int[] {-2, 0, 5}) {
                        PrefixHandler adjusted = ordered.offset(offset).adjustment(adjustment);
                        int header = offset + width.width();
                        all.addAll(bothWays(adjusted, adjustment));
                        all.addAll(bothWays(adjusted.countsItself(), adjustment - width.width()));
                        all.addAll(bothWays(adjusted.countsHeader(), adjustment - header));
                    }
                }
            }
        }
        return all;
    }

    private static List<ProtocolCase> bothWays(PrefixHandler prefix, int surplus) {
        int longest = prefix.width() == 1 ? 255 + surplus : MAX;
        PrefixHandler limited = prefix.width() == 1 ? prefix : prefix.maxPayloadBytes(MAX);
        int shortest = Math.max(0, surplus);
        int header = limited.headerBytes();
        return List.of(
                plain(limited, Side.CLIENT, shortest, longest, 0),
                new ProtocolCase(
                        limited.keepHeader(),
                        Side.CLIENT,
                        shortest,
                        longest,
                        header,
                        body -> Frames.encode(limited, FrameKind.MESSAGE, 0, body)));
    }

    private static ProtocolCase plain(Protocol protocol, Side sender, int shortest, int longest, int received) {
        return new ProtocolCase(protocol, sender, shortest, longest, received, body -> body);
    }

    FrameEncoder newEncoder() {
        return protocol.newEncoder(sender);
    }

    Side receiver() {
        return Frames.opposite(sender);
    }

    /** Makes a message with a body of that length. */
    byte[] message(Random random, int bodyLength) {
        byte[] body = new byte[bodyLength];
        for (int i = 0; i < bodyLength; i++) {
            body[i] = (byte) ALPHABET.charAt(random.nextInt(ALPHABET.length()));
        }
        return framing.apply(body);
    }

    /** Returns whether these frames are refused for what is in them, and not for their length alone. */
    boolean looksInside() {
        return protocol instanceof Delimiters;
    }

    @Override
    public String toString() {
        return protocol + " from " + sender;
    }
}
