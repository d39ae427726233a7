package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** While a callback puts messages together, others send to the same session: what has an order keeps it. */
@Tag("engine")
class GatheredOrderIT {
    private static final long TIMEOUT_SECONDS = 10;

    /** Does something on another thread, and waits for it. */
    private static void meanwhile(Runnable task) throws Exception {
        CompletableFuture.runAsync(task).get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    private static ByteBuffer filled(int bytes, int content) {
        ByteBuffer message = ByteBuffer.allocate(bytes);
        while (message.hasRemaining()) {
            message.put((byte) content);
        }
        return message.flip();
    }

    private static void expectFilled(byte[] frame, int bytes, int content) {
        assertEquals(filled(bytes, content), ByteBuffer.wrap(frame));
    }

    @Test
    void messageInSeveralBuffersIsNotTakenApart() throws Exception {
        for (int bytes : new int[] {10_000, 65_000, 70_000, 140_000}) {
            try (Loopback loopback = Loopback.of((session, message) -> {
                session.send(filled(400, 1));
                session.send(filled(bytes, 2));
                session.send(filled(20, 3));
                meanwhile(() -> session.send(filled(30, 4)));
            })) {
                Link link = loopback.open();
                link.peer().sendFrame((byte) 1);
                int[] lengths = new int[5];
                for (int i = 0; i < 4; i++) {
                    byte[] frame = link.peer().readFrame();
                    lengths[frame[0]] = frame.length;
                    expectFilled(frame, frame.length, frame[0]);
                }
                assertEquals(List.of(400, bytes, 20, 30), List.of(lengths[1], lengths[2], lengths[3], lengths[4]));
            }
        }
    }
}
