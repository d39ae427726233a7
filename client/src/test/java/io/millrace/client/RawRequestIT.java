package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RawRequestIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void requestOnASessionWithoutFramesIsRefused() throws Exception {
        RawServer peer = leaks.close(RawServer.start());
        TcpClient client = leaks.watch(TcpClient.builder()
                .protocol(Protocol.raw())
                .endpoint("127.0.0.1", peer.port())
                .build());
        Session session = client.connect().get(10, TimeUnit.SECONDS);
        leaks.close(peer.accept());

        assertThrows(IllegalStateException.class, () -> session.request(ByteBuffer.allocate(1), LONG));
    }
}
