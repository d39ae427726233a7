package io.millrace.benchmarks.calls;

import io.millrace.core.IoGroup;
import io.millrace.core.RequestHandler;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.net.InetAddress;

/** Millrace's request server with every default on. */
final class MillraceAnswer {
    private MillraceAnswer() {}

    /**
     * Starts it with one I/O thread.
     *
     * @param answersAtOnce whether the handler says that it does, so that it needs no reply objects
     * @return the port
     */
    @SuppressWarnings("resource") // it serves until the process ends
    static int start(boolean answersAtOnce) throws IOException {
        RequestHandler handler = answersAtOnce
                ? RequestHandler.of(request -> request)
                : (session, request, reply) -> reply.send(request);
        IoGroup group = IoGroup.builder().name("answers").threads(1).start();
        return TcpServer.builder()
                .group(group)
                .protocol(Protocol.millrace())
                .onRequest(handler)
                .bind(InetAddress.getLoopbackAddress().getHostAddress(), 0)
                .port();
    }
}
