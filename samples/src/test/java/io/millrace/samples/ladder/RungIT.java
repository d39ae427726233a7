package io.millrace.samples.ladder;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.samples.models.EchoModel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
@Tag("heavy")
class RungIT {
    private static final int BYTES = 300_000;

    @ParameterizedTest
    @EnumSource
    void everyByteComesBackOnAllConnectionsAndNobodyListensAfterTheClose(Rung rung) throws Exception {
        assumeTrue(rung.isPresent());
        int port;
        try (EchoModel server = rung.start()) {
            port = server.port();
            List<FutureTask<byte[]>> echoes = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                byte[] sent = bytes(i);
                echoes.add(start(() -> echo(server.port(), sent)));
            }
            for (int i = 0; i < echoes.size(); i++) {
                assertArrayEquals(bytes(i), echoes.get(i).get(30, TimeUnit.SECONDS));
            }
        }
        await().until(() -> isRefused(port));
    }

    @ParameterizedTest
    @EnumSource
    void clientThatResetsItsConnectionHarmsNobodyElse(Rung rung) throws Exception {
        assumeTrue(rung.isPresent());
        try (EchoModel server = rung.start()) {
            for (int i = 0; i < 3; i++) {
                try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
                    socket.setSoLinger(true, 0);
                    socket.getOutputStream().write(bytes(i), 0, 1000);
                }
            }
            assertArrayEquals(bytes(1), echo(server.port(), bytes(1)));
        }
    }

    /** Sends, ends the output, and reads to the end, at the same time. */
    private static byte[] echo(int port, byte[] sent) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            FutureTask<Void> sender = start(() -> {
                socket.getOutputStream().write(sent);
                socket.shutdownOutput();
                return null;
            });
            byte[] echoed = socket.getInputStream().readAllBytes();
            sender.get(30, TimeUnit.SECONDS);
            return echoed;
        }
    }

    private static <T> FutureTask<T> start(Callable<T> task) {
        FutureTask<T> future = new FutureTask<>(task);
        new Thread(future).start();
        return future;
    }

    private static byte[] bytes(long seed) {
        byte[] bytes = new byte[BYTES];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static boolean isRefused(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return !socket.isConnected();
        } catch (ConnectException refused) {
            return true;
        }
    }
}
