package io.millrace.benchmarks.contestant.millrace;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.ServeOptions;
import io.millrace.client.TcpClient;
import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.MessageHandler;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A proxy with every default of Millrace's on: one connection to the target for each client, both in one group, and
 * what one side does not take stops the reading of the other.
 */
public final class MillraceProxy implements Contestant {
    private final boolean isFramed;

    /**
     * Makes the contestant.
     *
     * @param isFramed whether it finds the frames and sends them on one by one, or passes bytes
     */
    public MillraceProxy(boolean isFramed) {
        this.isFramed = isFramed;
    }

    @Override
    public String name() {
        return isFramed ? "millrace-framed" : "millrace";
    }

    @Override
    @SuppressWarnings("resource") // it serves until the process ends
    public int start(ServeOptions options) throws IOException {
        String loopback = InetAddress.getLoopbackAddress().getHostAddress();
        Protocol protocol = isFramed
                ? Protocol.lengthPrefixed(PrefixHandler.int32().maxPayloadBytes(options.maxFrameBytes()))
                : Protocol.raw();
        IoGroup group = IoGroup.builder().name("proxy").threads(1).start();
        TcpClient target = TcpClient.builder()
                .group(group)
                .protocol(protocol)
                .endpoint(loopback, options.target())
                .onMessage(new Relay())
                .build();
        return TcpServer.builder()
                .group(group)
                .protocol(protocol)
                .onMessage(new Front(target))
                .maxConnections(20_000)
                .bind(loopback, 0)
                .port();
    }

    /** Passes on what a session receives to the one that is attached to it. */
    private static class Relay implements MessageHandler {
        @Override
        public void onMessage(Session session, ByteBuffer message) {
            Session other = other(session);
            if (other == null) {
                throw new IllegalStateException("received before there was a session to pass it on to");
            }
            SendResult result = other.transfer(message);
            if (result == SendResult.CONGESTED) {
                session.pauseReadingUntilWritable(other);
            } else if (!result.isAccepted()) {
                session.abort();
            }
        }

        @Override
        public void onClose(Session session, CloseReason reason) {
            Session other = other(session);
            if (other != null) {
                other.close();
            }
        }

        private static @Nullable Session other(Session session) {
            return (Session) session.attachment();
        }
    }

    /** The clients' side: reads nothing until there is a connection to the target. */
    private static final class Front extends Relay {
        private final TcpClient target;

        Front(TcpClient target) {
            this.target = target;
        }

        @Override
        public void onOpen(Session session) {
            session.pauseReading();
            var unused = target.connect().whenComplete((back, failure) -> {
                if (failure == null) {
                    back.attach(session);
                    session.attach(back);
                    session.resumeReading();
                } else {
                    session.abort();
                }
            });
        }
    }
}
