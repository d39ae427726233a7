package io.millrace.client;

import static io.millrace.client.Clients.bytes;
import static io.millrace.client.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.pool.Borrowed;
import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.protocol.Protocol;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests that their callers have cancelled are in nobody's way, however long they might have waited. */
class CancelledRequestsIT {
    private static final Duration A_YEAR = Duration.ofDays(365);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private TcpClient silentlyServed() throws Exception {
        RawServer silent = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(silent.port())
                .protocol(Protocol.millrace())
                .pool(Clients.ONE_CONNECTION)
                .drainTimeout(Duration.ofMillis(100))
                .build());
        CompletableFuture<Borrowed> first = client.borrow(Clients.LONG);
        leaks.close(silent.accept());
        first.get(20, TimeUnit.SECONDS).giveBack();
        return client;
    }

    private static ByteBuffer payload() {
        return ByteBuffer.wrap(bytes("never mind"));
    }

    @Test
    void cancelledRequestsLeaveTheTableOfTheirConnection() throws Exception {
        TcpClient client = silentlyServed();
        List<CompletableFuture<?>> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            all.add(client.request(payload(), A_YEAR));
            all.add(client.exchange(payload(), RequestOptions.within(A_YEAR)));
        }
        assertEquals(200, client.stats().requestsInProgress());

        all.forEach(future -> assertTrue(future.cancel(false)));

        assertEquals(0, client.stats().requestsInProgress());
        client.borrow(Clients.LONG).get(20, TimeUnit.SECONDS).giveBack();
    }

    @Test
    void cancelledBatchLeavesTheTableOfItsConnection() throws Exception {
        TcpClient client = silentlyServed();
        CompletableFuture<?> batch = client.batch(
                Collections.nCopies(10_000, payload()),
                BatchOptions.within(A_YEAR).pipelined(50));
        awaitSoon("50 in flight", () -> client.stats().requestsInProgress() == 50);

        assertTrue(batch.cancel(false));

        awaitSoon("none in flight", () -> client.stats().requestsInProgress() == 0);
        client.borrow(Clients.LONG).get(20, TimeUnit.SECONDS).giveBack();
    }

    @Test
    void cancelAtAnyMomentOfTheBeginningLeavesNothing() throws Exception {
        TcpClient client = silentlyServed();
        for (int i = 0; i < 2_000; i++) {
            CompletableFuture<?> request = client.request(payload(), A_YEAR);
            CompletableFuture<?> batch = client.batch(
                    Collections.nCopies(3, payload()),
                    BatchOptions.within(A_YEAR).pipelined(3));
            Thread canceller = i % 20 == 0 ? new Thread(() -> batch.cancel(false)) : null;
            if (canceller != null) {
                canceller.start();
            }
            request.cancel(false);
            batch.cancel(false);
            if (canceller != null) {
                canceller.join(20_000);
            }
        }

        awaitSoon("none in flight", () -> client.stats().requestsInProgress() == 0);
    }
}
