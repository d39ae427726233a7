package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.Haproxy;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Behind a real HAProxy, which says who the client is. */
class HaproxyIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @TempDir
    Path directory;

    private final BlockingQueue<Session> opened = new LinkedBlockingQueue<>();

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, send-proxy, 1",
        "127.0.0.1, send-proxy-v2, 2",
        "::1, send-proxy, 1",
        "::1, send-proxy-v2, 2",
        "127.0.0.1, send-proxy-v2 proxy-v2-options crc32c, 2",
        "::1, send-proxy-v2 proxy-v2-options crc32c, 2"
    })
    void sessionHasTheAddressOfTheClientBeforeTheProxy(String host, String options, int version) throws Exception {
        InetAddress loopback = InetAddress.getByName(host);
        TcpServer server = echo(loopback, ProxyProtocol.trusting("127.0.0.0/8", "::1"));
        Haproxy haproxy = start(server, options);
        for (int i = 0; i < 5; i++) {
            RawPeer client = leaks.close(RawPeer.connect(haproxy.front()));
            client.sendFrame((byte) 1, (byte) i);
            assertEquals(i, client.readFrame()[1]);

            Session session = awaitOpen();
            assertEquals(client.localAddress(), session.remoteAddress());
            ProxyHeader header = session.attribute(ProxyHeader.KEY);
            assertNotNull(header);
            assertEquals(version, header.version());
            assertFalse(header.isLocal());
            assertEquals(haproxy.front(), header.destination());
            assertEquals(loopback, header.proxy().getAddress());
            assertFalse(header.proxy().equals(session.remoteAddress()));
        }
        assertEquals(0, server.stats().refusedInAll());
    }

    @Test
    void healthCheckIsASessionOfTheProxysOwn() throws Exception {
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        TcpServer server = echo(loopback, ProxyProtocol.trusting("127.0.0.0/8"));
        start(server, "send-proxy-v2 check inter 50ms");

        for (int i = 0; i < 3; i++) {
            Session check = awaitOpen();
            ProxyHeader header = check.attribute(ProxyHeader.KEY);
            assertNotNull(header);
            assertTrue(header.isLocal(), header::toString);
            assertEquals(header.proxy(), check.remoteAddress());
        }
    }

    @Test
    void proxyThatIsNotTrustedReachesNobody() throws Exception {
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        TcpServer server = echo(loopback, ProxyProtocol.trusting("10.0.0.0/8"));
        Haproxy haproxy = start(server, "send-proxy-v2");
        RawPeer client = leaks.close(RawPeer.connect(haproxy.front()));

        client.expectEndOfStream();

        assertTrue(server.stats().refusedInAll() > 0);
        assertTrue(opened.isEmpty(), "a session has opened");
    }

    private TcpServer echo(InetAddress address, ProxyProtocol config) throws IOException {
        return leaks.watch(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .proxyProtocol(config)
                .onOpen(opened::add)
                .onMessage((session, message) -> session.send(message))
                .bind(new InetSocketAddress(address, 0)));
    }

    private Session awaitOpen() throws InterruptedException {
        Session session = opened.poll(10, TimeUnit.SECONDS);
        assertNotNull(session, "no session has opened");
        return session;
    }

    private Haproxy start(TcpServer server, String options) throws IOException {
        Haproxy haproxy = leaks.close(Haproxy.start(directory, server.localAddress(), options));
        if (!options.contains("check")) {
            haproxy.awaitListening();
            awaitProbesEnd(server);
        }
        return haproxy;
    }

    /** Whatever connected to find out is not a client of the test. */
    private void awaitProbesEnd(TcpServer server) {
        LeakCheck.awaitSoon(
                "probe is over",
                () -> server.stats().refusedInAll() > 0
                        || (!opened.isEmpty() && opened.stream().noneMatch(Session::isOpen)));
        opened.clear();
    }
}
