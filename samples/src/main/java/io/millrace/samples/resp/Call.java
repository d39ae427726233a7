package io.millrace.samples.resp;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.Session;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One command and its reply. The command's words are looked at where they lie in the received message, and copied only
 * to be kept. The reply is put together in a buffer and sent when it is whole, or when there is no more room; values
 * that are long are sent from where they are. One object serves one command after the other.
 *
 * <p>Threading: Confined to one thread at a time.
 */
final class Call {
    /** Values up to this length are copied into the reply; longer ones are sent later, and must never change. */
    static final int COPIED_BYTES = 4 << 10;

    private static final int ROOM_BYTES = 64 << 10;

    /** The longest type, number and line end. */
    private static final int NUMBER_BYTES = 23;

    /** The words of a longer command are forgotten with it. */
    private static final int KEPT_WORDS = 256;

    /** What small letters have and capitals have not. */
    private static final int CASE_BIT = 0x20;

    private static final byte[] OK = "+OK\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NOTHING = "$-1\r\n".getBytes(StandardCharsets.US_ASCII);

    private final ByteBuffer reply = ByteBuffer.allocateDirect(ROOM_BYTES);

    // All are confined to the thread that does a command.
    private @Nullable Session session;
    private ByteBuffer message = ByteBuffer.allocate(0);
    private int[] starts = new int[KEPT_WORDS];
    private int[] ends = new int[KEPT_WORDS];
    private int count;

    /**
     * Takes the next command apart.
     *
     * @param asker the session that sent it, which gets the reply
     * @param command borrowed, until the next call: a whole command; a typed one may be changed
     * @throws MalformedFrameException if a typed one has quotes without their other end
     */
    void read(Session asker, ByteBuffer command) throws MalformedFrameException {
        session = asker;
        message = command;
        reply.clear();
        count = 0;
        if (starts.length > KEPT_WORDS) {
            starts = new int[KEPT_WORDS];
            ends = new int[KEPT_WORDS];
        }
        int start = command.position();
        if (command.get(start) == '*') {
            readArray(start + 1);
        } else {
            readLine();
        }
    }

    /** Reads an array of bulk strings, of which the decoder has seen that all lengths are numbers. */
    private void readArray(int start) {
        int at = start;
        int words = 0;
        for (byte digit; (digit = message.get(at)) != '\r' && digit != '-'; at++) {
            words = words * 10 + digit - '0';
        }
        at += 2;
        for (int i = 0; i < words; i++) {
            int length = 0;
            at++;
            for (byte digit; (digit = message.get(at)) != '\r'; at++) {
                length = length * 10 + digit - '0';
            }
            at += 2;
            add(at, at + length);
            at += length + 2;
        }
    }

    private void readLine() throws MalformedFrameException {
        int at = message.position();
        while (at < message.limit()) {
            if (isSpace(message.get(at))) {
                at++;
            } else {
                at = readTypedWord(at);
            }
        }
    }

    /** Reads a word; quotes and escapes are taken out where it lies, which makes it no longer. */
    private int readTypedWord(int start) throws MalformedFrameException {
        int limit = message.limit();
        int at = start;
        int end = start;
        int quote = 0;
        while (at < limit && (quote != 0 || !isSpace(message.get(at)))) {
            byte character = message.get(at++);
            if (quote == 0 && (character == '"' || character == '\'')) {
                quote = character;
            } else if (quote != 0 && character == quote) {
                quote = 0;
                requireBalanced(at == limit || isSpace(message.get(at)));
            } else if (quote == '\'' && character == '\\' && at < limit && message.get(at) == '\'') {
                message.put(end++, message.get(at++));
            } else if (quote == '"' && character == '\\' && at < limit) {
                boolean isHex = message.get(at) == 'x' && at + 2 < limit && hex(at + 1) >= 0 && hex(at + 2) >= 0;
                message.put(end++, isHex ? (byte) (hex(at + 1) << 4 | hex(at + 2)) : unescaped(message.get(at)));
                at += isHex ? 3 : 1;
            } else {
                message.put(end++, character);
            }
        }
        requireBalanced(quote == 0);
        add(start, end);
        return at;
    }

    private static void requireBalanced(boolean balanced) throws MalformedFrameException {
        if (!balanced) {
            throw new MalformedFrameException("Protocol error: unbalanced quotes in request");
        }
    }

    private static boolean isSpace(byte character) {
        return character == ' ' || (character >= '\t' && character <= '\r');
    }

    private int hex(int at) {
        return Character.digit(message.get(at), 16);
    }

    private static byte unescaped(byte character) {
        return switch (character) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'b' -> '\b';
            case 'a' -> 7;
            default -> character;
        };
    }

    private void add(int start, int end) {
        if (count == starts.length) {
            starts = Arrays.copyOf(starts, 2 * count);
            ends = Arrays.copyOf(ends, 2 * count);
        }
        starts[count] = start;
        ends[count++] = end;
    }

    /** Returns how many words there are, the command's name included. */
    int count() {
        return count;
    }

    /** Returns a view of a word, to look at before another one is asked for. */
    ByteBuffer word(int index) {
        return message.limit(ends[index]).position(starts[index]);
    }

    byte[] copy(int index) {
        byte[] copy = new byte[ends[index] - starts[index]];
        word(index).get(copy);
        return copy;
    }

    String text(int index) {
        return new String(copy(index), StandardCharsets.UTF_8);
    }

    /** Returns a word of up to 8 letters as a number, the same in capitals and small letters; 0 for a longer one. */
    long packed(int index) {
        long packed = 0;
        for (int at = starts[index]; at < ends[index] && ends[index] - starts[index] <= Long.BYTES; at++) {
            packed = (packed << Byte.SIZE) | (message.get(at) & 0xff) | CASE_BIT;
        }
        return packed;
    }

    static long packed(String word) {
        long packed = 0;
        for (int i = 0; i < word.length(); i++) {
            packed = (packed << Byte.SIZE) | word.charAt(i) | CASE_BIT;
        }
        return packed;
    }

    long number(int index) throws Refusal {
        return number(copy(index));
    }

    /** Reads what Redis takes for a number: an int64 in its only form. */
    static long number(byte[] digits) throws Refusal {
        boolean isNegative = digits.length > 1 && digits[0] == '-';
        int first = isNegative ? 1 : 0;
        boolean isNumber = digits.length > 0 && (digits.length == 1 || digits[first] != '0');
        // Below zero, where there is one number more.
        long number = 0;
        for (int i = first; i < digits.length && isNumber; i++) {
            int digit = digits[i] - '0';
            isNumber = digit >= 0 && digit <= 9 && number >= (Long.MIN_VALUE + digit) / 10;
            number = number * 10 - digit;
        }
        if (!isNumber || (!isNegative && number == Long.MIN_VALUE)) {
            throw new Refusal("ERR value is not an integer or out of range");
        }
        return isNegative ? number : -number;
    }

    void replyOk() {
        room(OK.length).put(OK);
    }

    /** Replies with a bulk string that is none. */
    void replyNothing() {
        room(NOTHING.length).put(NOTHING);
    }

    /** Replies with a line of its type: '+' is a word, '-' an error. */
    void replyLine(char type, String text) {
        byte[] line = text.replace('\r', ' ').replace('\n', ' ').getBytes(StandardCharsets.UTF_8);
        room(line.length + 3).put((byte) type).put(line);
        endLine();
    }

    void replyInteger(long number) {
        replyNumber(':', number);
    }

    /** Replies with the head of an array; its elements follow. With -1 there is no array. */
    void replyArray(int length) {
        replyNumber('*', length);
    }

    void replyBulk(byte[] bytes) {
        replyNumber('$', bytes.length);
        if (bytes.length <= COPIED_BYTES) {
            room(bytes.length + 2).put(bytes);
        } else {
            send();
            Objects.requireNonNull(session).transfer(ByteBuffer.wrap(bytes), () -> {});
        }
        endLine();
    }

    void replyBulk(String text) {
        replyBulk(text.getBytes(StandardCharsets.UTF_8));
    }

    private void replyNumber(char type, long number) {
        room(NUMBER_BYTES).put((byte) type);
        if (number < 0) {
            reply.put((byte) '-');
        }
        int end = reply.position() + 1;
        for (long rest = number / 10; rest != 0; rest /= 10) {
            end++;
        }
        reply.position(end);
        long rest = number;
        do {
            reply.put(--end, (byte) ('0' + Math.abs(rest % 10)));
            rest /= 10;
        } while (rest != 0);
        endLine();
    }

    private void endLine() {
        room(2).put((byte) '\r').put((byte) '\n');
    }

    /** Makes room for so many bytes, at most {@link #ROOM_BYTES}. */
    private ByteBuffer room(int bytes) {
        if (reply.remaining() < bytes) {
            send();
        }
        return reply;
    }

    /** Sends what there is of the reply. */
    void send() {
        if (reply.position() > 0) {
            Objects.requireNonNull(session).send(reply.flip());
            reply.clear();
        }
    }

    /** A command cannot be done; its message is the error reply. It has no stack trace: the fault is the client's. */
    static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;

        Refusal(String reply) {
            super(reply, null, false, false);
        }

        static Refusal wrongNumberOfWords(String command) {
            return new Refusal("ERR wrong number of arguments for '" + command + "' command");
        }

        static Refusal syntax() {
            return new Refusal("ERR syntax error");
        }
    }
}
