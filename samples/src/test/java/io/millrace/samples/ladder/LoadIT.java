package io.millrace.samples.ladder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.samples.models.EchoModel;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("heavy")
class LoadIT {
    private static final int MESSAGE_BYTES = 64;

    /** Takes one connection and a message, and does something to it. */
    @FunctionalInterface
    private interface Answer {
        void to(byte[] message, Socket connection) throws IOException;
    }

    private static void against(Answer answer, Class<? extends IOException> expected, String message) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Load load = new Load(listener.getLocalPort(), 1)) {
            CompletableFuture<Void> server = CompletableFuture.runAsync(() -> {
                try (Socket connection = listener.accept()) {
                    answer.to(connection.getInputStream().readNBytes(MESSAGE_BYTES), connection);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            IOException thrown = assertThrows(expected, load::start);
            assertEquals(message, thrown.getMessage());
            server.join();
        }
    }

    @Test
    void wrongEchoIsNoticed() throws Exception {
        against(
                (message, connection) -> {
                    message[MESSAGE_BYTES - 1]++;
                    connection.getOutputStream().write(message);
                },
                IOException.class,
                "what came back is not what was sent");
    }

    @Test
    void serverThatClosesIsNoticed() throws Exception {
        against(
                (message, connection) -> connection.getOutputStream().write(message, 0, 1),
                EOFException.class,
                "the server has closed a connection");
    }

    @Test
    void connectionsThatAreLeftWaitingAreCounted() throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 2, InetAddress.getLoopbackAddress());
                Load load = new Load(listener.getLocalPort(), 2);
                Socket served = listener.accept();
                Socket waiting = listener.accept()) {
            CompletableFuture<Void> server = CompletableFuture.runAsync(() -> {
                try {
                    served.getOutputStream().write(served.getInputStream().readNBytes(MESSAGE_BYTES));
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            load.start();
            server.join();

            assertEquals(1, load.silent(), () -> waiting + " was answered");
        }
    }

    @Test
    void messagesAreCountedOnAllConnections() throws Exception {
        try (EchoModel server = Rung.SELECTOR.start();
                Load load = new Load(server.port(), 7)) {
            load.start();

            // One echo each is what start() waits for.
            assertEquals(true, load.messages() >= 7);
        }
    }
}
