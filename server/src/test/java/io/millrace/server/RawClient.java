package io.millrace.server;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A blocking client that shares no code with Millrace; its frames are an int32 length and the payload. */
final class RawClient implements AutoCloseable {
    static final int WAIT_MILLIS = 10_000;

    private final Socket socket;
    private final DataInputStream in;

    private RawClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(WAIT_MILLIS);
        this.in = new DataInputStream(socket.getInputStream());
    }

    static RawClient to(int port) throws IOException {
        return to(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    }

    /** Connects with a receive buffer of its own size; 0 leaves it to the system. */
    static RawClient to(SocketAddress address, int receiveBufferBytes) throws IOException {
        Socket socket = new Socket();
        if (receiveBufferBytes > 0) {
            socket.setReceiveBufferSize(receiveBufferBytes);
        }
        socket.connect(address, WAIT_MILLIS);
        return new RawClient(socket);
    }

    void send(byte[] payload) throws IOException {
        sendBytes(ByteBuffer.allocate(Integer.BYTES + payload.length)
                .putInt(payload.length)
                .put(payload)
                .array());
    }

    void send(String payload) throws IOException {
        send(payload.getBytes(StandardCharsets.UTF_8));
    }

    void sendBytes(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    byte[] receive() throws IOException {
        byte[] payload = new byte[in.readInt()];
        in.readFully(payload);
        return payload;
    }

    String receiveText() throws IOException {
        return new String(receive(), StandardCharsets.UTF_8);
    }

    /** Sends a text and returns what comes back. */
    String ask(String payload) throws IOException {
        send(payload);
        return receiveText();
    }

    /** Returns whether nothing arrives for the given time. */
    boolean staysSilent(int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            in.readByte();
            return false;
        } catch (SocketTimeoutException silent) {
            return true;
        } finally {
            socket.setSoTimeout(WAIT_MILLIS);
        }
    }

    /** Reads to the end of the stream, which must be a good one. */
    long drain() throws IOException {
        return in.transferTo(OutputStream.nullOutputStream());
    }

    /** Waits for the connection to end, one way or the other. */
    void awaitEnd() throws IOException {
        try {
            drain();
        } catch (SocketTimeoutException stillOpen) {
            throw stillOpen;
        } catch (SocketException reset) {
            // Ended by a reset.
        }
    }

    /** Does what good peers do, so that the server need not linger. */
    static void closeWhenTheyEnd(List<RawClient> clients) {
        for (RawClient client : clients) {
            new Thread(() -> {
                        try (client) {
                            client.awaitEnd();
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    })
                    .start();
        }
    }

    void halfClose() throws IOException {
        socket.shutdownOutput();
    }

    /** Closes with RST instead of FIN. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    int localPort() {
        return socket.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
