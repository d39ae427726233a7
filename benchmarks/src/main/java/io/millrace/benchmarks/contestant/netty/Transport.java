package io.millrace.benchmarks.contestant.netty;

import io.netty.channel.Channel;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What moves Netty's bytes. */
public enum Transport {
    /** The JDK's selector. */
    NIO {
        @Override
        public Class<? extends ServerChannel> listener() {
            return NioServerSocketChannel.class;
        }

        @Override
        public Class<? extends Channel> channel() {
            return NioSocketChannel.class;
        }

        @Override
        @Nullable
        Throwable obstacle() {
            return null;
        }

        @Override
        public IoHandlerFactory ioHandlers() {
            return NioIoHandler.newFactory();
        }
    },

    /** Linux's epoll by native code. */
    EPOLL {
        @Override
        public Class<? extends ServerChannel> listener() {
            return EpollServerSocketChannel.class;
        }

        @Override
        public Class<? extends Channel> channel() {
            return EpollSocketChannel.class;
        }

        @Override
        @Nullable
        Throwable obstacle() {
            return Epoll.unavailabilityCause();
        }

        @Override
        public IoHandlerFactory ioHandlers() {
            return EpollIoHandler.newFactory();
        }
    },

    /** Linux's io_uring by native code. Without rings of provided buffers, with which it was slower here. */
    URING {
        @Override
        public Class<? extends ServerChannel> listener() {
            return IoUringServerSocketChannel.class;
        }

        @Override
        public Class<? extends Channel> channel() {
            return IoUringSocketChannel.class;
        }

        @Override
        @Nullable
        Throwable obstacle() {
            return IoUring.unavailabilityCause();
        }

        @Override
        public IoHandlerFactory ioHandlers() {
            return IoUringIoHandler.newFactory(new IoUringIoHandlerConfig().setSingleIssuer(true));
        }
    };

    /** Returns the cause for which this machine cannot run it, or null if it can. */
    abstract @Nullable Throwable obstacle();

    /** Returns what makes the transport's event loop. */
    public abstract IoHandlerFactory ioHandlers();

    /** Returns the class of its listening channels; loaded by this call, not before. */
    public abstract Class<? extends ServerChannel> listener();

    /** Returns the class of its connections. */
    public abstract Class<? extends Channel> channel();

    /** Returns what a contestant on it is called. */
    String contestant() {
        return "netty-" + name().toLowerCase(Locale.ROOT);
    }

    /** Returns why a contestant on it cannot run here, or an empty text. */
    public String unavailable() {
        Throwable obstacle = obstacle();
        if (obstacle == null) {
            return "";
        }
        Throwable cause = obstacle.getCause();
        return cause == null ? obstacle.toString() : obstacle + ": " + cause;
    }
}
