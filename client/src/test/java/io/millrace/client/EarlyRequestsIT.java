package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.millrace.client.request.RequestRefusedException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Requests made while the connection is still being made. */
class EarlyRequestsIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void requestsMadeBeforeTheConnectionKeepTheirOrder() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(Clients.to(peer.port()).build());

        assertEquals(requests(client, 100), received(leaks.close(peer.accept()), 100));
    }

    @Test
    void requestsMadeWhileTheConnectionIsCompletedKeepTheirOrder() throws Exception {
        for (int round = 0; round < 20; round++) {
            RawServer peer = leaks.close(RawServer.start());
            TcpClient client = leaks.watch(
                    Clients.to(peer.port()).pool(Clients.ONE_CONNECTION).build());

            assertEquals(requests(client, 2_000), received(leaks.close(peer.accept()), 2_000));

            client.group().close();
        }
    }

    private static List<String> requests(TcpClient client, int count) {
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            client.request(bytes("request " + i), LONG);
            sent.add("request " + i);
        }
        return sent;
    }

    private static List<String> received(RawServer.Connection connection, int count) throws Exception {
        List<String> received = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            received.add(connection.receiveText());
        }
        connection.close();
        return received;
    }

    @Test
    void requestsThatWaitForTheConnectionAreBounded() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpClient client = leaks.watch(Clients.to(full.port()).build());
        List<CompletableFuture<ByteBuffer>> replies = new ArrayList<>();

        for (int i = 0; i < 64; i++) {
            replies.add(client.request(new byte[1 << 20], LONG));
        }

        // Not for lack of time, but because too much waits.
        RequestRefusedException refused = assertInstanceOf(RequestRefusedException.class, failureOf(replies.get(63)));
        assertEquals(RequestRefusedException.Reason.TOO_MANY_REQUESTS, refused.reason());
    }
}
