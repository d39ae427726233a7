package io.millrace.samples.guide;

import io.millrace.core.FrameTooLongException;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;

/** The protocol of the guide: frames that begin with CA FE and an unsigned length of two bytes. Immutable. */
final class Telegrams implements Protocol {
    private static final short MAGIC = (short) 0xCAFE;
    private static final int HEADER_BYTES = 4;

    private final int maxPayloadBytes;
    private final FrameEncoder encoder = new Encoder();

    /** Makes the protocol with the longest payload that it carries, from 0 to 65,535 bytes. */
    Telegrams(int maxPayloadBytes) {
        this.maxPayloadBytes = maxPayloadBytes;
    }

    @Override
    public FrameDecoder newDecoder(Side side) {
        return new Decoder();
    }

    @Override
    public FrameEncoder newEncoder(Side side) {
        return encoder;
    }

    @Override
    public String toString() {
        return "telegrams(maxPayloadBytes=" + maxPayloadBytes + ")";
    }

    /** One of each session: it remembers the frame that it has measured. */
    private final class Decoder implements FrameDecoder {
        private int payloadLength;

        @Override
        public int frameLength(ByteBuffer in) throws MalformedFrameException {
            if (in.remaining() < HEADER_BYTES) {
                return UNKNOWN;
            }
            if (in.getShort() != MAGIC) {
                throw new MalformedFrameException("no telegram begins so");
            }
            payloadLength = requireWithinLimit(in.getShort() & 0xFFFF);
            return HEADER_BYTES + payloadLength;
        }

        private int requireWithinLimit(int bytes) throws FrameTooLongException {
            if (bytes > maxPayloadBytes) {
                throw new FrameTooLongException(bytes, maxPayloadBytes);
            }
            return bytes;
        }

        @Override
        public int payloadOffset() {
            return HEADER_BYTES;
        }

        @Override
        public int payloadLength() {
            return payloadLength;
        }
    }

    /** One for all sessions: it has no state. */
    private final class Encoder implements FrameEncoder {
        @Override
        public void check(ByteBuffer payload) {
            checkLength(payload.remaining());
        }

        @Override
        public void checkLength(long payloadLength) {
            if (payloadLength > maxPayloadBytes) {
                throw new IllegalArgumentException("message of " + payloadLength + " bytes is longer than the limit of "
                        + maxPayloadBytes + " bytes: send it in parts");
            }
        }

        @Override
        public int headerLength(FrameKind kind, int payloadLength) {
            return HEADER_BYTES;
        }

        @Override
        public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
            out.putShort(MAGIC).putShort((short) payloadLength);
        }
    }
}
