package io.millrace.samples.resp;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;

/**
 * The wire format of Redis, version 2. A server's messages are commands: arrays of bulk strings, or lines that somebody
 * has typed. A client's are replies of any type. Both are delivered as they were on the wire, for the type is a part of
 * them; what is sent has to be a whole command or reply, or several.
 */
public enum RespProtocol implements Protocol {
    /** The protocol has no settings. */
    INSTANCE;

    /** The longest command or reply that is received, in bytes. */
    public static final int MAX_FRAME_BYTES = 16 << 20;

    /** The longest line that is received, in bytes: a typed command, or a reply that is one. */
    public static final int MAX_LINE_BYTES = 64 << 10;

    /** How many values may still have to come of a command or reply. */
    public static final int MAX_ELEMENTS = 1 << 20;

    @Override
    public FrameDecoder newDecoder(Side side) {
        return new Decoder(side == Side.SERVER);
    }

    @Override
    public FrameEncoder newEncoder(Side side) {
        // What is sent brings its own frame. Redis has no use for an empty one, and it does no harm.
        return FrameEncoder.none();
    }

    /**
     * Finds where commands or replies end. It goes from value to value, over the bytes of bulk strings without looking at
     * them, and remembers how far it has come.
     */
    private static final class Decoder implements FrameDecoder {
        /** No number within the limits needs more digits; its line is read from its start each time it is looked at. */
        private static final int MAX_DIGITS = 10;

        /** What {@link #number} answers while the end of the line has not come. */
        private static final long CUT = Long.MIN_VALUE;

        /** What {@link #number} answers for a line that is none. */
        private static final long NO_NUMBER = Long.MIN_VALUE + 1;

        private final boolean commands;

        // All are confined to the session. Offsets count from the start of the frame.
        private int next;
        private int scanned;
        private int wanted = 1;
        private int frameLength;
        // An index into the buffer, used up before the call that sets it ends.
        private int numberEnd;

        /** Makes a decoder of commands, which servers receive, or of replies. */
        Decoder(boolean commands) {
            this.commands = commands;
        }

        @Override
        public int frameLength(ByteBuffer in) throws MalformedFrameException {
            int start = in.position();
            int arrived = in.remaining();
            while (wanted > 0) {
                if (next >= arrived || !passValue(in, start, arrived)) {
                    return UNKNOWN;
                }
            }
            frameLength = next;
            next = 0;
            scanned = 0;
            wanted = 1;
            return frameLength;
        }

        /** Goes behind the next value, or behind the head of an array; false if its line has not arrived. */
        private boolean passValue(ByteBuffer in, int start, int arrived) throws MalformedFrameException {
            byte type = in.get(start + next);
            if (commands && next > 0 && type != '$') {
                throw malformed("expected '$', got '" + (char) (type & 0xff) + "'");
            }
            return switch (type) {
                case '$' -> passBulk(in, start, arrived);
                case '*' -> passArrayHead(in, start, arrived);
                case '+', '-', ':' -> passLine(in, start, arrived);
                default -> {
                    if (!commands) {
                        throw malformed("unknown type '" + (char) (type & 0xff) + "'");
                    }
                    yield passLine(in, start, arrived);
                }
            };
        }

        private boolean passBulk(ByteBuffer in, int start, int arrived) throws MalformedFrameException {
            if (commands && next == 0) {
                return passLine(in, start, arrived);
            }
            long length = number(in, start + next + 1, start + arrived);
            if (length == CUT) {
                return false;
            }
            boolean isNothing = length == -1 && !commands;
            if (!isNothing && (length < 0 || length > MAX_FRAME_BYTES)) {
                throw malformed("invalid bulk length");
            }
            // Behind the line, the bytes and their own line end, whether they have come or not.
            pass(numberEnd - start + (isNothing ? 0 : length + 2), 0);
            return true;
        }

        private boolean passArrayHead(ByteBuffer in, int start, int arrived) throws MalformedFrameException {
            long count = number(in, start + next + 1, start + arrived);
            if (count == CUT) {
                return false;
            }
            if (count == NO_NUMBER || count > MAX_ELEMENTS - wanted) {
                throw malformed("invalid multibulk length");
            }
            pass(numberEnd - start, (int) Math.max(0, count));
            return true;
        }

        private boolean passLine(ByteBuffer in, int start, int arrived) throws MalformedFrameException {
            int at = Math.max(next, scanned);
            while (at < arrived && in.get(start + at) != '\n') {
                at++;
            }
            if (at - next > MAX_LINE_BYTES) {
                throw malformed(commands ? "too big inline request" : "too big line");
            }
            scanned = at;
            if (at == arrived) {
                return false;
            }
            pass(at + 1, 0);
            return true;
        }

        private void pass(long end, int newlyWanted) throws MalformedFrameException {
            if (end > MAX_FRAME_BYTES) {
                throw malformed("too big, the limit is " + MAX_FRAME_BYTES + " bytes");
            }
            next = (int) end;
            wanted += newlyWanted - 1;
        }

        /** Reads the number between an index and CRLF, and notes where its line ends. */
        private long number(ByteBuffer in, int from, int limit) {
            int at = from;
            boolean negative = at < limit && in.get(at) == '-';
            if (negative) {
                at++;
            }
            int firstDigit = at;
            long number = 0;
            while (at < limit && isDigit(in.get(at)) && at - firstDigit < MAX_DIGITS) {
                number = number * 10 + in.get(at) - '0';
                at++;
            }
            if (at + 1 >= limit) {
                boolean canBecomeOne = at == limit || (at > firstDigit && in.get(at) == '\r');
                return canBecomeOne ? CUT : NO_NUMBER;
            }
            boolean isWhole = at > firstDigit && in.get(at) == '\r' && in.get(at + 1) == '\n';
            numberEnd = at + 2;
            return isWhole ? (negative ? -number : number) : NO_NUMBER;
        }

        private static boolean isDigit(byte character) {
            return character >= '0' && character <= '9';
        }

        private static MalformedFrameException malformed(String what) {
            return new MalformedFrameException("Protocol error: " + what);
        }

        @Override
        public int payloadOffset() {
            return 0;
        }

        @Override
        public int payloadLength() {
            return frameLength;
        }
    }
}
