package io.millrace.testing;

import java.io.IOException;
import java.util.HexFormat;

/** Bytes on the wire, written as a test's reader wants to see them: pairs of hex digits, spaces wherever they help. */
public final class Hex {
    private static final HexFormat PAIRS = HexFormat.ofDelimiter(" ");

    private Hex() {}

    /**
     * Reads hex digits.
     *
     * @param digits pairs of hex digits; spaces are dropped
     * @return the bytes
     */
    public static byte[] bytes(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    /**
     * Writes hex digits.
     *
     * @param bytes any bytes
     * @return pairs of digits with one space between
     */
    public static String of(byte[] bytes) {
        return PAIRS.formatHex(bytes);
    }

    /**
     * Sends bytes given as digits.
     *
     * @param peer who sends them
     * @param digits pairs of hex digits
     * @throws IOException if the connection is broken
     */
    public static void send(RawPeer peer, String digits) throws IOException {
        peer.send(bytes(digits));
    }

    /**
     * Receives exactly the bytes given as digits, and fails on any others.
     *
     * @param peer who receives them
     * @param digits pairs of hex digits
     * @throws IOException if the stream ends or breaks before
     */
    public static void expect(RawPeer peer, String digits) throws IOException {
        String expected = of(bytes(digits));
        String received = of(peer.readExactly(bytes(digits).length));
        if (!received.equals(expected)) {
            throw new AssertionError("expected " + expected + " but received " + received);
        }
    }
}
