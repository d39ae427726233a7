package io.millrace.client;

import static io.millrace.client.Clients.LONG;
import static io.millrace.client.Clients.bytes;
import static io.millrace.client.Clients.failureOf;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.ReplyHandler;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import io.millrace.core.protocol.Protocol;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who asks again as soon as it is refused never goes deeper, and hears of it where it was promised. */
class ImmediateFailuresIT {
    private static final int LINKS = 20_000;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private static ByteBuffer payload() {
        return ByteBuffer.wrap(bytes("again"));
    }

    /** The forms of requests that have a future. */
    enum Form {
        REQUEST(client -> client.request(payload(), LONG)),
        EXCHANGE(client -> client.exchange(payload(), RequestOptions.within(LONG))),
        BATCH(client -> client.batch(List.of(payload()), BatchOptions.within(LONG)));

        final Function<TcpClient, CompletableFuture<?>> ask;

        Form(Function<TcpClient, CompletableFuture<?>> ask) {
            this.ask = ask;
        }
    }

    /** A client that has one connection, which is never made, and one who waits for it: nobody else may. */
    private TcpClient exhausted() throws Exception {
        FullBacklog full = leaks.close(FullBacklog.create());
        TcpClient client = leaks.watch(Clients.to(full.port())
                .protocol(Protocol.seed())
                .pool(PoolConfig.builder().maxConnections(1).maxWaiting(1).build())
                .build());
        client.request(payload(), LONG);
        client.request(payload(), LONG);
        return client;
    }

    @ParameterizedTest
    @EnumSource
    @EnabledOnOs(OS.LINUX)
    void chainOfRefusalsOfAnExhaustedPoolComesToItsEnd(Form form) throws Exception {
        askAgainAndAgain(exhausted(), form);
    }

    @ParameterizedTest
    @EnumSource
    void chainOfRefusalsOfAClosedClientComesToItsEnd(Form form) throws Exception {
        TcpClient client = leaks.watch(Clients.to(1).build());
        client.close();

        askAgainAndAgain(client, form);
    }

    @Test
    void chainOfRefusedMessagesComesToItsEnd() throws Exception {
        TcpClient client =
                leaks.watch(Clients.to(1).protocol(Protocol.millrace()).build());
        client.close();
        CompletableFuture<String> end = new CompletableFuture<>();

        sendAgain(client, LINKS, end);

        assertTrue(end.get(20, TimeUnit.SECONDS).contains("-io-"), end.join());
    }

    private static void sendAgain(TcpClient client, int left, CompletableFuture<String> end) {
        client.send("key", payload()).whenComplete((nothing, failure) -> {
            if (left == 0) {
                end.complete(Thread.currentThread().getName());
            } else {
                sendAgain(client, left - 1, end);
            }
        });
    }

    private static void askAgainAndAgain(TcpClient client, Form form) throws Exception {
        CompletableFuture<String> end = new CompletableFuture<>();
        link(client, form, LINKS, end);

        assertTrue(end.get(20, TimeUnit.SECONDS).contains("-io-"), end.join());
    }

    private static void link(TcpClient client, Form form, int left, CompletableFuture<String> end) {
        form.ask.apply(client).whenComplete((outcome, failure) -> {
            if (left == 0) {
                end.complete(Thread.currentThread().getName());
            } else {
                link(client, form, left - 1, end);
            }
        });
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void handlerThatAsksAgainIsToldOnAnIoThread() throws Exception {
        TcpClient client = exhausted();
        AtomicInteger left = new AtomicInteger(LINKS);
        AtomicInteger elsewhere = new AtomicInteger();
        CompletableFuture<Void> end = new CompletableFuture<>();
        ReplyHandler again = new ReplyHandler() {
            @Override
            public void onReply(ByteBuffer reply) {
                end.completeExceptionally(new AssertionError("a reply, though there is no connection"));
            }

            @Override
            public void onFailure(TransportException failure) {
                if (!IoRuntime.mustNotBlock()) {
                    elsewhere.incrementAndGet();
                }
                if (left.getAndDecrement() > 0) {
                    client.request(payload(), LONG, this);
                } else {
                    end.complete(null);
                }
            }
        };

        client.request(payload(), LONG, again);

        end.get(20, TimeUnit.SECONDS);
        assertTrue(elsewhere.get() == 0, () -> elsewhere + " failures were told on the caller's thread");
    }

    @Test
    void closedClientWithThousandsOfEndpointsSaysSoToWhoConnects() throws Exception {
        Endpoint[] many = IntStream.range(0, 20_000)
                .mapToObj(i -> new Endpoint("127.0." + i / 200 + "." + (i % 200 + 1), 1))
                .toArray(Endpoint[]::new);
        TcpClient client = leaks.watch(Clients.to(1).endpoints(many).build());
        client.close();

        TransportException failure = assertInstanceOf(TransportException.class, failureOf(client.connect()));

        assertFalse(failure.maybeSent());
    }
}
