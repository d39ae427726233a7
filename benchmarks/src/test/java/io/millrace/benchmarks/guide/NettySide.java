package io.millrace.benchmarks.guide;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Netty's side of docs/guide/coming-from-netty.md. */
final class NettySide {
    private NettySide() {}

    static Channel start(EventLoopGroup loops) throws InterruptedException {
        ServerBootstrap server = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        var frames = new LengthFieldBasedFrameDecoder(1 << 20, 0, 4, 0, 4);
                        channel.pipeline().addLast(frames, new LengthFieldPrepender(4), new Echo());
                    }
                });
        return server.bind(9000).sync().channel();
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object frame) {
            context.write(frame);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }

    /** Uses a message after the callback has returned. */
    static void keep(ByteBuf frame, Executor workers, Consumer<ByteBuf> use) {
        ByteBuf kept = frame.retain();
        workers.execute(() -> {
            try {
                use.accept(kept);
            } finally {
                kept.release();
            }
        });
    }

    static void listen(Channel channel, ByteBuf frame, Consumer<Throwable> failed) {
        channel.writeAndFlush(frame).addListener(written -> {
            if (!written.isSuccess()) {
                failed.accept(written.cause());
            }
        });
    }

    /** Stops a source of its own while the peer is slow. */
    private static final class Throttled extends ChannelInboundHandlerAdapter {
        private final Runnable stop;
        private final Runnable goOn;

        private Throttled(Runnable stop, Runnable goOn) {
            this.stop = stop;
            this.goOn = goOn;
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            if (context.channel().isWritable()) {
                goOn.run();
            } else {
                stop.run();
            }
            context.fireChannelWritabilityChanged();
        }
    }

    static ChannelInboundHandlerAdapter throttled(Runnable stop, Runnable goOn) {
        return new Throttled(stop, goOn);
    }
}
