package io.millrace.benchmarks.micro;

import io.millrace.core.IoGroup;
import io.millrace.core.MessageHandler;
import io.millrace.core.SessionConfig;
import io.millrace.core.SessionHandlers;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.Connection;
import io.millrace.core.internal.SessionOwner;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.CompletionHandler;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** A group with one I/O thread, on which benchmarks run what belongs there. */
final class GroupThread implements AutoCloseable {
    private static final SessionOwner NOBODY = new SessionOwner() {
        @Override
        public void sessionOpened(TcpSession session) {}

        @Override
        public void sessionEnded(TcpSession session) {}
    };

    private final IoGroup group;
    private final IoRuntime runtime;
    private final AsynchronousSocketChannel closed;
    private final Semaphore done = new Semaphore(0);

    // Written before the thread is told to run, or to go on.
    private @Nullable Throwable failure;

    GroupThread() throws IOException {
        this(IoGroup.builder());
    }

    GroupThread(IoGroup.Builder builder) throws IOException {
        group = builder.name("micro").threads(1).daemon(true).start();
        runtime = GroupAccess.runtimeOf(group);
        closed = runtime.openChannel();
        closed.close();
    }

    IoRuntime runtime() {
        return runtime;
    }

    /** Opens a session on a channel of ours; it has posted its first read when this returns. */
    TcpSession open(InstantChannel channel, Protocol protocol, MessageHandler handler) throws IOException {
        SessionHandlers handlers = new SessionHandlers(null, handler, null, null, null, null, null);
        SessionSetup setup = new SessionSetup(Side.SERVER, protocol, SessionConfig.defaults(), handlers, 0);
        InetSocketAddress peer = (InetSocketAddress) channel.getRemoteAddress();
        TcpSession session = new TcpSession(runtime, new Connection(channel, peer, null), setup, NOBODY);
        run(session::start);
        return session;
    }

    /** Runs something on the I/O thread where the completion of an operation would run, outside of any turn; waits. */
    void run(Runnable work) {
        // What is begun on a channel that has been closed fails on a thread of its group.
        closed.read(ByteBuffer.allocate(1), work, new CompletionHandler<>() {
            @Override
            public void completed(Integer bytes, Runnable task) {
                failed(new IllegalStateException("a closed channel was read"), task);
            }

            @Override
            public void failed(Throwable cause, Runnable task) {
                failure = null;
                try {
                    task.run();
                } catch (Throwable thrown) {
                    failure = thrown;
                }
                done.release();
            }
        });
        done.acquireUninterruptibly();
        Throwable thrown = failure;
        if (thrown != null) {
            throw new IllegalStateException("what was run on the I/O thread has failed", thrown);
        }
    }

    /** Runs something on the I/O thread inside a turn; waits. */
    void runInTurn(Runnable work) {
        run(() -> runtime.execute(work));
    }

    @Override
    public void close() {
        group.close();
    }
}
