package io.millrace.core;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** Payloads as text of one charset, strictly: what cannot be read or written is refused. */
final class TextCodec implements Codec<String> {
    static final TextCodec UTF_8 = new TextCodec(StandardCharsets.UTF_8);

    /** What decoders put where there is no character; it can also have been sent. */
    private static final char REPLACEMENT = '\uFFFD';

    private final Charset charset;

    TextCodec(Charset charset) {
        this.charset = Objects.requireNonNull(charset, "charset");
        if (!charset.canEncode()) {
            throw new IllegalArgumentException("charset is " + charset + ", which can only decode: choose another");
        }
    }

    @Override
    public String decode(ByteBuffer message) throws MalformedFrameException {
        byte[] bytes = new byte[message.remaining()];
        message.get(bytes);
        String text = new String(bytes, charset);
        // Constructing a string is much faster than a strict decoder, and a replacement is the only trace of an error.
        if (text.indexOf(REPLACEMENT) >= 0) {
            requireSound(bytes);
        }
        return text;
    }

    private void requireSound(byte[] bytes) throws MalformedFrameException {
        CharsetDecoder decoder = charset.newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(1 + (int) Math.ceil((double) bytes.length * decoder.maxCharsPerByte()));
        CoderResult result = decoder.decode(in, out, true);
        if (result.isError()) {
            throw new MalformedFrameException("message of " + bytes.length + " bytes is no " + charset
                    + " text: malformed at offset " + in.position());
        }
    }

    @Override
    public ByteBuffer encode(String message) {
        CharsetEncoder encoder = charset.newEncoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        CharBuffer in = CharBuffer.wrap(message);
        try {
            return encoder.encode(in);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    "message of " + message.length() + " characters cannot be written in " + charset
                            + ": not the one at index " + in.position(),
                    e);
        }
    }

    @Override
    public String toString() {
        return "text(" + charset + ")";
    }
}
