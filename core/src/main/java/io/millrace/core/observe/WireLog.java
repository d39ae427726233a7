package io.millrace.core.observe;

import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows the bytes of every read and write at TRACE in the logger {@code io.millrace.wire}, a few of each. Payloads may
 * be secret: turn it on for as long as it takes to find something. Computes nothing while it is off.
 *
 * <p>Threading: Thread-safe.
 */
public final class WireLog {
    /** How many bytes of one read or write are shown. */
    public static final int SHOWN_BYTES = 64;

    private static final Logger log = LoggerFactory.getLogger("io.millrace.wire");

    private WireLog() {}

    /**
     * Shows what a read has brought.
     *
     * @param session whose bytes they are, shown by its toString()
     * @param buffer the buffer read into, whose position is behind the last byte; not changed
     * @param bytes how many
     */
    public static void read(Object session, ByteBuffer buffer, int bytes) {
        if (log.isTraceEnabled()) {
            int from = buffer.position() - bytes;
            log.trace("read; {} bytes={} {}", session, bytes, new Shown(bytes).add(buffer, from, buffer.position()));
        }
    }

    /**
     * Shows what is about to be written: as many bytes as are offered, of which the system may take fewer.
     *
     * @param session whose bytes they are, shown by its toString()
     * @param buffer the bytes between position and limit; not changed
     */
    public static void writing(Object session, ByteBuffer buffer) {
        if (log.isTraceEnabled()) {
            Shown shown = new Shown(buffer.remaining()).add(buffer, buffer.position(), buffer.limit());
            log.trace("writing; {} bytes={} {}", session, buffer.remaining(), shown);
        }
    }

    /**
     * Shows what is about to be written together.
     *
     * @param session whose bytes they are, shown by its toString()
     * @param buffers the buffers; not changed
     * @param count how many of them
     */
    public static void writing(Object session, ByteBuffer[] buffers, int count) {
        if (log.isTraceEnabled()) {
            long bytes = 0;
            for (int i = 0; i < count; i++) {
                bytes += buffers[i].remaining();
            }
            Shown shown = new Shown(bytes);
            for (int i = 0; i < count; i++) {
                shown.add(buffers[i], buffers[i].position(), buffers[i].limit());
            }
            log.trace("writing; {} bytes={} {}", session, bytes, shown);
        }
    }

    /**
     * Shows how much a write has written.
     *
     * @param session whose bytes they are, shown by its toString()
     * @param bytes how many
     */
    public static void written(Object session, long bytes) {
        if (log.isTraceEnabled()) {
            log.trace("written; {} bytes={}", session, bytes);
        }
    }

    /** The first bytes, in hex and as text. */
    private static final class Shown {
        private final StringBuilder hex = new StringBuilder();
        private final StringBuilder text = new StringBuilder();
        private final long all;
        private int shown;

        Shown(long all) {
            this.all = all;
        }

        Shown add(ByteBuffer buffer, int from, int to) {
            for (int i = from; i < to && shown < SHOWN_BYTES; i++, shown++) {
                byte one = buffer.get(i);
                hex.append(Character.forDigit((one >> 4) & 15, 16)).append(Character.forDigit(one & 15, 16));
                text.append(one >= ' ' && one <= '~' ? (char) one : '.');
            }
            return this;
        }

        @Override
        public String toString() {
            return "hex=" + hex + " text=" + text + (shown < all ? " and " + (all - shown) + " more" : "");
        }
    }
}
