package io.millrace.benchmarks.calls.caller;

import io.millrace.client.TcpClient;
import io.millrace.client.pool.PoolConfig;
import io.millrace.core.IoGroup;
import io.millrace.core.ReplyHandler;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Millrace's client with every default on: deadlines, limits, counters. Only the size of the pool is set. */
public final class MillraceCaller implements Caller {
    /** How replies are taken. */
    public enum Form {
        /** By a handler that is lent the reply. */
        HANDLER,

        /** By a future of a copy of the reply. */
        FUTURE
    }

    private final IoGroup group;
    private final TcpClient client;
    private final Form form;

    /** Builds the client; the first request connects. */
    public MillraceCaller(CallerOptions options, Form form) throws IOException {
        this.form = form;
        group = IoGroup.builder().name("calls").threads(1).start();
        PoolConfig pool = PoolConfig.builder()
                .maxConnections(options.connections())
                .maxConnectionsPerEndpoint(options.connections())
                .requestsPerConnection(options.inFlightEach())
                .build();
        client = TcpClient.builder()
                .group(group)
                .protocol(Protocol.millrace())
                .endpoint(InetAddress.getLoopbackAddress().getHostAddress(), options.port())
                .pool(pool)
                .build();
    }

    @Override
    public Asking asking(Slot slot) {
        if (form == Form.HANDLER) {
            return new Handled(slot);
        }
        return () -> client.request(slot.payload(), CallerOptions.TIMEOUT)
                .whenComplete((reply, failure) -> take(slot, reply, failure));
    }

    private static void take(Slot slot, @Nullable ByteBuffer reply, @Nullable Throwable failure) {
        if (reply != null) {
            slot.answered(reply.remaining(), reply.getLong(reply.position()));
        } else if (failure != null) {
            slot.failed(failure);
        }
    }

    @Override
    public void close() {
        client.close();
        group.close();
    }

    /** Asks with the form that allocates nothing. */
    private final class Handled implements Asking, ReplyHandler {
        private final Slot slot;

        Handled(Slot slot) {
            this.slot = slot;
        }

        @Override
        public void ask() {
            client.request(slot.payload(), CallerOptions.TIMEOUT, this);
        }

        @Override
        public void onReply(ByteBuffer reply) {
            take(slot, reply, null);
        }

        @Override
        public void onFailure(TransportException failure) {
            slot.failed(failure);
        }
    }
}
