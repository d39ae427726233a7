package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.millrace.client.TcpClient;
import io.millrace.client.endpoint.Backoff;
import io.millrace.client.request.RetryConfig;
import io.millrace.core.IoGroup;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that drains every session as soon as it is open, under clients that many threads share. */
@Timeout(60)
class DrainingServerIT {
    private static final int CLIENTS = 4;
    private static final int THREADS_PER_CLIENT = 3;
    private static final int REQUESTS_PER_THREAD = 500;

    private final Queue<Throwable> outcomes = new ConcurrentLinkedQueue<>();

    @Test
    void requestThatMeetsTheDrainNoticeIsNeverCalledPerhapsSent() throws Exception {
        List<Thread> threads = new ArrayList<>();
        try (IoGroup group = IoGroup.builder().start();
                TcpServer server = TcpServer.builder()
                        .group(group)
                        .protocol(Protocol.millrace())
                        .onOpen(session -> session.execute(session::drain))
                        .onRequest((session, request, reply) -> reply.send(request))
                        .bind("127.0.0.1", 0)) {
            for (int i = 0; i < CLIENTS; i++) {
                TcpClient client = TcpClient.builder()
                        .group(group)
                        .protocol(Protocol.millrace())
                        .endpoint("127.0.0.1", server.port())
                        .backoff(Backoff.defaults().delays(Duration.ofMillis(1), Duration.ofMillis(1)))
                        .retry(RetryConfig.none())
                        .jmx(false)
                        .build();
                for (int j = 0; j < THREADS_PER_CLIENT; j++) {
                    Thread thread = new Thread(() -> ask(client));
                    thread.start();
                    threads.add(thread);
                }
            }
            for (Thread thread : threads) {
                thread.join(TimeUnit.SECONDS.toMillis(50));
                assertFalse(thread.isAlive());
            }
        }
        assertEquals(
                List.of(),
                outcomes.stream()
                        .filter(failure -> !isCertainlyNotDone(failure))
                        .map(Throwable::toString)
                        .toList());
        assertFalse(outcomes.isEmpty(), "nobody met the notice");
    }

    private void ask(TcpClient client) {
        for (int i = 0; i < REQUESTS_PER_THREAD; i++) {
            Future<?> reply = client.request(new byte[] {1}, Duration.ofSeconds(10));
            try {
                reply.get(20, TimeUnit.SECONDS);
            } catch (ExecutionException failed) {
                outcomes.add(failed.getCause());
            } catch (InterruptedException | TimeoutException never) {
                outcomes.add(never);
            }
        }
    }

    private static boolean isCertainlyNotDone(Throwable failure) {
        return failure instanceof TransportException known && !known.maybeSent();
    }
}
