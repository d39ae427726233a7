package io.millrace.server;

import static io.millrace.server.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.AttributeKey;
import io.millrace.core.IoGroup;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** R10: what a server was given can be collected when it has closed, though its group lives on. */
class ReferencesIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private static final AttributeKey<String> TASKS = AttributeKey.of("tasks", String.class);

    private final ConcurrentLinkedQueue<WeakReference<?>> given = new ConcurrentLinkedQueue<>();

    /** Attaches something to every session, and remembers all of it weakly. */
    private static final class Attaching implements MessageHandler {
        private final ConcurrentLinkedQueue<WeakReference<?>> remembered;

        Attaching(ConcurrentLinkedQueue<WeakReference<?>> remembered) {
            this.remembered = remembered;
        }

        @Override
        public void onOpen(Session session) {
            byte[] attachment = new byte[100];
            session.attach(attachment);
            remembered.add(new WeakReference<>(attachment));
            remembered.add(new WeakReference<>(session));
        }

        @Override
        public void onMessage(Session session, ByteBuffer message) {
            // a task that knows its session
            session.execute(() -> session.attribute(TASKS, session.toString()));
            session.send(message);
        }
    }

    @Test
    void handlersAttachmentsAndSessionsOfAClosedServerAreCollectedWhileItsGroupLives() throws Exception {
        IoGroup group = leaks.watch(IoGroup.builder().threads(2).start());
        collectedAfter(group, Optional.empty());
    }

    @Test
    void theyAreCollectedWhileTheirExecutorLivesToo() throws Exception {
        IoGroup group = leaks.watch(IoGroup.builder().threads(2).start());
        ExecutorService executor = Executors.newFixedThreadPool(2);
        try {
            collectedAfter(group, Optional.of(executor));
        } finally {
            executor.shutdown();
            assertTrue(executor.awaitTermination(20, TimeUnit.SECONDS));
        }
    }

    private void collectedAfter(IoGroup group, Optional<ExecutorService> executor) throws Exception {
        serveAndClose(group, executor);
        assertEquals(1 + 2 * 4, given.size());

        awaitSoon("collected", () -> {
            System.gc();
            return given.stream().allMatch(reference -> reference.get() == null);
        });

        // and the group still works
        serveAndClose(group, executor);
    }

    private void serveAndClose(IoGroup group, Optional<ExecutorService> executor) throws Exception {
        Attaching handler = new Attaching(given);
        given.add(new WeakReference<>(handler));
        TcpServerBuilder builder = TcpServer.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed())
                .onMessage(handler);
        executor.ifPresent(builder::handlerExecutor);
        try (TcpServer server = builder.bind("127.0.0.1", 0)) {
            List<String> ways = List.of("close", "reset", "close", "reset");
            for (String way : ways) {
                RawClient client = leaks.close(RawClient.to(server.port()));
                assertEquals(way, client.ask(way));
                if (way.equals("reset")) {
                    client.reset();
                } else {
                    client.close();
                }
            }
        }
    }
}
