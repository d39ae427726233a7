package io.millrace.client;

import static io.millrace.client.Clients.failureOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import java.nio.channels.ShutdownChannelGroupException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ClosedGroupIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void clientOfAClosedGroupIsRefusedOrItsConnectFails() throws Exception {
        IoGroup group = IoGroup.start();
        group.close();
        CompletableFuture<Session> connecting;
        try {
            connecting = Clients.to(1).group(group).build().connect();
        } catch (ShutdownChannelGroupException refused) {
            return;
        }

        assertNotNull(failureOf(connecting));
    }
}
