package io.millrace.server.internal.proxy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What the first bytes of a connection say about a PROXY header. */
enum HeaderStart {
    /** A header of version 1 begins here. */
    VERSION_1,
    /** A header of version 2 begins here. */
    VERSION_2,
    /** So far it could become either a header or anything else. */
    UNDECIDED,
    /** No header begins here. */
    NONE;

    private static final byte[] WORD = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SIGNATURE = "\r\n\r\n\0\r\nQUIT\n".getBytes(StandardCharsets.US_ASCII);

    /** How many bytes the signature of version 2 has. */
    static final int SIGNATURE_BYTES = 12;

    /**
     * Looks at the first bytes; at most {@link #SIGNATURE_BYTES} of them decide.
     *
     * @param in borrowed: what has arrived, from the position on; not changed
     * @return what they say
     */
    static HeaderStart of(ByteBuffer in) {
        if (agrees(in, WORD)) {
            return in.remaining() >= WORD.length ? VERSION_1 : UNDECIDED;
        }
        if (agrees(in, SIGNATURE)) {
            return in.remaining() >= SIGNATURE.length ? VERSION_2 : UNDECIDED;
        }
        return NONE;
    }

    /** Whether all that has arrived is what was expected, as far as either goes. */
    private static boolean agrees(ByteBuffer in, byte[] expected) {
        int compared = Math.min(in.remaining(), expected.length);
        for (int i = 0; i < compared; i++) {
            if (in.get(in.position() + i) != expected[i]) {
                return false;
            }
        }
        return true;
    }
}
