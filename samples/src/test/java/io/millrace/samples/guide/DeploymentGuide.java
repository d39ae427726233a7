package io.millrace.samples.guide;

import com.sun.net.httpserver.HttpServer;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.SessionConfig;
import io.millrace.core.SocketConfig;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.ProxyProtocol;
import io.millrace.server.ServerHealth;
import io.millrace.server.ShutdownHook;
import io.millrace.server.TcpServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** The code of deployment.md. */
final class DeploymentGuide {
    private DeploymentGuide() {}

    static TcpServer start(SessionConfig sessions) throws TransportException {
        TcpServer server = TcpServer.builder()
                .protocol(Protocol.millrace())
                .proxyProtocol(ProxyProtocol.trusting("10.0.0.0/8"))
                .sessions(sessions)
                .backlog(4_096)
                .processor(request -> request)
                .bind(9000);
        return server;
    }

    static SessionConfig sessions() {
        SessionConfig sessions = SessionConfig.builder()
                .heartbeat(HeartbeatConfig.every(Duration.ofSeconds(30)))
                .maxAge(Duration.ofHours(1))
                .build();
        return sessions;
    }

    /** Has the system find out that a peer is gone, where the protocol cannot. */
    static SessionConfig probed() {
        SocketConfig socket = SocketConfig.builder()
                .keepAliveTimers(Duration.ofMinutes(2), Duration.ofSeconds(15), 4)
                .build();
        return SessionConfig.builder().socket(socket).build();
    }

    static void serveUntilTold(TcpServer server, Runnable closeDatabase) throws InterruptedException {
        ShutdownHook.drain(server)
                .deadline(Duration.ofSeconds(20))
                .afterwards(closeDatabase)
                .exitStatus(0, 1)
                .register();
        server.awaitClosed();
    }

    /** Answers an orchestrator that asks whether the server may be sent clients. */
    static void showHealth(HttpServer http, TcpServer server) {
        http.createContext("/ready", exchange -> {
            ServerHealth health = server.health();
            byte[] text = health.toString().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(health.ready() ? 200 : 503, text.length);
            exchange.getResponseBody().write(text);
            exchange.close();
        });
    }
}
