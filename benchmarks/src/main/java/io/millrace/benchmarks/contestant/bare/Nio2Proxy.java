package io.millrace.benchmarks.contestant.bare;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Frames;
import io.millrace.benchmarks.contestant.ServeOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;

/**
 * The least that a proxy on NIO.2 can be: in each direction one read of whatever has come, then one write of it. It
 * looks at no frame, and reads nothing before all is written.
 */
public final class Nio2Proxy implements Contestant {
    @Override
    public String name() {
        return "nio2-bare";
    }

    @Override
    public int start(ServeOptions options) throws IOException {
        InetSocketAddress target = new InetSocketAddress(InetAddress.getLoopbackAddress(), options.target());
        int bufferBytes = Frames.bufferBytes(options);
        return Nio2Listener.start((front, group) -> {
            AsynchronousSocketChannel back = AsynchronousSocketChannel.open(group);
            back.setOption(StandardSocketOptions.TCP_NODELAY, true);
            back.connect(target, null, new CompletionHandler<Void, Void>() {
                @Override
                public void completed(Void nothing, Void attachment) {
                    new Direction(front, back, bufferBytes).start();
                    new Direction(back, front, bufferBytes).start();
                }

                @Override
                public void failed(Throwable cause, Void attachment) {
                    System.err.println("no connection to the target: " + cause);
                    Nio2Listener.close(front);
                    Nio2Listener.close(back);
                }
            });
        });
    }

    /** What goes from one side to the other: it reads, or writes, never both. */
    private static final class Direction implements CompletionHandler<Integer, Void> {
        private final AsynchronousSocketChannel from;
        private final AsynchronousSocketChannel to;
        private final ByteBuffer bytes;

        // Confined to the callbacks of this direction, of which there is one at a time.
        private boolean isWriting;

        Direction(AsynchronousSocketChannel from, AsynchronousSocketChannel to, int bufferBytes) {
            this.from = from;
            this.to = to;
            bytes = ByteBuffer.allocateDirect(bufferBytes);
        }

        void start() {
            from.read(bytes, null, this);
        }

        @Override
        public void completed(Integer count, Void attachment) {
            if (count < 0) {
                end();
                return;
            }
            if (!isWriting) {
                bytes.flip();
            }
            isWriting = bytes.hasRemaining();
            if (isWriting) {
                to.write(bytes, null, this);
            } else {
                from.read(bytes.clear(), null, this);
            }
        }

        @Override
        public void failed(Throwable cause, Void attachment) {
            end();
        }

        private void end() {
            Nio2Listener.close(from);
            Nio2Listener.close(to);
        }
    }
}
