package io.millrace.core.protocol;

import io.millrace.core.FrameTooLongException;
import io.millrace.core.MalformedFrameException;
import java.nio.ByteBuffer;

/** Reads a length field once all of it is there, and looks at nothing else. */
final class PrefixDecoder implements FrameDecoder {
    private final PrefixLayout layout;
    private final int headerBytes;
    private final int keptBytes;
    private final int limit;

    // Confined to the session.
    private int bodyLength;

    /**
     * Makes the decoder of one session.
     *
     * @param layout where the field stands and what it means
     * @param limit the longest body, in bytes
     * @param keepsHeader whether the header is part of the payload
     */
    PrefixDecoder(PrefixLayout layout, int limit, boolean keepsHeader) {
        this.layout = layout;
        this.headerBytes = layout.headerBytes();
        this.keptBytes = keepsHeader ? headerBytes : 0;
        this.limit = limit;
    }

    @Override
    public int frameLength(ByteBuffer in) throws MalformedFrameException {
        if (in.remaining() < headerBytes) {
            return UNKNOWN;
        }
        bodyLength = bodyOf(layout.read(in, in.position() + layout.offset()));
        return headerBytes + bodyLength;
    }

    private int bodyOf(long declared) throws MalformedFrameException {
        if (declared < 0) {
            throw negative(declared, limit);
        }
        long surplus = layout.surplus();
        // compared on the side that cannot overflow: the declared value may be anything, the others are small
        if (declared > limit - surplus) {
            throw tooLong(declared, surplus);
        }
        if (declared < -surplus) {
            throw new MalformedFrameException("declared length " + declared + " with " + meaning() + " gives a body of "
                    + (declared + surplus) + " bytes; the limit is " + limit + " bytes");
        }
        return (int) (declared + surplus);
    }

    private FrameTooLongException tooLong(long declared, long surplus) {
        if (layout.isPlain()) {
            return new FrameTooLongException(declared, limit);
        }
        long body = surplus > Long.MAX_VALUE - declared ? Long.MAX_VALUE : declared + surplus;
        return new FrameTooLongException(
                "declared length " + declared + " with " + meaning() + " announces " + body + " bytes", body, limit);
    }

    private String meaning() {
        return "adjustment " + layout.adjustment() + ", " + layout.countedBytes() + " bytes of header counted,";
    }

    private static MalformedFrameException negative(long declared, int limit) {
        return new MalformedFrameException(
                "declared length " + declared + " is negative; the limit is " + limit + " bytes");
    }

    @Override
    public int payloadOffset() {
        return headerBytes - keptBytes;
    }

    @Override
    public int payloadLength() {
        return bodyLength + keptBytes;
    }

    /** The same for the usual prefix, an int32 in network order and nothing else, without a question about options. */
    static final class Plain implements FrameDecoder {
        private final int limit;

        // Confined to the session.
        private int payloadLength;

        Plain(int limit) {
            this.limit = limit;
        }

        @Override
        public int frameLength(ByteBuffer in) throws MalformedFrameException {
            if (in.remaining() < Integer.BYTES) {
                return UNKNOWN;
            }
            int declared = in.getInt(in.position());
            if (declared < 0) {
                throw negative(declared, limit);
            }
            if (declared > limit) {
                throw new FrameTooLongException(declared, limit);
            }
            payloadLength = declared;
            return Integer.BYTES + declared;
        }

        @Override
        public int payloadOffset() {
            return Integer.BYTES;
        }

        @Override
        public int payloadLength() {
            return payloadLength;
        }
    }
}
