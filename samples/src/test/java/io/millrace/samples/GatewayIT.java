package io.millrace.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.client.TcpClient;
import io.millrace.core.Codec;
import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.server.admission.AddressFilter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class GatewayIT {
    @Test
    void devicesAskAndAreAskedUntilTheirAddressIsDenied() throws Exception {
        AddressFilter filter = new AddressFilter();
        try (TcpServer server = Gateway.newServer(filter).bind("127.0.0.1", 0);
                TcpClient device = TcpClient.builder()
                        .protocol(Protocol.millrace())
                        .endpoint("127.0.0.1", server.port())
                        .processor(question -> "fine".getBytes(StandardCharsets.UTF_8))
                        .build()) {
            byte[] request = {1, 2, 3};
            assertArrayEquals(request, device.call(request, Duration.ofSeconds(10)));
            Session session = server.sessions().iterator().next();
            assertEquals("fine", Gateway.ask(session, "how are you?").get(10, TimeUnit.SECONDS));
            assertEquals(
                    1,
                    server.groups()
                            .group("clock")
                            .broadcast("noon", Codec.utf8())
                            .sent());

            filter.deny("127.0.0.0/8");
            assertEquals(1, server.closeDenied());
            await().until(() -> server.sessions().isEmpty());
        }
    }
}
