package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.engine.GroupAccess;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.internal.SessionOwner;
import io.millrace.core.internal.SessionSetup;
import io.millrace.core.internal.TcpSession;
import io.millrace.core.protocol.Protocol;
import io.millrace.core.protocol.Side;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sessions that are listed, and so can be ended, before they are started. */
@Tag("engine")
class SessionStartIT {
    private static final int WAIT_SECONDS = 10;

    private final List<String> events = new CopyOnWriteArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);

    private final SessionOwner owner = new SessionOwner() {
        @Override
        public void sessionOpened(TcpSession session) {
            events.add("owner opened");
        }

        @Override
        public void sessionEnded(TcpSession session) {
            events.add("owner ended");
            ended.countDown();
        }
    };

    @Test
    void sessionAbortedBeforeItsStartTellsOfTheOpenBeforeTheClose() throws Exception {
        // one I/O thread, so that what is executed later runs later
        try (IoGroup group = IoGroup.builder().threads(1).start();
                ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            IoRuntime runtime = GroupAccess.runtimeOf(group);
            AsynchronousSocketChannel channel = runtime.openChannel();
            channel.connect(listener.getLocalSocketAddress()).get(WAIT_SECONDS, TimeUnit.SECONDS);
            try (Socket peer = listener.accept()) {
                TcpSession session = new TcpSession(runtime, channel, setup(), owner);

                session.abort();
                awaitTurnOfTheIoThread(runtime);
                assertEquals(List.of(), events, "before the start");
                session.start();

                assertTrue(ended.await(WAIT_SECONDS, TimeUnit.SECONDS), () -> "not ended: " + events);
                assertEquals(List.of("onOpen", "owner opened", "onClose", "owner ended"), events);
                assertEquals(0, group.stats().buffersLeased());
                assertEquals(0, group.stats().contextsLeased());
            }
        }
    }

    private SessionSetup setup() {
        return new SessionSetup(
                Side.SERVER,
                Protocol.lengthPrefixed(),
                SessionConfig.defaults(),
                new SessionHandlers(
                        session -> events.add("onOpen"),
                        (session, message) -> {},
                        null,
                        null,
                        (session, reason) -> events.add("onClose"),
                        null,
                        null),
                0);
    }

    private static void awaitTurnOfTheIoThread(IoRuntime runtime) throws InterruptedException {
        CountDownLatch turn = new CountDownLatch(1);
        runtime.execute(turn::countDown);
        assertTrue(turn.await(WAIT_SECONDS, TimeUnit.SECONDS), "the I/O thread is stuck");
    }
}
