package io.millrace.samples.resp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.Side;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RespProtocolTest {
    private static final List<String> COMMANDS = List.of(
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$6\r\n\r\n*1\r\n\r\n",
            "PING\r\n",
            "*0\r\n",
            "*-1\r\n",
            "\r\n",
            "get k\n",
            "*2\r\n$3\r\nGET\r\n$0\r\n\r\n");

    private static final List<String> REPLIES = List.of(
            "+OK\r\n",
            "$-1\r\n",
            "*3\r\n$2\r\n\r\n\r\n*2\r\n:1\r\n-ERR no\r\n$-1\r\n",
            "*-1\r\n",
            "*0\r\n",
            ":-12\r\n",
            "$3\r\nabc\r\n");

    @Test
    void pipelineOfCommandsMayBeCutAnywhere() throws Exception {
        assertCutAnywhere(Side.SERVER, COMMANDS);
    }

    @Test
    void pipelineOfRepliesMayBeCutAnywhere() throws Exception {
        assertCutAnywhere(Side.CLIENT, REPLIES);
    }

    private static void assertCutAnywhere(Side side, List<String> frames) throws Exception {
        byte[] stream = bytes(String.join("", frames));
        for (int cut = 0; cut <= stream.length; cut++) {
            assertEquals(frames, frames(side, stream, cut, stream.length), "cut at " + cut);
        }
        int[] drips = new int[stream.length];
        for (int i = 0; i < drips.length; i++) {
            drips[i] = i + 1;
        }
        assertEquals(frames, frames(side, stream, drips), "byte by byte");
    }

    /** Takes a stream apart of which more and more arrives. */
    private static List<String> frames(Side side, byte[] stream, int... arrivals) throws MalformedFrameException {
        FrameDecoder decoder = RespProtocol.INSTANCE.newDecoder(side);
        List<String> frames = new ArrayList<>();
        int start = 0;
        int length = FrameDecoder.UNKNOWN;
        for (int arrived : arrivals) {
            while (start < arrived) {
                if (length == FrameDecoder.UNKNOWN) {
                    length = decoder.frameLength(ByteBuffer.wrap(stream, start, arrived - start));
                }
                if (length == FrameDecoder.UNKNOWN || start + length > arrived) {
                    break;
                }
                assertEquals(0, decoder.payloadOffset());
                assertEquals(length, decoder.payloadLength());
                frames.add(new String(stream, start, length, StandardCharsets.ISO_8859_1));
                start += length;
                length = FrameDecoder.UNKNOWN;
            }
        }
        return frames;
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "*1~+PING~, expected '$'; got '+'",
                "*1~*1~, expected '$'; got '*'",
                "*x~, invalid multibulk length",
                "*1048577~, invalid multibulk length",
                "*99999999999999999999~, invalid multibulk length",
                "*~, invalid multibulk length",
                "*1~$-1~, invalid bulk length",
                "*1~$16777217~, invalid bulk length",
                "*1~$1x~, invalid bulk length",
                "*2~$16777000~, too big; the limit is 16777216 bytes"
            })
    void malformedCommandIsExplainedInTheWordsOfRedis(String command, String expected) {
        String stream = command.replace("~", "\r\n");
        // Twice nearly all that a command may have is too much.
        byte[] start = bytes(stream);
        MalformedFrameException thrown = assertThrows(MalformedFrameException.class, () -> {
            FrameDecoder decoder = RespProtocol.INSTANCE.newDecoder(Side.SERVER);
            ByteBuffer in =
                    ByteBuffer.allocate(RespProtocol.MAX_FRAME_BYTES + 64).put(start);
            decoder.frameLength(in.duplicate().flip());
            byte[] next = bytes("$16777000\r\n");
            in.position(start.length + 16_777_000 + 2).put(next);
            decoder.frameLength(in.flip());
        });
        assertEquals("Protocol error: " + expected.replace(";", ","), thrown.getMessage());
    }

    @Test
    void lineWithoutEndIsRefused() {
        byte[] line = "x".repeat(RespProtocol.MAX_LINE_BYTES + 1).getBytes(StandardCharsets.US_ASCII);
        MalformedFrameException command =
                assertThrows(MalformedFrameException.class, () -> frames(Side.SERVER, line, 1, line.length));
        assertEquals("Protocol error: too big inline request", command.getMessage());
        line[0] = '+';
        MalformedFrameException reply =
                assertThrows(MalformedFrameException.class, () -> frames(Side.CLIENT, line, line.length));
        assertEquals("Protocol error: too big line", reply.getMessage());
    }

    @Test
    void replyOfAnUnknownTypeIsRefused() {
        byte[] reply = bytes("HTTP/1.1 400 Bad Request\r\n");
        MalformedFrameException thrown =
                assertThrows(MalformedFrameException.class, () -> frames(Side.CLIENT, reply, reply.length));
        assertEquals("Protocol error: unknown type 'H'", thrown.getMessage());
    }

    @Test
    void lengthIsKnownBeforeTheLastBytesHaveCome() throws Exception {
        FrameDecoder decoder = RespProtocol.INSTANCE.newDecoder(Side.SERVER);
        byte[] start = bytes("*2\r\n$4\r\nECHO\r\n$1000000\r\nab");

        assertEquals(start.length - 2 + 1_000_000 + 2, decoder.frameLength(ByteBuffer.wrap(start)));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
