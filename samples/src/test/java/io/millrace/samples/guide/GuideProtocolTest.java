package io.millrace.samples.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.core.Codec;
import io.millrace.core.FrameTooLongException;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the guide says should be tested of a protocol of one's own, done for the one that it shows. */
class GuideProtocolTest {
    private static final Protocol TELEGRAMS = new Telegrams(1_024);

    private static ByteBuffer stream(String... messages) {
        FrameEncoder encoder = TELEGRAMS.newEncoder(Side.CLIENT);
        ByteBuffer stream = ByteBuffer.allocate(8_192);
        for (String message : messages) {
            ByteBuffer payload = Codec.utf8().encode(message);
            encoder.check(payload);
            encoder.putHeader(stream, FrameKind.MESSAGE, 0, payload.remaining());
            stream.put(payload);
        }
        return stream.flip();
    }

    /** Shows a decoder the first bytes of a stream, and then all of it, as a session does. */
    private static List<String> messages(ByteBuffer stream, int split) throws MalformedFrameException {
        FrameDecoder decoder = TELEGRAMS.newDecoder(Side.SERVER);
        List<String> messages = new ArrayList<>();
        int start = 0;
        int length = FrameDecoder.UNKNOWN;
        for (int end : List.of(split, stream.limit())) {
            while (start < end) {
                if (length == FrameDecoder.UNKNOWN) {
                    length = decoder.frameLength(stream.slice(start, end - start));
                }
                if (length == FrameDecoder.UNKNOWN || end - start < length) {
                    break;
                }
                int from = start + decoder.payloadOffset();
                messages.add(Codec.utf8().decode(stream.slice(from, decoder.payloadLength())));
                start += length;
                length = FrameDecoder.UNKNOWN;
            }
        }
        return messages;
    }

    @Test
    void messagesAreTheSameWhereverTheStreamIsCut() throws MalformedFrameException {
        List<String> sent = List.of("first", "", "last");
        ByteBuffer stream = stream("first", "", "last");
        for (int split = 0; split <= stream.limit(); split++) {
            assertEquals(sent, messages(stream, split), "cut at " + split);
        }
    }

    @Test
    void bothSidesRefuseWhatIsBeyondTheLimitAndNothingElse() throws MalformedFrameException {
        String longest = "x".repeat(1_024);
        assertEquals(List.of(longest), messages(stream(longest), 0));

        assertThrows(IllegalArgumentException.class, () -> stream(longest + "x"));
        ByteBuffer tooLong = ByteBuffer.allocate(4).putInt(0xCAFE_0401).flip();
        assertThrows(FrameTooLongException.class, () -> messages(tooLong, 0));
    }

    @Test
    void whatDoesNotBeginAsATelegramIsMalformed() {
        ByteBuffer other = Codec.utf8().encode("GET / HTTP/1.1\r\n");
        assertThrows(MalformedFrameException.class, () -> messages(other, 0));
    }

    @Test
    void readingsComeBackAsTheyWereWritten() throws MalformedFrameException {
        Reading reading = new Reading(7, 21.5);
        assertEquals(reading, Reading.CODEC.decode(Reading.CODEC.encode(reading)));
    }

    @Test
    void readingOfAnotherLengthIsMalformed() {
        assertThrows(MalformedFrameException.class, () -> Reading.CODEC.decode(ByteBuffer.allocate(11)));
    }
}
