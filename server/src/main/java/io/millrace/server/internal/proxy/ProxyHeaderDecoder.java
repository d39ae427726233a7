package io.millrace.server.internal.proxy;

import io.millrace.core.MalformedFrameException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads one PROXY header, of version 1 or 2, however it is cut.
 *
 * <p>Threading: Not thread-safe.
 *
 * <p>Lifecycle: fed until it is complete, then asked.
 */
public final class ProxyHeaderDecoder {
    /*
     *            "PROXY "            CR LF
     *     START ----------> LINE -------------------------------------------------> COMPLETE
     *       |                                                                         ^  ^
     *       | signature                           addresses             all of them   |  |
     *       +----------> HEAD ----> ADDRESSES ---------------> TLVS -----------------+   |
     *                     |                                              all bytes       |
     *                     +---------------------------------> SKIPPING -----------------+
     *                       LOCAL, or addresses of no known form
     *
     * It takes bytes only when it has understood them: what it leaves in the buffer, at most LEFT_BYTES, must come
     * again together with what follows. Nothing is allocated for what a header declares.
     */

    /** The most that {@link #decode} leaves untaken, in bytes, so that the buffer must be larger. */
    public static final int LEFT_BYTES = 3 + HeaderTlvs.LONGEST_KEPT;

    private static final int LONGEST_LINE = 107;
    private static final int HEAD_BYTES = 16;
    private static final int VERSION = 2;
    private static final int STREAM = 1;
    private static final int PORTS_BYTES = 4;

    /** How many bytes one address has, by the family's number; 0 if that is not known. */
    private static final int[] ADDRESS_BYTES = {0, 4, 16, 108};

    private static final int UNIX = 3;
    private static final int LAST_TRANSPORT = 2;

    private enum Phase {
        /** Nothing is known yet. */
        START,
        /** It is version 1, whose line has not ended. */
        LINE,
        /** It is version 2, of whose fixed part something is to come. */
        HEAD,
        /** The addresses come. */
        ADDRESSES,
        /** Further values come. */
        TLVS,
        /** So many bytes come that mean nothing. */
        SKIPPING,
        /** All is there. */
        COMPLETE
    }

    private final CRC32C crc = new CRC32C();

    // Confined to whoever feeds the decoder.
    private Phase phase = Phase.START;
    private int scanned;
    private int version;
    private boolean local;
    private int family;
    private int transport;
    private int left;
    private @Nullable Addresses addresses;
    private @Nullable HeaderTlvs tlvs;

    /** Makes a decoder at the start of a connection. */
    public ProxyHeaderDecoder() {}

    /**
     * Takes what has arrived of the header.
     *
     * @param in borrowed: what has arrived and was not taken, in big-endian order; at the first byte not taken
     *     afterwards, which is the first one behind the header if that is complete
     * @return true if it is complete
     * @throws MalformedFrameException if this is no header; {@code in} is at what is wrong
     */
    public boolean decode(ByteBuffer in) throws MalformedFrameException {
        boolean goesOn = true;
        while (goesOn && phase != Phase.COMPLETE) {
            goesOn = switch (phase) {
                case START -> start(in);
                case LINE -> line(in);
                case HEAD -> head(in);
                case ADDRESSES -> addresses(in);
                case TLVS -> tlvs(in);
                case SKIPPING -> skip(in);
                case COMPLETE -> false;
            };
        }
        return phase == Phase.COMPLETE;
    }

    private boolean start(ByteBuffer in) throws MalformedFrameException {
        switch (HeaderStart.of(in)) {
            case VERSION_1 -> become(1, Phase.LINE);
            case VERSION_2 -> become(VERSION, Phase.HEAD);
            case UNDECIDED -> {
                return false;
            }
            case NONE -> throw new MalformedFrameException("no PROXY header begins so");
        }
        return true;
    }

    private void become(int newVersion, Phase next) {
        version = newVersion;
        phase = next;
    }

    private boolean line(ByteBuffer in) throws MalformedFrameException {
        int from = in.position();
        for (; scanned < Math.min(in.remaining(), LONGEST_LINE); scanned++) {
            boolean afterReturn = scanned > 0 && in.get(from + scanned - 1) == '\r';
            if (afterReturn != (in.get(from + scanned) == '\n')) {
                throw new MalformedFrameException("a line ends with CR and LF, and neither stands alone");
            }
            if (afterReturn) {
                byte[] line = new byte[scanned - 1];
                in.get(from, line);
                addresses = HeaderLine.parse(new String(line, StandardCharsets.ISO_8859_1));
                in.position(from + scanned + 1);
                phase = Phase.COMPLETE;
                return true;
            }
        }
        if (scanned == LONGEST_LINE) {
            throw new MalformedFrameException("the line does not end within " + LONGEST_LINE + " bytes");
        }
        return false;
    }

    private boolean head(ByteBuffer in) throws MalformedFrameException {
        if (in.remaining() < HEAD_BYTES) {
            return false;
        }
        int at = in.position() + HeaderStart.SIGNATURE_BYTES;
        int versionAndCommand = in.get(at) & 0xff;
        if (versionAndCommand >> 4 != VERSION || (versionAndCommand & 0xf) > 1) {
            throw new MalformedFrameException(
                    "version and command are " + versionAndCommand + ", of which 32 and 33 are known");
        }
        local = (versionAndCommand & 0xf) == 0;
        family = (in.get(at + 1) & 0xff) >> 4;
        transport = in.get(at + 1) & 0xf;
        left = in.getShort(at + 2) & 0xffff;
        if (local) {
            in.position(in.position() + HEAD_BYTES);
            phase = Phase.SKIPPING;
            return true;
        }
        if (family >= ADDRESS_BYTES.length || transport > LAST_TRANSPORT) {
            throw new MalformedFrameException(
                    "address family " + family + " with transport " + transport + " is not known");
        }
        if (left < addressesBytes()) {
            throw new MalformedFrameException("a header of " + left + " bytes has no room for its addresses");
        }
        pass(in, HEAD_BYTES);
        phase = family == 0 || transport == 0 ? Phase.SKIPPING : Phase.ADDRESSES;
        return true;
    }

    /** How many bytes the addresses and ports have; 0 where the specification does not say. */
    private int addressesBytes() {
        if (transport == 0 || family == 0) {
            return 0;
        }
        return 2 * ADDRESS_BYTES[family] + (family == UNIX ? 0 : PORTS_BYTES);
    }

    private boolean addresses(ByteBuffer in) throws MalformedFrameException {
        int bytes = addressesBytes();
        if (in.remaining() < bytes) {
            return false;
        }
        if (transport == STREAM && family != UNIX) {
            addresses = Addresses.read(in.duplicate(), ADDRESS_BYTES[family]);
        }
        pass(in, bytes);
        tlvs = new HeaderTlvs(left - bytes, crc);
        phase = Phase.TLVS;
        return true;
    }

    private boolean tlvs(ByteBuffer in) throws MalformedFrameException {
        if (!Objects.requireNonNull(tlvs).read(in)) {
            return false;
        }
        phase = Phase.COMPLETE;
        return true;
    }

    private boolean skip(ByteBuffer in) {
        int bytes = Math.min(left, in.remaining());
        in.position(in.position() + bytes);
        left -= bytes;
        if (left > 0) {
            return false;
        }
        phase = Phase.COMPLETE;
        return true;
    }

    private void pass(ByteBuffer in, int bytes) {
        int end = in.limit();
        crc.update(in.limit(in.position() + bytes));
        in.limit(end);
    }

    /** {@return the version of the header: 1 or 2} */
    public int version() {
        return version;
    }

    /** {@return whether the proxy has connected for itself} */
    public boolean isLocal() {
        return local;
    }

    /** {@return the client, or null if the header does not name it} */
    public @Nullable InetSocketAddress source() {
        return addresses == null ? null : addresses.source();
    }

    /** {@return what the client has connected to, or null if the header does not name it} */
    public @Nullable InetSocketAddress destination() {
        return addresses == null ? null : addresses.destination();
    }

    /** {@return what else the header says, or null if it says nothing else} */
    public @Nullable HeaderTlvs values() {
        return tlvs;
    }
}
