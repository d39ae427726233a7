package io.millrace.samples.resp;

import io.millrace.core.Session;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes replies. Each is put together here and sent when it is whole, or when there is no more room; values that are
 * long are sent from where they are.
 *
 * <p>Threading: Confined to one thread at a time.
 */
final class ReplyWriter {
    /** Values up to this length are copied before {@link #bulk} returns; longer ones must never change. */
    static final int COPIED_BYTES = 4 << 10;

    private static final int ROOM_BYTES = 64 << 10;

    /** The longest type, number and line end. */
    private static final int NUMBER_BYTES = 23;

    private static final byte[] OK = "+OK\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NOTHING = "$-1\r\n".getBytes(StandardCharsets.US_ASCII);

    private final ByteBuffer out = ByteBuffer.allocateDirect(ROOM_BYTES);
    private @Nullable Session session;

    void begin(Session receiver) {
        session = receiver;
        out.clear();
    }

    /** Sends what has been written. */
    void flush() {
        if (out.position() > 0) {
            Objects.requireNonNull(session).send(out.flip());
            out.clear();
        }
    }

    void ok() {
        require(OK.length).put(OK);
    }

    /** Writes a bulk string that is none. */
    void nothing() {
        require(NOTHING.length).put(NOTHING);
    }

    void line(char type, String text) {
        byte[] line = text.replace('\r', ' ').replace('\n', ' ').getBytes(StandardCharsets.UTF_8);
        require(line.length + 3).put((byte) type).put(line);
        endLine();
    }

    void error(String text) {
        line('-', text);
    }

    void integer(long number) {
        number(':', number);
    }

    /** Writes the head of an array; its elements follow. */
    void array(int count) {
        number('*', count);
    }

    void bulk(byte[] bytes) {
        number('$', bytes.length);
        if (bytes.length <= COPIED_BYTES) {
            require(bytes.length + 2).put(bytes);
        } else {
            flush();
            Objects.requireNonNull(session).transfer(ByteBuffer.wrap(bytes), () -> {});
        }
        endLine();
    }

    void bulk(String text) {
        bulk(text.getBytes(StandardCharsets.UTF_8));
    }

    private void number(char type, long number) {
        require(NUMBER_BYTES).put((byte) type);
        if (number < 0) {
            out.put((byte) '-');
        }
        int digits = 1;
        for (long rest = number / 10; rest != 0; rest /= 10) {
            digits++;
        }
        int end = out.position() + digits;
        long rest = number;
        for (int at = end - 1; at >= end - digits; at--) {
            out.put(at, (byte) ('0' + Math.abs(rest % 10)));
            rest /= 10;
        }
        out.position(end);
        endLine();
    }

    private void endLine() {
        require(2).put((byte) '\r').put((byte) '\n');
    }

    /** Makes room for so many bytes, at most {@link #ROOM_BYTES}. */
    private ByteBuffer require(int bytes) {
        if (out.remaining() < bytes) {
            flush();
        }
        return out;
    }
}
