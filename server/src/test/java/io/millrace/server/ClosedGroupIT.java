package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.core.IoGroup;
import io.millrace.core.protocol.Protocol;
import java.nio.channels.ShutdownChannelGroupException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ClosedGroupIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void bindInAClosedGroupIsRefusedAndLeavesNoDescriptor() throws Exception {
        IoGroup group = IoGroup.start();
        group.close();
        TcpServerBuilder builder = TcpServer.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> {});

        assertThrows(ShutdownChannelGroupException.class, () -> builder.bind(0));
    }
}
