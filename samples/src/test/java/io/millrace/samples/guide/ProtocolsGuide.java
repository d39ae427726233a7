package io.millrace.samples.guide;

import io.millrace.core.Codec;
import io.millrace.core.ErrorCode;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.server.TcpServerBuilder;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The code of protocols.md. */
final class ProtocolsGuide {
    private ProtocolsGuide() {}

    /** Frames of a peer whose header is two bytes of its own and a length that counts all of the frame. */
    static Protocol prefixed() {
        Protocol frames = Protocol.lengthPrefixed(
                PrefixHandler.int16().littleEndian().offset(2).countsHeader().maxPayloadBytes(4_096));
        return frames;
    }

    static TcpServerBuilder typed() {
        return TcpServer.builder()
                .protocol(new Telegrams(1_024))
                .onMessage(Reading.CODEC, (session, reading) -> session.send(reading, Reading.CODEC));
    }

    /** Answers lines, in the order of the lines, and tells of errors in words. */
    static TcpServerBuilder answersLines() {
        return TcpServer.builder()
                .protocol(Protocol.lines())
                .onRequest((session, request, reply) -> reply.send(request))
                .errorEncoder((code, text) -> Codec.utf8().encode("-ERR " + text));
    }

    /** A server that may refuse with a code of its own, and ask its clients. */
    static TcpServerBuilder answersByToken() {
        return TcpServer.builder().protocol(Protocol.millrace()).onRequest((session, request, reply) -> {
            if (request.remaining() < Integer.BYTES) {
                reply.fail(ErrorCode.FIRST_OF_APPLICATION, "an order begins with its number");
            } else {
                reply.send(request);
            }
        });
    }

    static CompletableFuture<ByteBuffer> askTheDevice(Session session, ByteBuffer question) {
        return session.request(question, Duration.ofSeconds(2));
    }

    /** Speaks lines until the peer asks for frames. */
    static TcpServerBuilder upgrading(MessageHandler framed) {
        return TcpServer.builder()
                .protocol(Protocol.lines())
                .onMessage(Codec.utf8(), (session, line) -> changeOver(session, line, framed));
    }

    private static void changeOver(Session session, String line, MessageHandler framed) {
        if (line.equals("FRAMES")) {
            session.send("+OK", Codec.utf8());
            session.upgrade(Protocol.lengthPrefixed(), framed);
        }
    }
}
