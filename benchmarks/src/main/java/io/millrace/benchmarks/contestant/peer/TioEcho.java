package io.millrace.benchmarks.contestant.peer;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Frames;
import io.millrace.benchmarks.contestant.ServeOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.tio.core.ChannelContext;
import org.tio.core.PacketHandlerMode;
import org.tio.core.Tio;
import org.tio.core.TioConfig;
import org.tio.core.intf.Packet;
import org.tio.server.DefaultTioServerListener;
import org.tio.server.TioServer;
import org.tio.server.TioServerConfig;
import org.tio.server.intf.TioServerHandler;
import org.tio.utils.thread.pool.SynThreadPoolExecutor;

/**
 * t-io's echo: decoding and handling on the I/O thread, statistics and heartbeats off.
 *
 * <p>It sends on a second thread, which it needs: whoever sends awaits the completion, and would await it for ever on
 * the thread that completes. That thread puts all that is queued for a connection into one write.
 */
public final class TioEcho implements Contestant {
    @Override
    public String name() {
        return "t-io";
    }

    @Override
    public int start(ServeOptions options) throws IOException {
        TioServerConfig config = new TioServerConfig("echo", new Echo(), new NoDelay(), newSenders(), newIoThread());
        config.setHeartbeatTimeout(0);
        config.setReadBufferSize(Frames.bufferBytes(options));
        config.setPacketHandlerMode(PacketHandlerMode.SINGLE_THREAD);
        config.setUseQueueDecode(false);
        config.statOn = false;
        TioServer server = new TioServer(config);
        server.setCheckLastVersion(false);
        PrintStream out = System.out;
        System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)); // its banner
        try {
            server.start(InetAddress.getLoopbackAddress().getHostAddress(), 0);
        } finally {
            System.setOut(out);
        }
        return ((InetSocketAddress) server.getServerSocketChannel().getLocalAddress()).getPort();
    }

    private static SynThreadPoolExecutor newSenders() {
        return new SynThreadPoolExecutor(
                1, 1, 0, new LinkedBlockingQueue<>(), Executors.defaultThreadFactory(), "send");
    }

    private static ThreadPoolExecutor newIoThread() {
        return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
    }

    /** A frame with its prefix, encoded already. */
    @SuppressWarnings("serial") // packets are serializable, and never serialized
    private static final class Frame extends Packet {
        Frame(ByteBuffer bytes) {
            setPreEncodedByteBuffer(bytes);
        }
    }

    private static final class Echo implements TioServerHandler {
        @Override
        public @Nullable Packet decode(ByteBuffer in, int limit, int position, int readable, ChannelContext context) {
            if (readable < Frames.HEADER_BYTES) {
                return null;
            }
            int length = Frames.HEADER_BYTES + in.getInt(position);
            if (readable < length) {
                context.setPacketNeededLength(length);
                return null;
            }
            byte[] bytes = new byte[length];
            in.get(bytes);
            return new Frame(ByteBuffer.wrap(bytes));
        }

        @Override
        public ByteBuffer encode(Packet packet, TioConfig config, ChannelContext context) {
            return packet.getPreEncodedByteBuffer();
        }

        @Override
        public void handler(Packet packet, ChannelContext context) {
            Tio.send(context, packet);
        }
    }

    private static final class NoDelay extends DefaultTioServerListener {
        @Override
        public void onAfterConnected(ChannelContext context, boolean isConnected, boolean isReconnect) {
            try {
                context.asynchronousSocketChannel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
