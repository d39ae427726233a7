package io.millrace.samples.guide;

import io.millrace.core.Codec;
import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** The Millrace side of coming-from-netty.md; the other side is in the benchmarks, which have Netty. */
final class ComingFromNettyGuide {
    private ComingFromNettyGuide() {}

    static TcpServer start() throws TransportException {
        TcpServer server = TcpServer.builder()
                .protocol(Protocol.lengthPrefixed(PrefixHandler.int32().maxPayloadBytes(1 << 20)))
                .onMessage((session, message) -> session.send(message))
                .bind(9000);
        return server;
    }

    /** Uses a message after the callback has returned. */
    static void keep(ByteBuffer message, Executor workers, Consumer<byte[]> use) throws MalformedFrameException {
        byte[] kept = Codec.bytes().decode(message);
        workers.execute(() -> use.accept(kept));
    }

    static void listen(Session session, ByteBuffer message, Consumer<Throwable> failed) {
        session.sendAsync(message).whenComplete((written, failure) -> {
            if (failure != null) {
                failed.accept(failure);
            }
        });
    }

    /** Stops a source of its own while the peer is slow. */
    record Throttled(Runnable stop, Runnable goOn) implements MessageHandler {
        void publish(Session session, ByteBuffer message) {
            SendResult result = session.send(message);
            if (result == SendResult.CONGESTED) {
                stop.run();
            }
        }

        @Override
        public void onWritable(Session session) {
            goOn.run();
        }

        @Override
        public void onMessage(Session session, ByteBuffer message) {
            publish(session, message);
        }
    }
}
