package io.millrace.core.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Explains bytes that are no frame: what they are, and who usually sends such bytes. */
public final class FirstBytes {
    /** The most that is shown, in bytes: enough to recognise a protocol, too few to leak a message. */
    static final int SHOWN_BYTES = 16;

    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");
    private static final String[] HTTP_METHODS = {"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "CONNECT "};

    private FirstBytes() {}

    /**
     * Describes the first bytes of a stream or frame.
     *
     * @param bytes borrowed: the position does not change
     * @return hex, text, and a guess where there is one; or that there are none
     */
    public static String describe(ByteBuffer bytes) {
        if (!bytes.hasRemaining()) {
            return "no bytes";
        }
        byte[] first = new byte[Math.min(SHOWN_BYTES, bytes.remaining())];
        bytes.get(bytes.position(), first);
        String text = new String(first, StandardCharsets.ISO_8859_1);
        return "first bytes " + HEX.formatHex(first) + " \"" + printable(text) + "\"" + guess(first, text);
    }

    private static String printable(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        text.chars().forEach(c -> shown.append(c >= ' ' && c < 0x7F ? (char) c : '.'));
        return shown.toString();
    }

    private static String guess(byte[] first, String text) {
        for (String method : HTTP_METHODS) {
            if (text.startsWith(method)) {
                return ": this looks like an HTTP client";
            }
        }
        if (startsWith(first, 0x16, 0x03)) {
            return ": this looks like a TLS client hello";
        }
        if (startsWith(first, 0x1F, 0x8B)) {
            return ": this looks like gzip data";
        }
        if (text.startsWith("SSH-")) {
            return ": this looks like an SSH client";
        }
        if (first.length >= 4 && first[0] != 0 && first[2] == 0 && first[3] == 0) {
            return ": this looks like a little-endian length";
        }
        return "";
    }

    private static boolean startsWith(byte[] first, int one, int two) {
        return first.length >= 2 && (first[0] & 0xFF) == one && (first[1] & 0xFF) == two;
    }
}
