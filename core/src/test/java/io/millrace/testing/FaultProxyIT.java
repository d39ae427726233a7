package io.millrace.testing;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FaultProxyIT {
    private static final long SEED = 42;
    private static final long MILLISECOND = 1_000_000;

    private ServerSocket listener;
    private FaultProxy proxy;
    private RawPeer client;
    private RawPeer server;

    @BeforeEach
    void start() throws IOException {
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        listener.setSoTimeout(RawPeer.TIMEOUT_MILLIS);
        proxy = FaultProxy.to((InetSocketAddress) listener.getLocalSocketAddress(), SEED);
    }

    private void connect() throws IOException {
        client = RawPeer.connect(proxy.address());
        server = RawPeer.of(listener.accept());
    }

    @AfterEach
    void stopAndFindNothingLeft() throws Exception {
        if (client != null) {
            client.close();
            server.close();
        }
        proxy.close();
        proxy.close();
        listener.close();
        assertEquals(0, proxy.connections());
        Oracle.awaitNoThreads(proxy.name(), Duration.ofSeconds(10));
    }

    private static byte[] pattern(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void bytesAndEndsPassBothWaysUnharmedWithoutToxics() throws Exception {
        connect();
        byte[] bytes = pattern(3 << 20);
        CompletableFuture<Void> sent = client.sendMeanwhile(bytes);
        assertArrayEquals(bytes, server.readExactly(bytes.length));
        sent.join();
        client.closeOutput();
        server.expectEndOfStream();
        server.send((byte) 7);
        assertArrayEquals(new byte[] {7}, client.readExactly(1));
        server.closeOutput();
        client.expectEndOfStream();
        Awaitility.await().until(() -> proxy.connections() == 0);
    }

    @Test
    void resetPassesOn() throws Exception {
        connect();
        client.send((byte) 1);
        server.readExactly(1);
        client.reset();
        assertThrows(SocketException.class, server::expectEndOfStream);
        Awaitility.await().until(() -> proxy.connections() == 0);
    }

    @Test
    void closeResetsWhatIsOpenAndEndsEveryThread() throws Exception {
        connect();
        proxy.toClient(Toxics.none().latency(Duration.ofHours(1)));
        server.send(pattern(1_000));
        proxy.close();
        assertThrows(SocketException.class, server::expectEndOfStream);
        assertThrows(SocketException.class, client::expectEndOfStream);
        assertThrows(IOException.class, () -> RawPeer.connect(proxy.address()));
    }

    @Test
    void latencyDelaysOneDirectionAndNotWhatFollows() throws Exception {
        proxy.toUpstream(Toxics.none().latency(Duration.ofMillis(200)).jitter(Duration.ofMillis(50)));
        connect();
        long startNanos = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            client.send((byte) i);
            server.send((byte) i);
        }
        for (int i = 0; i < 20; i++) {
            assertEquals(i, client.readExactly(1)[0]);
        }
        for (int i = 0; i < 20; i++) {
            assertEquals(i, server.readExactly(1)[0]);
        }
        long taken = System.nanoTime() - startNanos;
        assertTrue(taken >= 200 * MILLISECOND, "too early: " + taken);
        // one after the other they would have taken 4 s
        assertTrue(taken < 3_000 * MILLISECOND, "the delays add up: " + taken);
    }

    @Test
    void slicesArriveApartAndWhole() throws Exception {
        proxy.toUpstream(Toxics.none().slices(1, 3, Duration.ofMillis(3)));
        connect();
        byte[] bytes = pattern(100);
        client.send(bytes);
        byte[] received = new byte[bytes.length];
        int reads = 0;
        for (int got = 0; got < received.length; reads++) {
            got += server.input().read(received, got, received.length - got);
        }
        assertArrayEquals(bytes, received);
        assertTrue(reads > 10, "came in " + reads + " reads");
    }

    @Test
    void bandwidthIsAUpperLimit() throws Exception {
        proxy.toClient(Toxics.none().bandwidth(100_000));
        connect();
        long startNanos = System.nanoTime();
        server.sendMeanwhile(pattern(30_000));
        assertArrayEquals(pattern(30_000), client.readExactly(30_000));
        long taken = System.nanoTime() - startNanos;
        assertTrue(taken >= 250 * MILLISECOND, "too fast: " + taken);
    }

    @Test
    void blackHoleSwallowsBytesAndHoldsTheEndBackUntilItIsGone() throws Exception {
        connect();
        proxy.toUpstream(Toxics.none().blackHole());
        client.send(pattern(100));
        client.closeOutput();
        server.send((byte) 5);
        assertEquals(5, client.readExactly(1)[0], "the other direction works");
        await().until(() -> proxy.swallowedBytes() == 100);
        assertEquals(0, server.input().available());
        proxy.toUpstream(Toxics.none());
        server.expectEndOfStream();
    }

    @Test
    void resetComesAfterSoManyBytes() throws Exception {
        proxy.toUpstream(Toxics.none().resetAfter(10));
        connect();
        client.send(pattern(25));
        // a reset may overtake what it follows, so the ten bytes need not arrive
        assertThrows(SocketException.class, () -> server.readExactly(11));
        assertThrows(SocketException.class, client::expectEndOfStream);
    }

    @Test
    void resetComesAtOnceOnARunningConnection() throws Exception {
        connect();
        client.send((byte) 1);
        server.readExactly(1);
        proxy.toClient(Toxics.none().resetAfter(0));
        assertThrows(SocketException.class, server::expectEndOfStream);
        assertThrows(SocketException.class, client::expectEndOfStream);
    }

    @Test
    void resetAllHitsEveryConnectionAndNewOnesAreWelcome() throws Exception {
        connect();
        RawPeer first = client;
        client.send((byte) 1);
        server.readExactly(1);
        proxy.resetAll();
        assertThrows(SocketException.class, first::expectEndOfStream);
        first.close();
        server.close();
        connect();
        client.send((byte) 2);
        assertEquals(2, server.readExactly(1)[0]);
    }

    @Test
    void limitEndsBothDirectionsInGoodOrder() throws Exception {
        proxy.toUpstream(Toxics.none().limit(10));
        connect();
        client.send(pattern(25));
        byte[] first = new byte[10];
        System.arraycopy(pattern(25), 0, first, 0, 10);
        assertArrayEquals(first, server.readToEnd());
        client.expectEndOfStream();
        client.close();
        server.close();
        Awaitility.await().until(() -> proxy.connections() == 0);
    }

    @Test
    void slowCloseDelaysTheEndOnly() throws Exception {
        proxy.toUpstream(Toxics.none().slowClose(Duration.ofMillis(150)));
        connect();
        long startNanos = System.nanoTime();
        client.send((byte) 1);
        client.closeOutput();
        assertEquals(1, server.readExactly(1)[0]);
        server.expectEndOfStream();
        long taken = System.nanoTime() - startNanos;
        assertTrue(taken >= 150 * MILLISECOND, "too early: " + taken);
    }

    @Test
    void senderFeelsThatNothingPasses() throws Exception {
        proxy.toUpstream(Toxics.none().latency(Duration.ofHours(1)));
        connect();
        CompletableFuture<Void> sent = client.sendMeanwhile(pattern(64 << 20));
        assertThrows(
                java.util.concurrent.TimeoutException.class,
                () -> sent.get(200, java.util.concurrent.TimeUnit.MILLISECONDS),
                "the proxy took 64 MiB");
    }

    @Test
    void toStringShowsTheSeedAndTheToxics() throws Exception {
        proxy.toClient(Toxics.none().slices(1, 2).blackHole());
        String shown = proxy.toString();
        assertTrue(shown.contains("seed=42"), shown);
        assertTrue(shown.contains("toClient=[slices=1..2 pause=PT0S, blackHole]"), shown);
        assertTrue(shown.contains("toUpstream=[]"), shown);
    }

    @Test
    void upstreamThatIsNotThereResetsTheClient() throws Exception {
        listener.close();
        // the reset may come as early as in connect
        assertThrows(SocketException.class, () -> {
            try (RawPeer lost = RawPeer.connect(proxy.address())) {
                lost.expectEndOfStream();
            }
        });
    }

    @Test
    void toxicsThatCannotBeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Toxics.none().latency(Duration.ofMillis(-1)));
        assertThrows(IllegalArgumentException.class, () -> Toxics.none().slices(0, 1));
        assertThrows(IllegalArgumentException.class, () -> Toxics.none().slices(3, 2));
        assertThrows(IllegalArgumentException.class, () -> Toxics.none().bandwidth(0));
        assertThrows(IllegalArgumentException.class, () -> Toxics.none().limit(-1));
        assertThrows(IllegalArgumentException.class, () -> Toxics.none().resetAfter(-1));
    }
}
