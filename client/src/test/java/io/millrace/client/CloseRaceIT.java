package io.millrace.client;

import static io.millrace.client.Clients.failureOf;
import static io.millrace.client.LeakCheck.awaitSoon;

import io.millrace.core.IoGroup;
import io.millrace.core.Session;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

@EnabledOnOs(OS.LINUX)
class CloseRaceIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void closeAtAnyMomentOfAConnectLeavesNoDescriptor() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        IoGroup group = leaks.watch(IoGroup.start());
        long descriptors = LeakCheck.socketDescriptors();
        Random random = new Random(1);
        for (int i = 0; i < 1_000; i++) {
            TcpClient client = Clients.to(full.port())
                    .group(group)
                    .connectTimeout(Duration.ofSeconds(30))
                    .build();
            CompletableFuture<Session> connecting = client.connect();
            for (int spins = random.nextInt(5_000); spins > 0; spins--) {
                Thread.onSpinWait();
            }
            client.close();
            failureOf(connecting);
        }

        awaitSoon("descriptors freed", () -> LeakCheck.socketDescriptors() == descriptors);
    }
}
