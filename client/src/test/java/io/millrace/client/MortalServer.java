package io.millrace.client;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * A blocking server in a JVM of its own, which is killed. It echoes frames of an int32 length and a payload; but for
 * {@value #HALF_REPLY}, which it answers with half a frame, and for frames longer than {@value #LONGEST}, of which it
 * reads no more than that. Then it says so and waits for its end.
 */
final class MortalServer {
    static final String HALF_REPLY = "half a reply";
    static final int LONGEST = 1000;

    static final String LISTENING = "listening on ";
    static final String IN_REPLY = "half of the reply is sent";
    static final String IN_REQUEST = "a part of the request is read";

    private MortalServer() {}

    public static void main(String... args) throws IOException {
        try (ServerSocket listener = new ServerSocket()) {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), Integer.parseInt(args[0])));
            System.out.println(LISTENING + listener.getLocalPort() + ".");
            while (true) {
                Socket socket = listener.accept();
                new Thread(() -> serve(socket), "serving").start();
            }
        }
    }

    private static void serve(Socket socket) {
        try (socket) {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            while (true) {
                int length = in.readInt();
                byte[] payload = in.readNBytes(Math.min(length, LONGEST));
                if (length > LONGEST) {
                    System.out.println(IN_REQUEST);
                    awaitEnd();
                }
                boolean half = new String(payload, StandardCharsets.UTF_8).equals(HALF_REPLY);
                out.writeInt(length);
                out.write(payload, 0, half ? length / 2 : length);
                if (half) {
                    System.out.println(IN_REPLY);
                    awaitEnd();
                }
            }
        } catch (EOFException end) {
            // The client has left.
        } catch (IOException | InterruptedException broken) {
            System.out.println("connection broken: " + broken);
        }
    }

    private static void awaitEnd() throws InterruptedException {
        Thread.currentThread().join();
    }
}
