package io.millrace.server;

import static io.millrace.server.LeakCheck.awaitSoon;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import io.millrace.core.engine.GroupAccess;
import io.millrace.core.memory.PooledBuffer;
import io.millrace.core.protocol.PrefixHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.internal.proxy.ProxyHeaders;
import io.millrace.testing.ManualClock;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("engine")
class ProxyProtocolIT {
    private static final InetSocketAddress CLIENT = new InetSocketAddress("192.0.2.1", 56_529);
    private static final InetSocketAddress FRONT = new InetSocketAddress("198.51.100.7", 443);
    private static final byte[] LINE = "PROXY TCP4 192.0.2.1 198.51.100.7 56529 443\r\n".getBytes(US_ASCII);
    private static final byte[] BINARY = ProxyHeaders.ipv4(
            CLIENT,
            FRONT,
            ProxyHeaders.tlv(0x02, "chat.example".getBytes(UTF_8)),
            ProxyHeaders.tlv(0xE0, new byte[2000]),
            ProxyHeaders.tlv(0x01, "h2".getBytes(UTF_8)));

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<Session> opened = new LinkedBlockingQueue<>();
    private final BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();

    private TcpServerBuilder server(ProxyProtocol config, Protocol protocol) {
        return TcpServer.builder()
                .protocol(protocol)
                .proxyProtocol(config)
                .onOpen(opened::add)
                .onMessage((session, message) -> session.send(message))
                .onClose((session, reason) -> closed.add(reason));
    }

    private TcpServer start(ProxyProtocol config) throws IOException {
        return leaks.watch(server(config, Protocol.lengthPrefixed()).bind("127.0.0.1", 0));
    }

    private static ProxyProtocol.Builder trustingLoopback() {
        return ProxyProtocol.builder().trust("127.0.0.0/8");
    }

    private static ProxyProtocol.Builder trustingOthers() {
        return ProxyProtocol.builder().trust("10.0.0.0/8", "::/0");
    }

    private RawPeer connect(TcpServer server) throws IOException {
        return leaks.close(RawPeer.connect(server.localAddress()));
    }

    private Session awaitOpen() throws InterruptedException {
        Session session = opened.poll(10, TimeUnit.SECONDS);
        assertNotNull(session, "no session has opened");
        return session;
    }

    private CloseReason awaitClose() throws InterruptedException {
        CloseReason reason = closed.poll(10, TimeUnit.SECONDS);
        assertNotNull(reason, "no session has closed");
        return reason;
    }

    private static ProxyHeader headerOf(Session session) {
        ProxyHeader header = session.attribute(ProxyHeader.KEY);
        assertNotNull(header);
        return header;
    }

    /** Waits for the end and for everything to be back; no session has opened. */
    private void expectRefused(TcpServer server, RawPeer peer, int refused) throws IOException {
        expectEnd(peer);
        peer.close();
        awaitSoon("refused", () -> server.stats().refusedInAll() == refused);
        awaitSoon("given back", () -> server.stats().connections() == 0);
        assertEquals(0, server.group().stats().buffersLeased());
        assertTrue(opened.isEmpty(), "a session has opened");
    }

    /** A connection that is closed with bytes unread may be reset. */
    private static void expectEnd(RawPeer peer) throws IOException {
        try {
            peer.expectEndOfStream();
        } catch (SocketException reset) {
            // ended, too
        }
    }

    private static void echo(RawPeer peer, String text) throws IOException {
        peer.sendFrame(text.getBytes(UTF_8));
        assertEquals(text, new String(peer.readFrame(), UTF_8));
    }

    @Test
    void sessionHasTheClientsAddressAndTheHeaderHasTheProxys() throws Exception {
        TcpServer server = start(trustingLoopback().build());
        RawPeer proxy = connect(server);
        proxy.send(BINARY);

        Session session = awaitOpen();

        assertEquals(CLIENT, session.remoteAddress());
        assertTrue(session.toString().contains("192.0.2.1:56529"), session::toString);
        assertEquals(server.localAddress(), session.localAddress());
        ProxyHeader header = headerOf(session);
        assertEquals(2, header.version());
        assertEquals(CLIENT, header.source());
        assertEquals(FRONT, header.destination());
        assertEquals(proxy.localAddress(), header.proxy());
        assertEquals("chat.example", header.authority());
        assertEquals("h2", header.alpn());
        assertNull(header.uniqueId());
        assertNull(header.awsVpcEndpoint());
        echo(proxy, "hello");
    }

    @Test
    void lineAndFirstMessagesInOneSegmentAreOneConnection() throws Exception {
        TcpServer server = start(trustingLoopback().build());
        RawPeer proxy = connect(server);
        byte[] large = new byte[100_000];
        large[99_999] = 7;

        proxy.send(ProxyHeaders.join(
                LINE, RawPeer.frame((byte) 1), RawPeer.frame((byte) 2, (byte) 3), RawPeer.frame(large)));

        assertArrayEquals(new byte[] {1}, proxy.readFrame());
        assertArrayEquals(new byte[] {2, 3}, proxy.readFrame());
        assertArrayEquals(large, proxy.readFrame());
        Session session = awaitOpen();
        assertEquals(CLIENT, session.remoteAddress());
        assertEquals(1, headerOf(session).version());
        assertEquals(5 + 6 + 100_004, session.stats().bytesReceived(), "the header is not the session's");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void headerThatDribblesIsReadAsOne(boolean binary) throws Exception {
        TcpServer server = start(trustingLoopback().build());
        RawPeer proxy = connect(server);

        proxy.drip(ProxyHeaders.join(binary ? BINARY : LINE, RawPeer.frame((byte) 1)));

        assertArrayEquals(new byte[] {1}, proxy.readFrame());
        assertEquals(CLIENT, awaitOpen().remoteAddress());
    }

    @Test
    void nothingIsToldBeforeTheHeaderIsThere() throws Exception {
        TcpServer server = start(trustingLoopback().build());
        RawPeer proxy = connect(server);
        proxy.send(LINE, 0, LINE.length - 1);
        awaitSoon("accepted", () -> server.stats().accepted() == 1);
        assertTrue(opened.isEmpty());

        proxy.send(LINE, LINE.length - 1, LINE.length);

        assertEquals(CLIENT, awaitOpen().remoteAddress());
    }

    @Test
    void headersThatNameNobodyLeaveTheProxysAddress() throws Exception {
        TcpServer server = start(trustingLoopback().build());
        byte[] local = ProxyHeaders.binary(0x20, 0, new byte[0]);
        byte[] localWithBlock = ProxyHeaders.binary(0x20, 0x11, new byte[700]);
        byte[] unix = ProxyHeaders.binary(0x21, 0x31, new byte[216]);
        byte[] unspec = ProxyHeaders.binary(0x21, 0x00, new byte[0]);
        byte[] unknown = "PROXY UNKNOWN\r\n".getBytes(US_ASCII);

        for (byte[] header : List.of(local, localWithBlock, unix, unspec, unknown)) {
            RawPeer proxy = connect(server);
            proxy.send(header);
            echo(proxy, "well?");

            Session session = awaitOpen();
            assertEquals(proxy.localAddress(), session.remoteAddress());
            assertEquals(proxy.localAddress(), headerOf(session).proxy());
            assertNull(headerOf(session).source());
            assertEquals(
                    header == local || header == localWithBlock,
                    headerOf(session).isLocal());
        }
    }

    @Test
    void trustedProxyWithoutARightHeaderIsRefused() throws Exception {
        TcpServer server = start(trustingLoopback().build());
        byte[] wrongChecksum = ProxyHeaders.withChecksum(new byte[0], new byte[0]);
        wrongChecksum[20] ^= 1;
        List<byte[]> wrong = List.of(
                RawPeer.frame("hello".getBytes(UTF_8)),
                "GET / HTTP/1.1\r\n\r\n".getBytes(US_ASCII),
                "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n".getBytes(US_ASCII),
                ("PROXY TCP4 " + "1".repeat(600)).getBytes(US_ASCII),
                ProxyHeaders.binary(0x22, 0x11, new byte[12]),
                ProxyHeaders.binary(0x21, 0x11, new byte[11]),
                wrongChecksum);
        for (int i = 0; i < wrong.size(); i++) {
            RawPeer proxy = connect(server);
            proxy.send(wrong.get(i));
            expectRefused(server, proxy, i + 1);
        }
    }

    @Test
    void connectionThatEndsInsideItsHeaderIsRefused() throws Exception {
        TcpServer server = start(trustingLoopback().build());
        RawPeer checked = connect(server);
        checked.closeOutput();
        expectRefused(server, checked, 1);

        RawPeer cut = connect(server);
        cut.send(BINARY, 0, BINARY.length - 1);
        cut.closeOutput();
        expectRefused(server, cut, 2);

        RawPeer broken = connect(server);
        broken.send(LINE, 0, 9);
        broken.reset();
        awaitSoon("refused", () -> server.stats().refusedInAll() == 3);
        awaitSoon("given back", () -> server.stats().connections() == 0);
    }

    @Test
    void headerThatComesTooLateIsRefusedAndOneInTimeIsNotCutLater() throws Exception {
        ManualClock clock = new ManualClock();
        IoGroup.Builder builder = IoGroup.builder().threads(1);
        GroupAccess.setClock(builder, clock);
        IoGroup group = leaks.watch(builder.start());
        clock.drives(GroupAccess.runtimeOf(group).deadlines());
        TcpServer server = leaks.close(server(trustingLoopback().build(), Protocol.lengthPrefixed())
                .group(group)
                .bind("127.0.0.1", 0));
        RawPeer silent = connect(server);
        RawPeer slow = connect(server);
        slow.send(BINARY, 0, 700);
        RawPeer inTime = connect(server);
        inTime.send(LINE);
        awaitOpen();
        awaitSoon("reading", () -> server.stats().accepted() == 3);
        awaitSoon("armed", () -> GroupAccess.runtimeOf(group).deadlines().armed() >= 2);

        clock.advance(Duration.ofMillis(4_900));
        echo(inTime, "still here");
        assertEquals(0, server.stats().refusedInAll());
        clock.advance(Duration.ofMillis(200));

        expectEnd(silent);
        expectEnd(slow);
        awaitSoon("given back", () -> server.stats().connections() == 1);
        awaitSoon("counted", () -> server.stats().refusedInAll() == 2);
        echo(inTime, "and here");
    }

    @Test
    void strangersAreRefusedWhateverTheySend() throws Exception {
        TcpServer server = start(trustingOthers().build());
        expectRefused(server, connect(server), 1);

        RawPeer forger = connect(server);
        try {
            forger.send(BINARY);
        } catch (IOException closedAlready) {
            // which is what is wanted
        }
        expectRefused(server, forger, 2);
    }

    @Test
    void directClientsAreServedThoughTheyWaitForTheServerToSpeak() throws Exception {
        TcpServer server = leaks.watch(server(trustingOthers().allowDirect(true).build(), Protocol.lines())
                .onOpen(session -> {
                    opened.add(session);
                    session.send(ByteBuffer.wrap("220 ready".getBytes(US_ASCII)));
                })
                .bind("127.0.0.1", 0));
        RawPeer client = connect(server);

        assertEquals("220 ready\n", new String(client.readExactly(10), US_ASCII));

        Session session = awaitOpen();
        assertEquals(client.localAddress(), session.remoteAddress());
        assertNull(session.attribute(ProxyHeader.KEY));
        for (String line : List.of("PROX is not a header\n", "\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n")) {
            client.send(line.getBytes(US_ASCII));
            assertEquals(line, new String(client.readExactly(line.length()), US_ASCII));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"P", "PROXX", "\r\n\r\nx", "\r\n\r\n\0\r\nQUIT\r", "hello", "\0"})
    void directClientsLoseNoByteThatTheHeaderAndTheyHaveInCommon(String start) throws Exception {
        TcpServer server = leaks.watch(server(trustingOthers().allowDirect(true).build(), Protocol.raw())
                .bind("127.0.0.1", 0));
        RawPeer client = connect(server);
        byte[] stream = (start + "...").getBytes(US_ASCII);

        client.drip(stream);

        assertArrayEquals(stream, client.readExactly(stream.length));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void forgedHeaderOfADirectClientIsNoMessage(boolean binary) throws Exception {
        for (Protocol protocol : List.of(
                Protocol.lines(), Protocol.raw(), Protocol.lengthPrefixed(), Protocol.millrace(), Protocol.fixed(3))) {
            TcpServer server = leaks.watch(
                    server(trustingOthers().allowDirect(true).build(), protocol).bind("127.0.0.1", 0));
            for (boolean drips : List.of(true, false)) {
                RawPeer forger = connect(server);
                byte[] header = binary ? ProxyHeaders.ipv4(CLIENT, FRONT) : LINE;
                try {
                    if (drips) {
                        forger.drip(header);
                    } else {
                        forger.send(header);
                    }
                    forger.closeOutput();
                } catch (IOException closedAlready) {
                    // while it was still dripping
                }

                Session session = awaitOpen();
                assertEquals(forger.localAddress(), session.remoteAddress());
                CloseReason reason = awaitClose();
                assertEquals(CloseReason.Kind.PROTOCOL, reason.kind());
                assertTrue(reason.detail().contains("not one of a trusted proxy"), reason::detail);
                assertEquals(0, session.stats().messagesReceived());
            }
        }
    }

    @Test
    void trustedProxyIsAskedForAHeaderThoughDirectClientsAreAllowed() throws Exception {
        TcpServer server = start(trustingLoopback().allowDirect(true).build());
        RawPeer proxy = connect(server);
        proxy.sendFrame((byte) 1);

        expectRefused(server, proxy, 1);
    }

    @Test
    void serverThatClosesWaitsForNoHeader() throws Exception {
        TcpServer server = start(trustingLoopback().build());
        List<RawPeer> waiting = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            RawPeer proxy = connect(server);
            proxy.send(BINARY, 0, i);
            waiting.add(proxy);
        }
        awaitSoon("accepted", () -> server.stats().accepted() == 20);
        long startNanos = System.nanoTime();

        server.close();

        LeakCheck.assertWithin(Duration.ofSeconds(4), startNanos);
        for (RawPeer proxy : waiting) {
            expectEnd(proxy);
        }
        assertEquals(0, server.stats().connections());
        assertTrue(opened.isEmpty());
    }

    @Test
    void permitsComeBackFromThoseWithoutAHeader() throws Exception {
        TcpServer server = leaks.watch(server(trustingLoopback().build(), Protocol.lengthPrefixed())
                .maxConnections(2)
                .bind("127.0.0.1", 0));
        for (int round = 0; round < 20; round++) {
            RawPeer wrong = connect(server);
            wrong.send("wrong".getBytes(US_ASCII));
            RawPeer cut = connect(server);
            cut.send(LINE, 0, round);
            cut.close();
            expectEnd(wrong);
        }
        for (int i = 0; i < 2; i++) {
            RawPeer right = connect(server);
            right.send(LINE);
            echo(right, "in");
        }
        assertEquals(40, server.stats().refusedInAll());
    }

    @Test
    void noMemoryForAHeaderRefusesItsConnectionAlone() throws Exception {
        IoGroup group =
                leaks.watch(IoGroup.builder().threads(1).bufferMemory(1 << 20).start());
        TcpServer server = leaks.close(server(trustingLoopback().build(), Protocol.lengthPrefixed())
                .group(group)
                .bind("127.0.0.1", 0));
        List<PooledBuffer> taken = new ArrayList<>();
        PooledBuffer next;
        while ((next = GroupAccess.runtimeOf(group).buffers().tryAcquire(512)) != null) {
            taken.add(next);
        }
        RawPeer refused = connect(server);
        expectEnd(refused);
        awaitSoon("refused", () -> server.stats().refusedInAll() == 1);

        taken.forEach(PooledBuffer::release);

        RawPeer served = connect(server);
        served.send(LINE);
        echo(served, "in");
    }

    @Test
    void headerCloseAndStopThatCoincideLeaveNothingBehind() throws Exception {
        for (int round = 0; round < 4; round++) {
            TcpServer server = server(trustingLoopback().build(), Protocol.lengthPrefixed())
                    .bind("127.0.0.1", 0);
            List<RawPeer> proxies = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                proxies.add(connect(server));
                proxies.get(i).send(BINARY, 0, BINARY.length - 1);
            }
            awaitSoon("accepted", () -> server.stats().accepted() == 8);
            Thread closer = new Thread(server::close, "closer");
            closer.start();
            for (RawPeer proxy : proxies) {
                try {
                    proxy.send(BINARY, BINARY.length - 1, BINARY.length);
                } catch (IOException closedAlready) {
                    // one of the outcomes
                }
                expectEnd(proxy);
                proxy.close();
            }
            closer.join(10_000);
            assertEquals(0, server.stats().connections());
            assertEquals(8, server.stats().refusedInAll() + opened.size());
            assertEquals(opened.size(), closed.size());
            assertEquals(0, server.group().stats().buffersLeased());
            assertEquals(0, server.group().stats().contextsLeased());
            opened.clear();
            closed.clear();
        }
    }

    @Test
    void executorOfTheHandlersGetsTheFirstMessagesToo() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(2);
        try {
            TcpServer server = leaks.watch(server(trustingLoopback().build(), Protocol.lengthPrefixed())
                    .handlerExecutor(executor)
                    .bind("127.0.0.1", 0));
            for (int i = 0; i < 50; i++) {
                RawPeer proxy = connect(server);
                byte[] cut = RawPeer.frame((byte) 3, (byte) 4);
                proxy.send(ProxyHeaders.join(LINE, RawPeer.frame((byte) 1), RawPeer.frame((byte) 2), cut), 0, 60);
                assertArrayEquals(new byte[] {1}, proxy.readFrame());
                assertArrayEquals(new byte[] {2}, proxy.readFrame());
                proxy.send(cut, 60 - LINE.length - 10, cut.length);
                assertArrayEquals(new byte[] {3, 4}, proxy.readFrame());
                assertEquals(CLIENT, awaitOpen().remoteAddress());
            }
        } finally {
            executor.shutdown();
        }
    }

    @Test
    void thousandConnectionsHaveAThousandClients() throws Exception {
        int count = 1_000;
        Map<InetSocketAddress, Session> byClient = new ConcurrentHashMap<>();
        TcpServer server = leaks.watch(server(trustingLoopback().build(), Protocol.lengthPrefixed())
                .onOpen(session -> byClient.put(session.remoteAddress(), session))
                .bind("127.0.0.1", 0));
        List<RawPeer> proxies = new ArrayList<>();
        List<byte[]> headers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            InetSocketAddress client = new InetSocketAddress("10.1." + i / 250 + "." + i % 250, 1024 + i);
            headers.add(ProxyHeaders.ipv4(client, FRONT));
            proxies.add(connect(server));
            proxies.get(i).send(headers.get(i), 0, 1 + i % 27);
        }
        awaitSoon("accepted", () -> server.stats().accepted() == count);
        assertTrue(byClient.isEmpty(), "a session has opened without its header");
        assertTrue(
                server.group().stats().buffersLeased() <= count,
                () -> server.group().stats().toString());

        for (int i = 0; i < count; i++) {
            proxies.get(i).send(headers.get(i), 1 + i % 27, headers.get(i).length);
            proxies.get(i).sendFrame((byte) i);
        }

        for (int i = 0; i < count; i++) {
            assertArrayEquals(new byte[] {(byte) i}, proxies.get(i).readFrame());
        }
        assertEquals(count, byClient.size());
        assertEquals(0, server.stats().refusedInAll());
    }

    @Test
    void broadcastThatNoFrameCanCarryIsRefusedAmongDirectClientsToo() throws Exception {
        Protocol shortFrames = Protocol.lengthPrefixed(PrefixHandler.int8());
        TcpServer server = leaks.watch(
                server(trustingOthers().allowDirect(true).build(), shortFrames).bind("127.0.0.1", 0));
        connect(server);
        awaitOpen();
        assertThrows(IllegalArgumentException.class, () -> server.everyone().broadcast(new byte[500]));
        assertEquals(1, server.everyone().broadcast(new byte[200]).sent());
    }
}
