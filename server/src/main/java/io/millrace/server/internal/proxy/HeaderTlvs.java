package io.millrace.server.internal.proxy;

import io.millrace.core.MalformedFrameException;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a header of version 2 says behind its addresses: values with a type and a length.
 *
 * <p>Threading: Not thread-safe.
 */
public final class HeaderTlvs {
    /*
     * Values that are kept are small, and are waited for until they are there as a whole. All others pass by, however
     * long they are: their bytes are counted and go into the checksum. Of a type that comes twice the first one counts.
     */

    /** The longest value that is kept, in bytes: as long as a host name can be. */
    static final int LONGEST_KEPT = 255;

    private static final int ALPN = 0x01;
    private static final int AUTHORITY = 0x02;
    private static final int CHECKSUM = 0x03;
    private static final int UNIQUE_ID = 0x05;
    private static final int AWS = 0xEA;

    private static final int HEAD_BYTES = 3;
    private static final int LONGEST_UNIQUE_ID = 128;
    private static final byte AWS_VPC_ENDPOINT = 1;
    private static final byte[] NO_CHECKSUM = new byte[Integer.BYTES];

    private final CRC32C crc;

    // Confined to whoever feeds the decoder.
    private int left;
    private int skipped;
    private @Nullable Integer checksum;
    private byte @Nullable [] alpn;
    private byte @Nullable [] authority;
    private byte @Nullable [] uniqueId;
    private byte @Nullable [] awsVpcEndpoint;

    /**
     * Makes a reader.
     *
     * @param bytes how many bytes they all have together
     * @param crc of the header up to here
     */
    HeaderTlvs(int bytes, CRC32C crc) {
        this.left = bytes;
        this.crc = crc;
    }

    /**
     * Takes what has arrived of them.
     *
     * @param in borrowed: at the first byte not taken yet; at the next such byte afterwards
     * @return true if they are complete
     * @throws MalformedFrameException if they do not fit into each other, or the checksum is another one
     */
    boolean read(ByteBuffer in) throws MalformedFrameException {
        while (skip(in) && left > 0) {
            if (left < HEAD_BYTES) {
                throw new MalformedFrameException(left + " bytes are left, and no TLV is so short");
            }
            if (in.remaining() < HEAD_BYTES) {
                return false;
            }
            int type = in.get(in.position()) & 0xff;
            int length = in.getShort(in.position() + 1) & 0xffff;
            require(type, length);
            if (!isKept(type, length)) {
                pass(in, HEAD_BYTES);
                skipped = length;
            } else if (in.remaining() < HEAD_BYTES + length) {
                return false;
            } else {
                pass(in, HEAD_BYTES);
                keep(type, in, length);
            }
        }
        if (left > 0) {
            return false;
        }
        if (checksum != null && checksum != (int) crc.getValue()) {
            throw new MalformedFrameException("the checksum is wrong");
        }
        return true;
    }

    /** Skips what has arrived of a value that is not kept; returns whether that was all of it. */
    private boolean skip(ByteBuffer in) {
        int bytes = Math.min(skipped, in.remaining());
        pass(in, bytes);
        skipped -= bytes;
        return skipped == 0;
    }

    private void pass(ByteBuffer in, int bytes) {
        int end = in.limit();
        crc.update(in.limit(in.position() + bytes));
        in.limit(end);
        left -= bytes;
    }

    private void require(int type, int length) throws MalformedFrameException {
        if (HEAD_BYTES + length > left) {
            throw new MalformedFrameException("a TLV of " + length + " bytes is longer than the header");
        }
        if (type == CHECKSUM && (length != Integer.BYTES || checksum != null)) {
            throw new MalformedFrameException("there must be one checksum, of 4 bytes");
        }
        if (type == UNIQUE_ID && length > LONGEST_UNIQUE_ID) {
            throw new MalformedFrameException("the unique id has " + length + " bytes, of 128 at most");
        }
    }

    private static boolean isKept(int type, int length) {
        return switch (type) {
            case ALPN, AUTHORITY, CHECKSUM, UNIQUE_ID, AWS -> length <= LONGEST_KEPT;
            default -> false;
        };
    }

    private void keep(int type, ByteBuffer in, int length) {
        byte[] value = new byte[length];
        in.get(value);
        left -= length;
        if (type == CHECKSUM) {
            checksum = ByteBuffer.wrap(value).getInt();
            crc.update(NO_CHECKSUM);
            return;
        }
        crc.update(value);
        switch (type) {
            case ALPN -> alpn = alpn == null ? value : alpn;
            case AUTHORITY -> authority = authority == null ? value : authority;
            case UNIQUE_ID -> uniqueId = uniqueId == null ? value : uniqueId;
            case AWS -> {
                if (length > 0 && value[0] == AWS_VPC_ENDPOINT && awsVpcEndpoint == null) {
                    awsVpcEndpoint = value;
                }
            }
            default -> throw new IllegalStateException("type " + type + " is not kept");
        }
    }

    /** {@return the application protocol, one character a byte as the JDK shows it; null if it is not there} */
    public @Nullable String alpn() {
        return text(alpn, 0, StandardCharsets.ISO_8859_1);
    }

    /** {@return the host name that the client asked for; null if it is not there} */
    public @Nullable String authority() {
        return text(authority, 0, StandardCharsets.UTF_8);
    }

    /** {@return the proxy's own name of the connection; null if it is not there} */
    public byte @Nullable [] uniqueId() {
        return uniqueId == null ? null : uniqueId.clone();
    }

    /** {@return the endpoint of the virtual network that the client came through; null if it is not there} */
    public @Nullable String awsVpcEndpoint() {
        return text(awsVpcEndpoint, 1, StandardCharsets.US_ASCII);
    }

    private static @Nullable String text(byte @Nullable [] value, int from, Charset charset) {
        return value == null ? null : new String(value, from, value.length - from, charset);
    }
}
