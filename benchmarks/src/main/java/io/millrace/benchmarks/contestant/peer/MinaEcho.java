package io.millrace.benchmarks.contestant.peer;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Frames;
import io.millrace.benchmarks.contestant.ServeOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.apache.mina.core.buffer.IoBuffer;
import org.apache.mina.core.filterchain.IoFilterAdapter;
import org.apache.mina.core.service.IoHandlerAdapter;
import org.apache.mina.core.session.AttributeKey;
import org.apache.mina.core.session.IoSession;
import org.apache.mina.filter.codec.CumulativeProtocolDecoder;
import org.apache.mina.filter.codec.ProtocolCodecFilter;
import org.apache.mina.filter.codec.ProtocolDecoderOutput;
import org.apache.mina.filter.codec.ProtocolEncoderAdapter;
import org.apache.mina.filter.codec.ProtocolEncoderOutput;
import org.apache.mina.transport.socket.SocketSessionConfig;
import org.apache.mina.transport.socket.nio.NioSocketAcceptor;

/**
 * MINA's echo: one I/O processor, its cumulative decoder, no executor.
 *
 * <p>MINA makes a system call of each write, so the short answers to one read are put together and written once.
 */
public final class MinaEcho implements Contestant {
    private static final int BACKLOG = 1024;
    private static final int FIRST_BYTES = 1024;
    private static final int LONG_BYTES = 4 << 10;
    private static final AttributeKey ANSWERS = new AttributeKey(MinaEcho.class, "answers");

    @Override
    public String name() {
        return "mina";
    }

    @Override
    @SuppressWarnings("resource") // it serves until the process ends
    public int start(ServeOptions options) throws IOException {
        NioSocketAcceptor acceptor = new NioSocketAcceptor(1);
        acceptor.setBacklog(BACKLOG);
        SocketSessionConfig config = acceptor.getSessionConfig();
        config.setTcpNoDelay(true);
        config.setMaxReadBufferSize(Math.max(config.getMaxReadBufferSize(), Frames.bufferBytes(options)));
        acceptor.getFilterChain().addLast("flush", new Flush());
        acceptor.getFilterChain().addLast("codec", new ProtocolCodecFilter(new NoEncoder(), new Decoder()));
        acceptor.setHandler(new Echo());
        acceptor.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return acceptor.getLocalAddress().getPort();
    }

    /** Finds frames; each is a copy that keeps its prefix, since the bytes that it was read into are used again. */
    private static final class Decoder extends CumulativeProtocolDecoder {
        @Override
        protected boolean doDecode(IoSession session, IoBuffer in, ProtocolDecoderOutput out) {
            if (in.remaining() < Frames.HEADER_BYTES) {
                return false;
            }
            int length = Frames.HEADER_BYTES + in.getInt(in.position());
            if (in.remaining() < length) {
                return false;
            }
            byte[] frame = new byte[length];
            in.get(frame);
            out.write(frame);
            return true;
        }
    }

    /** Buffers pass the codec as they are. */
    private static final class NoEncoder extends ProtocolEncoderAdapter {
        @Override
        public void encode(IoSession session, Object message, ProtocolEncoderOutput out) {
            out.write(message);
        }
    }

    /** Puts short answers together, and writes long ones by themselves. */
    private static final class Echo extends IoHandlerAdapter {
        @Override
        public void messageReceived(IoSession session, Object message) {
            byte[] frame = (byte[]) message;
            if (frame.length >= LONG_BYTES) {
                flush(session);
                session.write(IoBuffer.wrap(frame));
            } else {
                answers(session).put(frame);
            }
        }

        @Override
        public void exceptionCaught(IoSession session, Throwable cause) {
            session.closeNow();
        }
    }

    private static IoBuffer answers(IoSession session) {
        IoBuffer answers = (IoBuffer) session.getAttribute(ANSWERS);
        if (answers == null) {
            answers = IoBuffer.allocate(FIRST_BYTES).setAutoExpand(true);
            session.setAttribute(ANSWERS, answers);
        }
        return answers;
    }

    private static void flush(IoSession session) {
        IoBuffer answers = (IoBuffer) session.removeAttribute(ANSWERS);
        if (answers != null) {
            session.write(answers.flip());
        }
    }

    /** Writes when all that was read has been handled. */
    private static final class Flush extends IoFilterAdapter {
        @Override
        public void messageReceived(NextFilter next, IoSession session, Object message) {
            next.messageReceived(session, message);
            flush(session);
        }
    }
}
