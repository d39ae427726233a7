package io.millrace.benchmarks.contestant.peer;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Frames;
import io.millrace.benchmarks.contestant.ServeOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.smartboot.socket.MessageProcessor;
import org.smartboot.socket.Protocol;
import org.smartboot.socket.StateMachineEnum;
import org.smartboot.socket.buffer.BufferPagePool;
import org.smartboot.socket.transport.AioQuickServer;
import org.smartboot.socket.transport.AioSession;

/**
 * smart-socket's echo as its benchmark's server is written: a pool of direct pages, read and write buffers that hold what
 * comes at once. It flushes by itself when all that was read has been handled.
 */
public final class SmartSocketEcho implements Contestant {
    private static final int BACKLOG = 1024;

    /** The least that it accepts; one of them reads and handles. */
    private static final int THREADS = 2;

    /** A connection keeps its read buffer where that is faster; smaller and larger ones are as fast given back. */
    private static final int MOST_KEPT_BYTES = 256 << 10;

    private static final int WRITE_BUFFERS = 512;
    private static final int ATTEMPTS = 10;

    @Override
    public String name() {
        return "smart-socket";
    }

    @Override
    public int start(ServeOptions options) throws IOException {
        for (int attempt = 1; ; attempt++) {
            int port = freePort();
            try {
                start(options, port);
                return port;
            } catch (BindException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /** Returns a port that was free a moment ago; the server does not tell which one it was given. */
    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void start(ServeOptions options, int port) throws IOException {
        // One more than a frame: a buffer that is full after decoding is an overflow to it.
        int bufferBytes = Frames.bufferBytes(options) + 1;
        AioQuickServer server = new AioQuickServer(
                        InetAddress.getLoopbackAddress().getHostAddress(), port, new Framing(), new Echo())
                .setBannerEnabled(false)
                .setThreadNum(THREADS)
                .setBacklog(BACKLOG)
                .setReadBufferSize(bufferBytes)
                .setWriteBuffer(bufferBytes, WRITE_BUFFERS)
                .setBufferPagePool(new BufferPagePool(1, true));
        if (options.maxFrameBytes() > Frames.BUFFER_BYTES && options.maxFrameBytes() <= MOST_KEPT_BYTES) {
            server.disableLowMemory();
        }
        server.start();
    }

    /** A frame with its prefix; each session has one and uses it again. */
    private static final class Frame {
        // Confined to the session's callbacks.
        private byte[] bytes = new byte[1024];
        private int length;
    }

    private static final class Framing implements Protocol<Frame> {
        @Override
        public @Nullable Frame decode(ByteBuffer in, AioSession session) {
            if (in.remaining() < Frames.HEADER_BYTES) {
                return null;
            }
            int length = Frames.HEADER_BYTES + in.getInt(in.position());
            if (in.remaining() < length) {
                return null;
            }
            Frame frame = session.getAttachment();
            frame.length = length;
            if (frame.bytes.length < length) {
                frame.bytes = new byte[length];
            }
            in.get(frame.bytes, 0, length);
            return frame;
        }
    }

    private static final class Echo implements MessageProcessor<Frame> {
        @Override
        public void process(AioSession session, Frame frame) {
            try {
                session.writeBuffer().write(frame.bytes, 0, frame.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void stateEvent(AioSession session, StateMachineEnum event, @Nullable Throwable cause) {
            if (event == StateMachineEnum.NEW_SESSION) {
                session.setAttachment(new Frame());
            }
        }
    }
}
