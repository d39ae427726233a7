package io.millrace.client;

import io.millrace.client.pool.PoolConfig;
import io.millrace.client.request.RequestRefusedException;
import io.millrace.core.TransportException;
import io.millrace.core.protocol.Protocol;
import io.millrace.server.TcpServer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** What many tests of clients begin with. */
final class Clients {
    static final Duration LONG = Duration.ofSeconds(10);

    static final PoolConfig ONE_CONNECTION =
            PoolConfig.builder().maxConnections(1).build();
    private static final Executor SOON = CompletableFuture.delayedExecutor(5, TimeUnit.MILLISECONDS);

    private Clients() {}

    static TcpClientBuilder to(int port) {
        return TcpClient.builder().protocol(Protocol.lengthPrefixed()).endpoint("127.0.0.1", port);
    }

    static TcpServer echo() throws TransportException {
        return echo(0);
    }

    static TcpServer echo(int port) throws TransportException {
        return TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message))
                .bind("127.0.0.1", port);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static String text(CompletableFuture<ByteBuffer> reply) throws Exception {
        return StandardCharsets.UTF_8.decode(reply.get(20, TimeUnit.SECONDS)).toString();
    }

    static String ask(TcpClient client, String question) throws TransportException {
        return text(client.call(bytes(question), LONG));
    }

    /** Sends a request as soon as the client begins one: after a loss it may leave the endpoint alone for a while. */
    static CompletableFuture<ByteBuffer> requestOnceItBegins(TcpClient client, byte[] payload) {
        return client.request(payload, LONG)
                .exceptionallyCompose(failure -> failure instanceof RequestRefusedException
                        ? CompletableFuture.supplyAsync(() -> requestOnceItBegins(client, payload), SOON)
                                .thenCompose(Function.identity())
                        : CompletableFuture.failedFuture(failure));
    }

    /** Waits for the failure of something, unwrapped. */
    static Throwable failureOf(CompletableFuture<?> future) throws Exception {
        try {
            throw new AssertionError("succeeded: " + future.get(20, TimeUnit.SECONDS));
        } catch (ExecutionException failed) {
            return failed.getCause() instanceof CompletionException wrapped ? wrapped.getCause() : failed.getCause();
        }
    }
}
