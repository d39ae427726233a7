package io.millrace.benchmarks.contestant.netty;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.ServeOptions;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Netty's echo: frames are written as they are found and flushed when all that was read has been handled.
 *
 * <p>A frame goes back as the very slice that the decoder found, prefix included, with no encoder and no copy; and with
 * the promise that Netty shares for writes whose end nobody awaits. A prefix stripped and prepended again, or a promise
 * for each write, was slower here.
 */
public final class NettyEcho implements Contestant {
    private final Transport transport;

    /** Makes the contestant for a transport. */
    public NettyEcho(Transport transport) {
        this.transport = transport;
    }

    @Override
    public String name() {
        return transport.contestant();
    }

    @Override
    public String unavailable() {
        return transport.unavailable();
    }

    @Override
    public int start(ServeOptions options) throws InterruptedException {
        return NettyServer.startFramed(transport, NettyServer.newLoop(transport), options, new Echo());
    }

    /** Has no state, so one serves all connections. */
    @Sharable
    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object frame) {
            context.write(frame, context.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
