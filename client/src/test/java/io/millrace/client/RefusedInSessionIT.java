package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.core.NotSentException;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.FrameKind;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A request that the client lets pass, and its session refuses once it is there. */
class RefusedInSessionIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void refusedRequestFailsAndThoseBehindItGoOn() throws Exception {
        TcpServer server = leaks.watch(Clients.echo());
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(new FussyProtocol())
                .endpoint("127.0.0.1", server.port())
                .build());
        Duration timeout = Duration.ofSeconds(10);

        CompletableFuture<ByteBuffer> refused = client.request(new byte[3], timeout);
        CompletableFuture<ByteBuffer> behind = client.request(new byte[] {7}, timeout);

        assertArrayEquals(new byte[] {7}, behind.get(20, TimeUnit.SECONDS).array());
        ExecutionException failure = assertThrows(ExecutionException.class, () -> refused.get(20, TimeUnit.SECONDS));
        NotSentException notSent = assertInstanceOf(NotSentException.class, failure.getCause());
        assertInstanceOf(IllegalArgumentException.class, notSent.getCause());
    }

    /** Refuses messages of three bytes, but for the first encoder, which is the client's own. */
    private static final class FussyProtocol implements Protocol {
        private final PrefixHandler prefix = PrefixHandler.int32();
        private final AtomicInteger encoders = new AtomicInteger();

        @Override
        public FrameDecoder newDecoder(Side side) {
            return prefix.newDecoder(side);
        }

        @Override
        public FrameEncoder newEncoder(Side side) {
            boolean isFussy = encoders.getAndIncrement() > 0;
            return new FrameEncoder() {
                @Override
                public void check(ByteBuffer payload) {
                    if (isFussy && payload.remaining() == 3) {
                        throw new IllegalArgumentException("three bytes are refused");
                    }
                }

                @Override
                public int headerLength(FrameKind kind, int payloadLength) {
                    return prefix.headerLength(kind, payloadLength);
                }

                @Override
                public void putHeader(ByteBuffer out, FrameKind kind, long token, int payloadLength) {
                    prefix.putHeader(out, kind, token, payloadLength);
                }
            };
        }
    }
}
