package io.millrace.samples;

import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** The server of the README: echoes length-prefixed messages on port 9000 until it is killed. */
@Command(name = "ten-line-server", description = "The server of the README: an echo server on port 9000.")
public final class TenLineServer implements Callable<Integer> {
    /**
     * Runs the server.
     *
     * @param args none
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new TenLineServer()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        try (TcpServer server = TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message))
                .bind(9000)) {
            server.awaitClosed();
        }
        return 0;
    }
}
