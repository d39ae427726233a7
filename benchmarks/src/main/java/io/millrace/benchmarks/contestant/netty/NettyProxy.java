package io.millrace.benchmarks.contestant.netty;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.ServeOptions;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import java.net.InetAddress;

/**
 * Netty's proxy: the connection to the target lives on the client connection's event loop.
 *
 * <p>The one for bytes goes as Netty's own example does: it reads again when what it read has been written. The one for
 * frames stops reading while the other side is not writable, and flushes when all that was read has been handled.
 */
public final class NettyProxy implements Contestant {
    private final Transport transport;
    private final boolean isFramed;

    /**
     * Makes the contestant for a transport.
     *
     * @param isFramed whether it finds the frames and sends them on one by one, or passes bytes
     */
    public NettyProxy(Transport transport, boolean isFramed) {
        this.transport = transport;
        this.isFramed = isFramed;
    }

    @Override
    public String name() {
        return isFramed ? transport.contestant() + "-framed" : transport.contestant();
    }

    @Override
    public String unavailable() {
        return transport.unavailable();
    }

    @Override
    public int start(ServeOptions options) throws InterruptedException {
        return NettyServer.start(transport, NettyServer.newLoop(transport), options, new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                connect(channel, options);
            }
        });
    }

    private void connect(Channel front, ServeOptions options) {
        front.config().setAutoRead(false); // until there is somebody to write to
        new Bootstrap()
                .group(front.eventLoop())
                .channel(transport.channel())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.RECVBUF_ALLOCATOR, NettyServer.receiveBuffers(options))
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel back) {
                        addRelay(back, front, options);
                    }
                })
                .connect(InetAddress.getLoopbackAddress(), options.target())
                .addListener((ChannelFutureListener) connected -> {
                    if (connected.isSuccess()) {
                        addRelay(front, connected.channel(), options);
                        begin(connected.channel());
                        begin(front);
                    } else {
                        front.close();
                    }
                });
    }

    private void addRelay(Channel channel, Channel other, ServeOptions options) {
        ChannelHandler relay = isFramed ? new FrameRelay(other) : new ByteRelay(channel, other);
        if (isFramed) {
            channel.pipeline().addLast(NettyServer.newDecoder(options));
        }
        channel.pipeline().addLast(relay);
    }

    private void begin(Channel channel) {
        if (isFramed) {
            channel.config().setAutoRead(true);
        } else {
            channel.read();
        }
    }
}
