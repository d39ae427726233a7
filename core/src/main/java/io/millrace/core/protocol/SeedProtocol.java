package io.millrace.core.protocol;

import io.millrace.core.MalformedFrameException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The wire format of the SocketAsyncEventArgs servers and clients that Millrace descends from.
 *
 * <pre>
 *   to the server   int32 n                                    n bytes of payload
 *   to the client   int32 8 + n, int32 transmission, int32 session, n bytes of payload
 * </pre>
 *
 * <p>All numbers are little-endian. The session number counts the server's connections from 1. The transmission number
 * is counted across the server: a connection draws one when it is accepted and a new one after each reply. A client
 * has one request on its way at a time.
 *
 * <p>An empty message to the server is a heartbeat: it is never answered, whether heartbeats are on or off. The client
 * sends one when it has sent nothing for an interval, if its {@link io.millrace.core.HeartbeatConfig heartbeats} are
 * on; a server whose heartbeats are on closes sessions that do not.
 *
 * <p>Threading: Thread-safe: the two counters are shared by all sessions of the instance, so give each server its own.
 *
 * <p>Errors: as {@link PrefixHandler}; and a reply shorter than its 8 bytes of numbers is malformed.
 */
public final class SeedProtocol implements Protocol {
    /** How long the numbers before every reply are, in bytes. */
    public static final int REPLY_HEADER_BYTES = 8;

    private final PrefixHandler prefix;
    private final boolean keepsReplyHeader;
    private final boolean hasHeartbeats;
    private final AtomicInteger lastSession = new AtomicInteger();
    private final AtomicInteger lastTransmission = new AtomicInteger();

    private SeedProtocol(PrefixHandler prefix, boolean keepsReplyHeader, boolean hasHeartbeats) {
        this.prefix = prefix;
        this.keepsReplyHeader = keepsReplyHeader;
        this.hasHeartbeats = hasHeartbeats;
    }

    /**
     * Returns the protocol with fresh counters and a limit of {@link PrefixHandler#DEFAULT_MAX_PAYLOAD_BYTES}.
     *
     * @return the protocol
     */
    public static SeedProtocol create() {
        return new SeedProtocol(PrefixHandler.int32().littleEndian(), false, true);
    }

    /**
     * Returns this protocol with another limit and fresh counters.
     *
     * @param bytes the longest payload in bytes, not counting the numbers before a reply; from 0 to
     *     {@link PrefixHandler#LARGEST_PAYLOAD_BYTES}, {@link PrefixHandler#DEFAULT_MAX_PAYLOAD_BYTES} by default
     * @return the protocol
     * @throws IllegalArgumentException if that is out of range
     */
    public SeedProtocol maxPayloadBytes(int bytes) {
        return new SeedProtocol(prefix.maxPayloadBytes(bytes), keepsReplyHeader, hasHeartbeats);
    }

    /**
     * Returns this protocol, with fresh counters, such that a client's replies begin with the transmission and session
     * numbers, as the original clients handed them over.
     *
     * @return the protocol
     */
    public SeedProtocol keepingReplyHeader() {
        return new SeedProtocol(prefix, true, hasHeartbeats);
    }

    /**
     * Returns this protocol, with fresh counters, strictly as the last of the original programs speak it: they have no
     * heartbeats. An empty message to the server is a request like any other, and heartbeats cannot be turned on.
     *
     * @return the protocol
     */
    public SeedProtocol withoutHeartbeats() {
        return new SeedProtocol(prefix, keepsReplyHeader, false);
    }

    /**
     * Returns the number of the connection that was accepted last.
     *
     * @return how many there have been
     */
    public int lastSession() {
        return lastSession.get();
    }

    /**
     * Returns the number that was drawn last for a reply, which may be still to come.
     *
     * @return how many have been drawn
     */
    public int lastTransmission() {
        return lastTransmission.get();
    }

    @Override
    public Pairing pairing() {
        return Pairing.ONE_AT_A_TIME;
    }

    @Override
    public Heartbeat heartbeat() {
        return hasHeartbeats ? Heartbeat.EMPTY_REQUEST : Heartbeat.NONE;
    }

    @Override
    public FrameDecoder newDecoder(Side side) {
        return side == Side.SERVER ? prefix.newDecoder(side) : new ReplyDecoder();
    }

    @Override
    public FrameEncoder newEncoder(Side side) {
        return side == Side.CLIENT ? prefix.newEncoder(side) : new ReplyEncoder();
    }

    @Override
    public String toString() {
        return "seed(maxPayloadBytes=" + prefix.maxPayloadBytes() + (keepsReplyHeader ? ", keepingReplyHeader" : "")
                + (hasHeartbeats ? "" : ", withoutHeartbeats") + ")";
    }

    private final class ReplyEncoder implements FrameEncoder {
        private final int session = lastSession.incrementAndGet();
        // Confined to the session.
        private int transmission = lastTransmission.incrementAndGet();

        @Override
        public void check(ByteBuffer payload) {
            prefix.check(payload);
        }

        @Override
        public void checkLength(long payloadLength) {
            prefix.checkLength(payloadLength);
        }

        @Override
        public int headerLength(FrameKind kind, int payloadLength) {
            return prefix.width() + REPLY_HEADER_BYTES;
        }

        @Override
        public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
            out.putInt(Integer.reverseBytes(REPLY_HEADER_BYTES + payloadLength));
            out.putInt(Integer.reverseBytes(transmission));
            out.putInt(Integer.reverseBytes(session));
            transmission = lastTransmission.incrementAndGet();
        }

        @Override
        public @Nullable Object sharingKey() {
            // Each reply has the numbers of its own session.
            return null;
        }
    }

    private final class ReplyDecoder implements FrameDecoder {
        private final PrefixHandler replyPrefix = PrefixHandler.int32()
                .littleEndian()
                .maxPayloadBytes(
                        Math.min(prefix.maxPayloadBytes() + REPLY_HEADER_BYTES, PrefixHandler.LARGEST_PAYLOAD_BYTES));
        private final FrameDecoder frame = replyPrefix.newDecoder(Side.CLIENT);

        @Override
        public int frameLength(ByteBuffer in) throws MalformedFrameException {
            int length = frame.frameLength(in);
            if (length != UNKNOWN && frame.payloadLength() < REPLY_HEADER_BYTES) {
                throw new MalformedFrameException(
                        "declared length " + frame.payloadLength() + " of a reply is below " + REPLY_HEADER_BYTES);
            }
            return length;
        }

        @Override
        public int payloadOffset() {
            return frame.payloadOffset() + (keepsReplyHeader ? 0 : REPLY_HEADER_BYTES);
        }

        @Override
        public int payloadLength() {
            return frame.payloadLength() - (keepsReplyHeader ? 0 : REPLY_HEADER_BYTES);
        }
    }
}
