package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.IoGroup;
import io.millrace.core.SendOverflowPolicy;
import io.millrace.core.SendResult;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RefusedSendIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<SendResult> answers = new ArrayBlockingQueue<>(2);

    @Test
    void messageAcceptedAfterARefusedOneInTheSameTurnIsSent() throws Exception {
        // 1 MiB of memory in all: enough for small messages, and for no message of two.
        IoGroup group = leaks.watch(IoGroup.builder().bufferMemory(1 << 20).start());
        TcpServer server = leaks.watch(TcpServer.builder()
                .group(group)
                .protocol(Protocol.lengthPrefixed())
                .sessions(SessionConfig.builder()
                        .sendOverflow(SendOverflowPolicy.REFUSE)
                        .build())
                .onMessage((session, message) -> {
                    answers.add(session.send(new byte[2 << 20]));
                    answers.add(session.send(message));
                })
                .bind(0));
        RawClient client = leaks.close(RawClient.to(server.port()));

        client.send("small");

        assertEquals(SendResult.REFUSED, answers.poll(10, TimeUnit.SECONDS));
        assertEquals(SendResult.ACCEPTED, answers.poll(10, TimeUnit.SECONDS));
        assertEquals("small", client.receiveText());
    }
}
