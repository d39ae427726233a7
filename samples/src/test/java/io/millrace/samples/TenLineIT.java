package io.millrace.samples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Server and client of the README, which say port 9000: skipped where somebody else has it. */
@Timeout(60)
class TenLineIT {
    @Test
    void clientHearsTheServer() throws Exception {
        FutureTask<Integer> server = new FutureTask<>(new TenLineServer());
        Thread thread = new Thread(server, "ten-line-server");
        thread.start();
        try {
            await().atMost(20, TimeUnit.SECONDS)
                    .ignoreExceptionsInstanceOf(IOException.class)
                    .until(() -> server.isDone() || new TenLineClient().call() == 0);
            assumeFalse(server.isDone(), "port 9000 is taken");
        } finally {
            thread.interrupt();
        }
        ExecutionException stopped = assertThrows(ExecutionException.class, () -> server.get(20, TimeUnit.SECONDS));
        assertEquals(InterruptedException.class, stopped.getCause().getClass());
    }
}
