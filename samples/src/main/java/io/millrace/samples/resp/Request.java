package io.millrace.samples.resp;

import io.millrace.core.MalformedFrameException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The words of one command, as they lie in the received message: looked at there, and copied only to be kept. One
 * object reads one command after the other.
 *
 * <p>Threading: Confined to one thread at a time.
 */
final class Request {
    private static final ByteBuffer NONE = ByteBuffer.allocate(0);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final long MIX = 0x9E3779B97F4A7C15L;
    private static final int CASE_BIT = 0x20;

    /** Words of a longer command are forgotten again with it. */
    private static final int KEPT_WORDS = 256;

    private ByteBuffer message = NONE;
    private int[] offsets = new int[KEPT_WORDS];
    private int[] lengths = new int[KEPT_WORDS];
    private int count;

    /**
     * Takes the next command apart.
     *
     * @param command borrowed, until the next call: a whole command; a typed one may be changed
     * @throws MalformedFrameException if a typed one has quotes without their other end
     */
    void read(ByteBuffer command) throws MalformedFrameException {
        message = command;
        count = 0;
        if (offsets.length > KEPT_WORDS) {
            offsets = new int[KEPT_WORDS];
            lengths = new int[KEPT_WORDS];
        }
        int at = command.position();
        if (command.get(at) == '*') {
            readArray(at + 1);
        } else {
            readLine(at, command.limit());
        }
    }

    /** The decoder has seen that all lengths are numbers. */
    private void readArray(int from) {
        if (message.get(from) == '-') {
            return;
        }
        int at = from;
        int words = 0;
        for (byte digit; (digit = message.get(at)) != '\r'; at++) {
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
            add(at, length);
            at += length + 2;
        }
    }

    private void readLine(int from, int limit) throws MalformedFrameException {
        int at = from;
        while (at < limit) {
            if (isSpace(message.get(at))) {
                at++;
            } else {
                at = readWord(at, limit);
            }
        }
    }

    /** Reads a typed word; quotes and escapes are taken out where it lies, which makes it no longer. */
    private int readWord(int from, int limit) throws MalformedFrameException {
        int at = from;
        int end = from;
        int quote = 0;
        while (at < limit && (quote != 0 || !isSpace(message.get(at)))) {
            byte character = message.get(at++);
            if (quote == 0 && (character == '"' || character == '\'')) {
                quote = character;
            } else if (character == quote) {
                quote = 0;
            } else if (quote == '"' && character == '\\' && at < limit) {
                boolean isHex = message.get(at) == 'x' && at + 2 < limit && hex(at + 1) >= 0 && hex(at + 2) >= 0;
                message.put(end++, isHex ? (byte) (hex(at + 1) << 4 | hex(at + 2)) : unescaped(message.get(at)));
                at += isHex ? 3 : 1;
            } else {
                message.put(end++, character);
            }
        }
        if (quote != 0) {
            throw new MalformedFrameException("Protocol error: unbalanced quotes in request");
        }
        add(from, end - from);
        return at;
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

    private void add(int offset, int length) {
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * count);
            lengths = Arrays.copyOf(lengths, 2 * count);
        }
        offsets[count] = offset;
        lengths[count++] = length;
    }

    /** Returns how many words there are, the command's name included. */
    int count() {
        return count;
    }

    int length(int word) {
        return lengths[word];
    }

    byte[] copy(int word) {
        byte[] copy = new byte[lengths[word]];
        copyTo(word, copy);
        return copy;
    }

    /** Copies a word into an array of its length. */
    void copyTo(int word, byte[] to) {
        message.get(offsets[word], to);
    }

    String text(int word) {
        return new String(copy(word), StandardCharsets.UTF_8);
    }

    /** Returns a word of up to 8 letters as a number, the same in capitals and small letters; 0 for a longer one. */
    long name(int word) {
        int length = lengths[word];
        long name = 0;
        for (int i = 0; i < length && length <= Long.BYTES; i++) {
            name = (name << Byte.SIZE) | ((message.get(offsets[word] + i) | CASE_BIT) & 0xff);
        }
        return name;
    }

    /** Returns what {@link #name(int)} makes of a word. */
    static long name(String word) {
        long name = 0;
        for (int i = 0; i < word.length(); i++) {
            name = (name << Byte.SIZE) | word.charAt(i) | CASE_BIT;
        }
        return name;
    }

    int hash(int word, long seed) {
        int at = offsets[word];
        int end = at + lengths[word];
        long hash = seed + lengths[word];
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            hash = mix(hash ^ message.getLong(at));
        }
        long rest = 0;
        for (; at < end; at++) {
            rest = (rest << Byte.SIZE) | (message.get(at) & 0xff);
        }
        hash = mix(hash ^ rest);
        return (int) (hash ^ hash >>> Integer.SIZE);
    }

    private static long mix(long hash) {
        long mixed = hash * MIX;
        return mixed ^ mixed >>> Integer.SIZE;
    }

    boolean isEqual(int word, byte[] other) {
        int length = lengths[word];
        if (length != other.length) {
            return false;
        }
        int from = offsets[word];
        int i = 0;
        for (; i + Long.BYTES <= length; i += Long.BYTES) {
            if (message.getLong(from + i) != (long) LONGS.get(other, i)) {
                return false;
            }
        }
        for (; i < length; i++) {
            if (message.get(from + i) != other[i]) {
                return false;
            }
        }
        return true;
    }

    long number(int word) throws Refusal {
        return number(copy(word));
    }

    /** Reads what Redis takes for a number: an int64 in its only form. */
    static long number(byte[] digits) throws Refusal {
        boolean negative = digits.length > 1 && digits[0] == '-';
        int first = negative ? 1 : 0;
        boolean hasIdleZero = digits.length > 0 && digits[first] == '0' && digits.length > 1;
        if (digits.length == 0 || hasIdleZero) {
            throw Refusal.noInteger();
        }
        // Below zero, where there is one number more.
        long number = 0;
        for (int i = first; i < digits.length; i++) {
            int digit = digits[i] - '0';
            if (digit < 0 || digit > 9 || number < (Long.MIN_VALUE + digit) / 10) {
                throw Refusal.noInteger();
            }
            number = number * 10 - digit;
        }
        if (!negative && number == Long.MIN_VALUE) {
            throw Refusal.noInteger();
        }
        return negative ? number : -number;
    }

    /** A command cannot be done; its message is the error reply. It has no stack trace: the fault is the client's. */
    static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;

        Refusal(String reply) {
            super(reply, null, false, false);
        }

        static Refusal noInteger() {
            return new Refusal("ERR value is not an integer or out of range");
        }

        static Refusal wrongType() {
            return new Refusal("WRONGTYPE Operation against a key holding the wrong kind of value");
        }

        static Refusal syntax() {
            return new Refusal("ERR syntax error");
        }
    }
}
