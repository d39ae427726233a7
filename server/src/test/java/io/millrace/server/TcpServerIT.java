package io.millrace.server;

import static io.millrace.server.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.Codec;
import io.millrace.core.IoGroup;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.SessionStats;
import io.millrace.core.Settings;
import io.millrace.core.SocketConfig;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.FrameDecoder;
import io.millrace.core.protocol.FrameEncoder;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import io.millrace.server.admission.RefusalReason;
import java.io.StringReader;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("engine")
class TcpServerIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<Object> events = new LinkedBlockingQueue<>();

    @Test
    void serverOnAPortListensOnEveryAddressOfBothFamilies() throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));

        for (InetAddress address : InetAddress.getAllByName("localhost")) {
            RawClient client = leaks.close(RawClient.to(new InetSocketAddress(address, server.port()), 0));
            assertEquals("hello", client.ask("hello"));
        }
    }

    @Test
    void serverOnAHostListensThereOnly() throws Exception {
        TcpServer server = leaks.watch(echo().bind("127.0.0.1", 0));

        assertEquals(InetAddress.getByName("127.0.0.1"), server.localAddress().getAddress());
        assertEquals(
                "hello", leaks.close(RawClient.to(server.localAddress(), 0)).ask("hello"));
        assertThrows(ConnectException.class, () -> RawClient.to(new InetSocketAddress("127.0.0.2", server.port()), 0));
    }

    @Test
    void serverOnAnAddressTellsThePortTheSystemChose() throws Exception {
        TcpServer server = leaks.watch(echo().bind(new InetSocketAddress("127.0.0.1", 0)));

        assertTrue(server.port() > 0);
        assertEquals(server.localAddress().getPort(), server.port());
        assertTrue(server.toString().contains("127.0.0.1:" + server.port()), server.toString());
    }

    @Test
    void messagesComeDecodedToAHandlerWithACodec() throws Exception {
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage(Codec.utf8(), (session, text) -> session.send(text.toUpperCase(Locale.ROOT), Codec.utf8()))
                .bind("127.0.0.1", 0));

        assertEquals("HELLO", leaks.close(RawClient.to(server.port())).ask("hello"));
    }

    @Test
    void protocolThatCannotMakeADecoderCostsOneConnectionAndNotTheServer() throws Exception {
        AtomicInteger made = new AtomicInteger();
        Protocol breaksFirst = new Protocol() {
            @Override
            public FrameDecoder newDecoder(Side side) {
                if (made.getAndIncrement() == 0) {
                    throw new IllegalStateException("on purpose");
                }
                return Protocol.lengthPrefixed().newDecoder(side);
            }

            @Override
            public FrameEncoder newEncoder(Side side) {
                return Protocol.lengthPrefixed().newEncoder(side);
            }
        };
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(breaksFirst)
                .onMessage((session, message) -> session.send(message))
                .bind("127.0.0.1", 0));

        leaks.close(RawClient.to(server.port())).awaitEnd();

        assertEquals("hello", leaks.close(RawClient.to(server.port())).ask("hello"));
    }

    @Test
    void takenPortIsATransportExceptionThatNamesTheAddress() throws Exception {
        ServerSocket taken = leaks.close(new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1")));

        TransportException refused =
                assertThrows(TransportException.class, () -> echo().bind("127.0.0.1", taken.getLocalPort()));

        assertTrue(refused.getMessage().contains("127.0.0.1:" + taken.getLocalPort()), refused.getMessage());
        assertInstanceOf(BindException.class, refused.getCause());
    }

    @Test
    void takenPortLeavesASharedGroupRunning() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        TcpServer first = leaks.watch(echo().group(group).bind("127.0.0.1", 0));

        assertThrows(TransportException.class, () -> echo().group(group).bind("127.0.0.1", first.port()));

        assertEquals("alive", leaks.close(RawClient.to(first.port())).ask("alive"));
    }

    @Test
    void unknownHostIsATransportExceptionThatNamesIt() {
        TransportException refused =
                assertThrows(TransportException.class, () -> echo().bind("no-such-host.invalid", 0));

        assertTrue(refused.getMessage().contains("no-such-host.invalid"), refused.getMessage());
        assertInstanceOf(UnknownHostException.class, refused.getCause());
    }

    @Test
    void serversThatReuseThePortListenTogether() throws Exception {
        ListenerConfig shared = ListenerConfig.builder().reusePort(true).build();
        TcpServer first = leaks.watch(echo().listener(shared).bind("127.0.0.1", 0));
        TcpServer second = leaks.watch(echo().listener(shared).bind("127.0.0.1", first.port()));

        first.close();

        assertEquals("alive", leaks.close(RawClient.to(second.port())).ask("alive"));
    }

    @Test
    void socketOptionThatIsNotSupportedIsRefusedByNameAndLeavesNothing() {
        ListenerConfig config = ListenerConfig.builder()
                .reuseAddress(true)
                .option(StandardSocketOptions.SO_LINGER, 1)
                .build();

        String message = assertThrows(IllegalArgumentException.class, () -> echo().listener(config)
                        .bind(0))
                .getMessage();

        assertTrue(message.startsWith("socket option SO_LINGER=1 cannot be set: it is not supported on "), message);
        assertEquals(
                "ListenerConfig{SO_REUSEADDR=true, SO_LINGER=1}",
                config.toBuilder().build().toString());
    }

    @Test
    void receiveBufferOfTheSessionsKeepsTheServerWorking() throws Exception {
        SessionConfig small = SessionConfig.builder()
                .socket(SocketConfig.builder().receiveBuffer(8192).build())
                .build();
        TcpServer server = leaks.watch(echo().sessions(small).bind(0));

        assertEquals("hello", leaks.close(RawClient.to(server.port())).ask("hello"));
    }

    @Test
    void serverCanBeSetUpFromASettingsFile() throws Exception {
        Settings settings = Settings.load(
                new StringReader(String.join(
                        "\n",
                        "server.host=127.0.0.1",
                        "server.port=0",
                        "server.maxConnections=1",
                        "server.backlog=5",
                        "server.drainTimeout=1s",
                        "server.sessions.idleTimeout=1h",
                        "server.sessions.socket.keepAlive=true",
                        "server.listener.reuseAddress=true",
                        "server.listener.reusePort=true")),
                "test");
        TcpServer server =
                leaks.watch(echo().settings(settings.section("server")).bind());

        assertEquals("/127.0.0.1", server.localAddress().getAddress().toString());
        assertEquals("hello", leaks.close(RawClient.to(server.port())).ask("hello"));
    }

    @Test
    void sessionIsToldOfOpenThenMessagesThenClose() throws Exception {
        TcpServer server = leaks.watch(echo().onOpen(session -> events.add("open"))
                .onClose((session, reason) -> events.add(reason.kind()))
                .bind(0));
        RawClient client = leaks.close(RawClient.to(server.port()));

        assertEquals("one", client.ask("one"));
        client.close();

        assertEquals("open", next());
        assertEquals("one", next());
        assertEquals(CloseReason.Kind.PEER, next());
        assertNull(events.poll());
    }

    @Test
    void listenersBesideATypedHandlerHearWhatHappensInBetween() throws Exception {
        TcpServer server = leaks.watch(TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .sessions(
                        SessionConfig.builder().halfClose(true).sendMarks(0, 1).build())
                .onMessage(Codec.utf8(), (session, message) -> session.send(message, Codec.utf8()))
                .onWritable(session -> events.add("writable"))
                .onMalformed((session, cause) -> session.send("no text".getBytes(StandardCharsets.UTF_8)))
                .onInputEnd(session -> {
                    events.add("inputEnd");
                    session.close();
                })
                .bind(0));
        RawClient first = leaks.close(RawClient.to(server.port()));
        assertEquals("one", first.ask("one"));
        assertEquals("writable", next());
        RawClient second = leaks.close(RawClient.to(server.port()));
        second.halfClose();
        assertEquals("inputEnd", next());
        first.send(new byte[] {-1});
        assertEquals("no text", first.receiveText());
    }

    @Test
    void openSessionIsListedWithItsNumberAndAddresses() throws Exception {
        TcpServer server = leaks.watch(echo().onOpen(events::add)
                .onClose((s, r) -> events.add("closed"))
                .bind(0));
        RawClient client = leaks.close(RawClient.to(server.port()));
        Session session = (Session) next();
        assertEquals("hello", client.ask("hello"));

        assertEquals(List.of(session), List.copyOf(server.sessions()));
        assertSame(session, server.session(session.id()));
        assertEquals(client.localPort(), session.remoteAddress().getPort());
        assertEquals(server.port(), session.localAddress().getPort());

        client.close();
        awaitSoon("state", () -> server.sessions().isEmpty());
        assertNull(server.session(session.id()));
    }

    /** Now, at most, ever, turned away, failed, waited for. */
    private static List<Long> connectionCounts(TcpServer server) {
        TcpServerStats stats = server.stats();
        return List.of(
                (long) stats.connections(),
                (long) stats.peakConnections(),
                stats.accepted(),
                stats.refusedInAll(),
                stats.acceptFailures(),
                (long) stats.acceptsInFlight());
    }

    @Test
    void statsCountConnectionsNowEverAndAtOnce() throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));
        RawClient one = leaks.close(RawClient.to(server.port()));
        RawClient two = leaks.close(RawClient.to(server.port()));
        assertEquals("1", one.ask("1"));
        assertEquals("2", two.ask("2"));
        SessionStats twice = new SessionStats(10, 2, 10, 2);
        awaitSoon("traffic", () -> server.stats().traffic().equals(twice));
        assertEquals(List.of(2L, 2L, 2L, 0L, 0L, 1L), connectionCounts(server));

        one.close();

        awaitSoon("state", () -> server.stats().connections() == 1);
        assertEquals(List.of(1L, 2L, 2L, 0L, 0L, 1L), connectionCounts(server));
        assertEquals(twice, server.stats().traffic());
        assertEquals("2", two.ask("2"));
        awaitSoon("traffic", () -> server.stats().traffic().equals(new SessionStats(15, 3, 15, 3)));
    }

    @Test
    void connectionBeyondTheMemoryOfTheGroupIsTurnedAwayAndCounted() throws Exception {
        IoGroup group = leaks.watch(IoGroup.builder().maxSessions(1).start());
        TcpServer server = leaks.watch(echo().group(group).bind(0));
        RawClient first = leaks.close(RawClient.to(server.port()));
        assertEquals("first", first.ask("first"));

        RawClient second = leaks.close(RawClient.to(server.port()));
        second.awaitEnd();

        assertEquals(1, server.stats().refused().get(RefusalReason.NO_MEMORY));
        assertEquals("still", first.ask("still"));
        first.close();
        awaitSoon("state", () -> server.stats().connections() == 0);
        assertEquals("third", leaks.close(RawClient.to(server.port())).ask("third"));
    }

    @Test
    void throwFromOnOpenClosesThatSessionOnly() throws Exception {
        TcpServer server = leaks.watch(echo().onOpen(session -> {
                    if (events.isEmpty()) {
                        events.add("thrown");
                        throw new IllegalStateException("on purpose");
                    }
                })
                .onClose((session, reason) -> events.add(reason.kind()))
                .bind(0));

        RawClient client = leaks.close(RawClient.to(server.port()));
        client.awaitEnd();
        client.close();

        assertEquals("thrown", events.peek());
        awaitSoon("state", () -> events.contains(CloseReason.Kind.HANDLER));
        assertEquals("other", leaks.close(RawClient.to(server.port())).ask("other"));
    }

    @Test
    void awaitClosedOnAnIoThreadIsRefusedAtOnce() throws Exception {
        TcpServer[] server = new TcpServer[1];
        server[0] = leaks.watch(echo((session, message) -> {
                    try {
                        server[0].awaitClosed();
                    } catch (IllegalStateException refused) {
                        events.add(refused);
                    }
                    session.send(message);
                })
                .bind(0));

        assertEquals("hello", leaks.close(RawClient.to(server[0].port())).ask("hello"));

        assertInstanceOf(IllegalStateException.class, next());
    }

    @Test
    void awaitClosedReturnsWhenTheServerHasClosed() throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));
        Thread waiting = new Thread(() -> {
            try {
                server.awaitClosed();
                events.add("closed");
            } catch (InterruptedException e) {
                events.add(e);
            }
        });
        waiting.start();

        server.close();

        assertEquals("closed", next());
        waiting.join();
    }

    private Object next() throws InterruptedException {
        return events.poll(10, TimeUnit.SECONDS);
    }

    private TcpServerBuilder echo() {
        return echo((session, message) -> {
            byte[] text = new byte[message.remaining()];
            message.get(message.position(), text);
            events.add(new String(text, StandardCharsets.UTF_8));
            session.send(message);
        });
    }

    private static TcpServerBuilder echo(MessageHandler handler) {
        return TcpServer.builder().protocol(Protocol.lengthPrefixed()).onMessage(handler);
    }
}
