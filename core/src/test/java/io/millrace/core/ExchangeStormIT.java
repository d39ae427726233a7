package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionOwner;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.core.protocol.Side;
import io.millrace.testing.CapturedLog;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Seed;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests, replies, files, broadcasts and messages between two groups, in callbacks and threads, at every ending. */
@Tag("engine")
@NetworkTest
class ExchangeStormIT {
    private static final int SOCKET_BYTES = 16 << 10;
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** Who runs the callbacks, and how much memory there is. */
    enum Setting {
        PLAIN,
        SCARCE,
        EXECUTOR,
        IN_THE_CALLER
    }

    @TempDir
    private Path folder;

    private void storm(Setting setting, boolean breaking, int ioThreads, int rounds, Seed seed) throws Exception {
        ExchangeTraffic traffic = new ExchangeTraffic(folder, breaking);
        ExecutorService pool = Executors.newFixedThreadPool(2);
        Executor executor =
                switch (setting) {
                    case EXECUTOR -> pool;
                    case IN_THE_CALLER -> Runnable::run;
                    default -> null;
                };
        try (CapturedLog log = new CapturedLog();
                IoGroup servers = group(setting, ioThreads);
                IoGroup clients = group(setting, ioThreads)) {
            SessionHandlers handlers =
                    new SessionHandlers(null, traffic::take, traffic::answer, null, null, null, executor);
            Set<TcpSession> live = open(servers, clients, handlers, traffic, seed);
            sendFromThreads(traffic, rounds, seed);
            settle(traffic, breaking);
            endAll(traffic, seed.random("how"), live);
            for (IoGroup group : List.of(servers, clients)) {
                IoGroupStats stats = group.stats();
                assertEquals(0, stats.buffersLeased());
                assertEquals(0, stats.contextsLeased());
            }
            assertEquals(List.of(), log.lines());
        } finally {
            pool.shutdownNow();
        }
    }

    private static IoGroup group(Setting setting, int ioThreads) throws IOException {
        return IoGroup.builder()
                .threads(ioThreads)
                .bufferMemory(setting == Setting.SCARCE ? 5 << 20 : 64 << 20)
                .trackBuffers(true)
                .blockedThreadTimeout(LIMIT)
                .start();
    }

    /** Connects and starts all ends; returns the sessions that have not ended. */
    private static Set<TcpSession> open(
            IoGroup servers, IoGroup clients, SessionHandlers handlers, ExchangeTraffic traffic, Seed seed)
            throws Exception {
        SessionConfig config = SessionConfig.builder()
                .sendMarks(8 << 10, 60 << 10)
                .sendLimit(200 << 10)
                .sendOverflow(SendOverflowPolicy.REFUSE)
                .build();
        SessionSetup serverSetup = new SessionSetup(Side.SERVER, MillraceProtocol.create(), config, handlers, 0);
        SessionSetup clientSetup = new SessionSetup(Side.CLIENT, MillraceProtocol.create(), config, handlers, 0);
        IoRuntime serverRuntime = GroupAccess.runtimeOf(servers);
        IoRuntime clientRuntime = GroupAccess.runtimeOf(clients);
        Owner owner = new Owner(traffic);
        try (AsynchronousServerSocketChannel listener = serverRuntime
                .openServerChannel()
                .setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BYTES)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            for (int i = 0; i < ExchangeTraffic.ENDS; i += 2) {
                AsynchronousSocketChannel channel =
                        clientRuntime.openChannel().setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BYTES);
                channel.connect(listener.getLocalAddress()).get(10, TimeUnit.SECONDS);
                AsynchronousSocketChannel accepted = listener.accept().get(10, TimeUnit.SECONDS);
                traffic.add(owner.session(serverRuntime, accepted, serverSetup), seed.random("end " + i));
                traffic.add(owner.session(clientRuntime, channel, clientSetup), seed.random("end " + (i + 1)));
            }
        }
        traffic.ends().forEach(end -> end.session.start());
        return owner.live;
    }

    /** Makes sessions, and hears once of the end of each. */
    private static final class Owner implements SessionOwner {
        private final ExchangeTraffic traffic;
        final Set<TcpSession> live = ConcurrentHashMap.newKeySet();

        Owner(ExchangeTraffic traffic) {
            this.traffic = traffic;
        }

        TcpSession session(IoRuntime runtime, AsynchronousSocketChannel channel, SessionSetup setup)
                throws IOException {
            channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BYTES);
            TcpSession session = new TcpSession(runtime, channel, setup, this);
            live.add(session);
            return session;
        }

        @Override
        public void sessionOpened(TcpSession opened) {}

        @Override
        public void sessionEnded(TcpSession ended) {
            if (!live.remove(ended)) {
                traffic.fault(new AssertionError("ended twice: " + ended));
            }
        }
    }

    private static void sendFromThreads(ExchangeTraffic traffic, int rounds, Seed seed) {
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int i = ExchangeTraffic.ENDS; i < ExchangeTraffic.SENDERS; i++) {
            int sender = i;
            Random random = seed.random("thread " + sender);
            CompletableFuture<Void> done = new CompletableFuture<>();
            threads.add(done);
            Thread thread = new Thread(() -> {
                try {
                    for (int round = 0; round < rounds && traffic.isSending(); round++) {
                        traffic.sendSome(sender, random);
                    }
                    done.complete(null);
                } catch (Throwable thrown) {
                    done.completeExceptionally(thrown);
                }
            });
            thread.setDaemon(true);
            thread.start();
        }
        await(traffic, "the senders", () -> threads.stream().allMatch(CompletableFuture::isDone));
        threads.forEach(CompletableFuture::join);
        traffic.stopSending();
    }

    private static void await(ExchangeTraffic traffic, String what, BooleanSupplier condition) {
        Awaitility.await(what).atMost(LIMIT).until(() -> !traffic.faults().isEmpty() || condition.getAsBoolean());
        if (!traffic.faults().isEmpty()) {
            throw new AssertionError(
                    traffic.faults().size() + " faults", traffic.faults().peek());
        }
    }

    /** Waits until all that was sent on connections that are still there has arrived. */
    private static void settle(ExchangeTraffic traffic, boolean breaking) {
        List<ExchangeEnd> ends = traffic.ends();
        await(
                traffic,
                "all replies and bytes",
                () -> traffic.giveKept()
                        && ends.stream().allMatch(end -> !isWhole(traffic, end) || isQuiet(traffic, end)));
        await(
                traffic,
                "all callbacks",
                () -> breaking || ends.stream().allMatch(end -> !isWhole(traffic, end) || end.hasArrived()));
    }

    private static boolean isWhole(ExchangeTraffic traffic, ExchangeEnd end) {
        return end.session.isOpen() && traffic.peerOf(end).session.isOpen();
    }

    private static boolean isQuiet(ExchangeTraffic traffic, ExchangeEnd end) {
        TcpSession session = end.session;
        TcpSession peer = traffic.peerOf(end).session;
        return session.queuedBytes() == 0
                && session.pendingRequests() == 0
                && session.stats().bytesSent() == peer.stats().bytesReceived();
    }

    private static void endAll(ExchangeTraffic traffic, Random how, Set<TcpSession> live) {
        for (ExchangeEnd end : traffic.ends()) {
            switch (how.nextInt(3)) {
                case 0 -> end.session.abort();
                case 1 -> end.session.drain();
                default -> end.session.close();
            }
        }
        await(traffic, "the end", live::isEmpty);
        traffic.requireOneOutcomeEach();
        for (ExchangeEnd end : traffic.ends()) {
            assertEquals(0, end.session.pendingRequests());
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Setting.class,
            names = {"PLAIN", "EXECUTOR"})
    void everythingIsToldOnceInAShortStorm(Setting setting, Seed seed) throws Exception {
        storm(setting, true, 2, 25, seed);
    }

    @ParameterizedTest
    @EnumSource(Setting.class)
    @Tag("heavy")
    void nothingIsLostOrToldTwiceWhileSessionsLast(Setting setting, Seed seed) throws Exception {
        for (int ioThreads : new int[] {1, 3}) {
            storm(setting, false, ioThreads, 300, seed);
        }
    }

    @ParameterizedTest
    @EnumSource(Setting.class)
    @Tag("heavy")
    void everythingIsToldOnceHoweverSessionsEnd(Setting setting, Seed seed) throws Exception {
        for (int ioThreads : new int[] {1, 3}) {
            storm(setting, true, ioThreads, 300, seed);
        }
    }
}
