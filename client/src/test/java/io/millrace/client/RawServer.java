package io.millrace.client;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A blocking server that shares no code with Millrace; its frames are an int32 length and the payload. */
final class RawServer implements AutoCloseable {
    static final int WAIT_MILLIS = 10_000;

    private final ServerSocket listener;

    private RawServer(ServerSocket listener) {
        this.listener = listener;
    }

    static RawServer start() throws IOException {
        return start(0, 0);
    }

    /** Starts with accepted sockets' receive buffers of the given size; 0 leaves it to the system. */
    static RawServer start(int port, int receiveBufferBytes) throws IOException {
        ServerSocket listener = new ServerSocket();
        if (receiveBufferBytes > 0) {
            listener.setReceiveBufferSize(receiveBufferBytes);
        }
        listener.setReuseAddress(true);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        listener.setSoTimeout(WAIT_MILLIS);
        return new RawServer(listener);
    }

    int port() {
        return listener.getLocalPort();
    }

    boolean isClosed() {
        return listener.isClosed();
    }

    Connection accept() throws IOException {
        return new Connection(listener.accept());
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }

    /** One accepted connection. */
    static final class Connection implements AutoCloseable {
        private final Socket socket;
        private final DataInputStream in;

        private Connection(Socket socket) throws IOException {
            this.socket = socket;
            socket.setSoTimeout(WAIT_MILLIS);
            this.in = new DataInputStream(socket.getInputStream());
        }

        byte[] receive() throws IOException {
            byte[] payload = new byte[in.readInt()];
            in.readFully(payload);
            return payload;
        }

        String receiveText() throws IOException {
            return new String(receive(), StandardCharsets.UTF_8);
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

        /** Returns how many bytes can be read without waiting. */
        int available() throws IOException {
            return in.available();
        }

        /** Returns the next byte, or -1 at the end of the stream. */
        int read() throws IOException {
            return in.read();
        }

        void halfClose() throws IOException {
            socket.shutdownOutput();
        }

        /** Closes with RST instead of FIN. */
        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
