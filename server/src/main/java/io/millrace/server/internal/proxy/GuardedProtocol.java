package io.millrace.server.internal.proxy;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Heartbeat;
import io.millrace.core.protocol.Pairing;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;

/**
 * The protocol of clients that come without a proxy: the application's own, but a stream that begins with a PROXY
 * header is malformed.
 *
 * @param protocol the application's own
 */
record GuardedProtocol(Protocol protocol) implements Protocol {
    @Override
    public FrameDecoder newDecoder(Side side) {
        return new Guard(protocol.newDecoder(side));
    }

    @Override
    public FrameEncoder newEncoder(Side side) {
        return protocol.newEncoder(side);
    }

    @Override
    public Pairing pairing() {
        return protocol.pairing();
    }

    @Override
    public long firstToken() {
        return protocol.firstToken();
    }

    @Override
    public Heartbeat heartbeat() {
        return protocol.heartbeat();
    }

    @Override
    public String toString() {
        return protocol.toString();
    }

    /** Holds the stream back until its first bytes show that it is no header; one byte is enough for most. */
    private static final class Guard implements FrameDecoder {
        private final FrameDecoder frames;
        // Confined to the session.
        private boolean decided;

        Guard(FrameDecoder frames) {
            this.frames = frames;
        }

        @Override
        public int frameLength(ByteBuffer in) throws MalformedFrameException {
            if (!decided) {
                switch (HeaderStart.of(in)) {
                    case UNDECIDED -> {
                        return UNKNOWN;
                    }
                    case NONE -> decided = true;
                    case VERSION_1, VERSION_2 ->
                        throw new MalformedFrameException(
                                "a PROXY header came from an address that is not one of a trusted proxy");
                }
            }
            return frames.frameLength(in);
        }

        @Override
        public int payloadOffset() {
            return frames.payloadOffset();
        }

        @Override
        public int payloadLength() {
            return frames.payloadLength();
        }

        @Override
        public FrameKind kind() {
            return frames.kind();
        }

        @Override
        public long token() {
            return frames.token();
        }
    }
}
