package io.millrace.client;

import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import io.millrace.testing.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** An echo server in a JVM of its own, which can be killed and started again on the same port. */
final class ServerProgram {
    private static final String LISTENING = "listening on ";
    private static final Duration WAIT = Duration.ofSeconds(30);

    private ServerProgram() {}

    /**
     * Starts a program that is to be a server: the JVM takes its time.
     *
     * @param exclusive whether it speaks {@code seed()}, else {@code millrace()}
     */
    static ChildJvm start(boolean exclusive) throws IOException {
        return ChildJvm.start(ServerProgram.class, List.of(), exclusive ? "seed" : "millrace");
    }

    /** Has a program listen on a port, 0 for any; returns the port. */
    static int listen(ChildJvm program, int port) throws IOException, InterruptedException {
        program.println(String.valueOf(port));
        program.awaitOutput(".\n", WAIT);
        String output = program.output();
        int from = output.indexOf(LISTENING) + LISTENING.length();
        return Integer.parseInt(output.substring(from, output.indexOf('.', from)));
    }

    /** Kills it, and waits until it is gone and its sockets with it. */
    static void kill(ChildJvm program) throws InterruptedException {
        program.kill();
        program.awaitExit(WAIT);
    }

    /**
     * Runs the server until it is killed.
     *
     * @param arguments the protocol; the port comes from the standard input
     */
    public static void main(String[] arguments) throws Exception {
        boolean exclusive = arguments[0].equals("seed");
        var builder = TcpServer.builder().jmx(false).backlog(512);
        if (exclusive) {
            builder.protocol(Protocol.seed()).onMessage((session, message) -> session.send(message));
        } else {
            builder.protocol(Protocol.millrace()).onRequest((session, request, reply) -> reply.send(request));
        }
        String port = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII)).readLine();
        try (TcpServer server = builder.bind("127.0.0.1", Integer.parseInt(port))) {
            System.out.println(LISTENING + server.port() + ".");
            new CountDownLatch(1).await();
        }
    }
}
