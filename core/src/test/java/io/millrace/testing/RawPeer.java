package io.millrace.testing;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * A peer made of a plain blocking socket, so that tests decide about every byte and every way of ending.
 *
 * <p>When the system property {@value #DRIP_PROPERTY} is true it sends one byte per system call.
 *
 * <p>Threading: one thread may send while another receives; nothing more.
 *
 * <p>Lifecycle: connected by {@link #connect}, ended by {@link #close()}, which is idempotent.
 *
 * <p>Errors: every wait ends after {@value #TIMEOUT_MILLIS} ms with {@link java.net.SocketTimeoutException}.
 */
public final class RawPeer implements Closeable {
    /** The system property that makes every peer send one byte at a time. */
    public static final String DRIP_PROPERTY = "millrace.test.drip";

    /** How long a read may wait for bytes, in milliseconds. */
    public static final int TIMEOUT_MILLIS = 20_000;

    private static final boolean DRIP = Boolean.getBoolean(DRIP_PROPERTY);

    private final Socket socket;
    private final OutputStream out;
    private final DataInputStream in;
    private final InetSocketAddress localAddress;

    private RawPeer(Socket socket) throws IOException {
        this.socket = socket;
        this.out = socket.getOutputStream();
        this.in = new DataInputStream(socket.getInputStream());
        // a closed socket does not know any more
        this.localAddress = (InetSocketAddress) socket.getLocalSocketAddress();
    }

    /**
     * Connects with the system's own buffer sizes.
     *
     * @param address where to
     * @return the connected peer
     * @throws IOException if it cannot connect
     */
    public static RawPeer connect(InetSocketAddress address) throws IOException {
        return connect(address, 0);
    }

    /**
     * Connects with a receive buffer of a chosen size, for peers that shall look slow.
     *
     * @param address where to
     * @param receiveBufferBytes SO_RCVBUF in bytes; 0 leaves it to the system
     * @return the connected peer
     * @throws IOException if it cannot connect
     */
    public static RawPeer connect(InetSocketAddress address, int receiveBufferBytes) throws IOException {
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            if (receiveBufferBytes > 0) {
                socket.setReceiveBufferSize(receiveBufferBytes);
            }
            socket.connect(address, TIMEOUT_MILLIS);
            return new RawPeer(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Takes over a socket that is connected already, such as one that a test has accepted.
     *
     * @param socket a connected socket; the peer's from now on
     * @return the peer
     * @throws IOException if the socket is broken
     */
    public static RawPeer of(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        return new RawPeer(socket);
    }

    /**
     * Sends bytes, in one call or one by one.
     *
     * @param bytes what to send
     * @throws IOException if the connection is broken
     */
    public void send(byte... bytes) throws IOException {
        send(bytes, 0, bytes.length);
    }

    /**
     * Sends a part of an array, in one call or one byte at a time.
     *
     * @param bytes where it is
     * @param from index of the first byte
     * @param to index after the last byte
     * @throws IOException if the connection is broken
     */
    public void send(byte[] bytes, int from, int to) throws IOException {
        if (DRIP) {
            sendOneByOne(bytes, from, to);
        } else {
            out.write(bytes, from, to - from);
        }
    }

    /**
     * Sends bytes with one system call for each, whatever the system property says.
     *
     * @param bytes what to send
     * @throws IOException if the connection is broken
     */
    public void drip(byte... bytes) throws IOException {
        sendOneByOne(bytes, 0, bytes.length);
    }

    /**
     * Sends bytes on a thread of their own, so that this one can receive what comes back.
     *
     * @param bytes what to send
     * @return completes when all are sent, or with the {@link IOException} that stopped them
     */
    public CompletableFuture<Void> sendMeanwhile(byte... bytes) {
        CompletableFuture<Void> sent = new CompletableFuture<>();
        Thread sender = new Thread(
                () -> {
                    try {
                        send(bytes);
                        sent.complete(null);
                    } catch (Throwable e) {
                        sent.completeExceptionally(e);
                    }
                },
                "raw-peer-sender");
        sender.setDaemon(true);
        sender.start();
        return sent;
    }

    private void sendOneByOne(byte[] bytes, int from, int to) throws IOException {
        for (int i = from; i < to; i++) {
            out.write(bytes[i]);
        }
    }

    /**
     * Sends a frame with an int32 length before it.
     *
     * @param payload what it carries
     * @throws IOException if the connection is broken
     */
    public void sendFrame(byte... payload) throws IOException {
        send(frame(payload));
    }

    /**
     * Returns a frame with an int32 length before it.
     *
     * @param payload what it carries
     * @return the bytes on the wire
     */
    public static byte[] frame(byte... payload) {
        return ByteBuffer.allocate(Integer.BYTES + payload.length)
                .putInt(payload.length)
                .put(payload)
                .array();
    }

    /**
     * Receives exactly so many bytes.
     *
     * @param count how many
     * @return the bytes
     * @throws IOException if the stream ends or breaks before
     */
    public byte[] readExactly(int count) throws IOException {
        byte[] bytes = new byte[count];
        in.readFully(bytes);
        return bytes;
    }

    /**
     * Receives a frame with an int32 length before it.
     *
     * @return what it carries
     * @throws IOException if the stream ends or breaks before
     */
    public byte[] readFrame() throws IOException {
        return readExactly(in.readInt());
    }

    /**
     * Receives until the stream ends in good order.
     *
     * @return all that came before the end
     * @throws IOException if the stream breaks, or does not end
     */
    public byte[] readToEnd() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        in.transferTo(all);
        return all.toByteArray();
    }

    /**
     * Receives the end of the stream and nothing before it.
     *
     * @throws IOException if the stream breaks, or does not end
     */
    public void expectEndOfStream() throws IOException {
        int next = in.read();
        if (next >= 0) {
            throw new AssertionError("expected the end of the stream, received " + next);
        }
    }

    /** Ends the connection with a reset, as a peer does that crashes with bytes unread. */
    public void reset() {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            throw new AssertionError("cannot reset the connection", e);
        }
    }

    /**
     * Sends the end of the stream; receiving goes on.
     *
     * @throws IOException if the connection is broken
     */
    public void closeOutput() throws IOException {
        socket.shutdownOutput();
    }

    /**
     * Returns the address of this end, also after the close.
     *
     * @return the local address
     */
    public InetSocketAddress localAddress() {
        return localAddress;
    }

    /**
     * Returns the bytes as they arrive, for what the other methods do not do.
     *
     * @return the input of the socket
     */
    public InputStream input() {
        return in;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
