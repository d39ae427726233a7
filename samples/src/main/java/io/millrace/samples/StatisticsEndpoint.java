package io.millrace.samples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.millrace.client.TcpClient;
import io.millrace.server.ServerHealth;
import io.millrace.server.TcpServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/**
 * The statistics of a server and a client over HTTP, by the server that comes with the JDK: {@code /metrics} for
 * Prometheus, {@code /health} for orchestrators, {@code /stats.json} for other programs, and all else for people.
 */
final class StatisticsEndpoint implements AutoCloseable {
    private static final int OK = 200;
    private static final int UNAVAILABLE = 503;
    private static final String TEXT = "text/plain; charset=utf-8";

    private final HttpServer http;

    private StatisticsEndpoint(HttpServer http) {
        this.http = http;
    }

    /** Starts to answer on a port of this machine that others cannot reach; 0 lets the system choose one. */
    static StatisticsEndpoint start(int port, TcpServer server, TcpClient client) throws IOException {
        HttpServer http;
        try {
            http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (BindException e) {
            throw new IOException("cannot serve statistics on port " + port + ", choose another: " + e.getMessage(), e);
        }
        http.createContext(
                "/metrics",
                exchange -> answer(exchange, OK, PrometheusText.CONTENT_TYPE, MillraceMetrics.of(server, client)));
        http.createContext("/health", exchange -> {
            ServerHealth health = server.health();
            answer(exchange, health.ready() ? OK : UNAVAILABLE, TEXT, health.toString());
        });
        http.createContext(
                "/stats.json",
                exchange -> answer(
                        exchange, OK, "application/json", server.snapshot().toJson()));
        http.createContext(
                "/", exchange -> answer(exchange, OK, TEXT, server.snapshot().toText()));
        http.start();
        return new StatisticsEndpoint(http);
    }

    private static void answer(HttpExchange exchange, int status, String type, String text) throws IOException {
        try (exchange) {
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    int port() {
        return http.getAddress().getPort();
    }

    @Override
    public void close() {
        http.stop(0);
    }
}
