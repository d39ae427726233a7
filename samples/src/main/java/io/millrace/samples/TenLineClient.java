package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.core.protocol.Protocol;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** The client of the README: asks the server on port 9000 and prints its reply. */
@Command(name = "ten-line-client", description = "The client of the README: asks the server on port 9000.")
public final class TenLineClient implements Callable<Integer> {
    /**
     * Runs the client.
     *
     * @param args none
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new TenLineClient()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        try (TcpClient client = TcpClient.builder()
                .protocol(Protocol.lengthPrefixed())
                .endpoint("localhost", 9000)
                .build()) {
            byte[] reply = client.call("hello".getBytes(StandardCharsets.UTF_8), Duration.ofSeconds(1));
            System.out.println(new String(reply, StandardCharsets.UTF_8));
        }
        return 0;
    }
}
