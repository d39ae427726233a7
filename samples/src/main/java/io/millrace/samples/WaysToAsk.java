package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.pool.Borrowed;
import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.Codec;
import io.millrace.core.ReplyHandler;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/**
 * Every way to ask a server something; the guide to the client shows them one by one.
 *
 * @param client asks servers that answer requests with their own bytes
 */
record WaysToAsk(TcpClient client) {
    private static final Duration SECOND = Duration.ofSeconds(1);

    String future(ByteBuffer payload) throws Exception {
        CompletableFuture<ByteBuffer> reply = client.request(payload, SECOND);
        return Codec.utf8().decode(reply.get());
    }

    String typed() throws Exception {
        CompletableFuture<String> text =
                client.request("hello", Codec.utf8(), Codec.utf8(), RequestOptions.within(SECOND));
        return text.get();
    }

    byte[] call(byte[] payload) throws Exception {
        return client.call(payload, SECOND);
    }

    /** Asks with a callback, which has the reply for the length of its call only. */
    CompletableFuture<Integer> lengthOfReply(ByteBuffer payload) {
        CompletableFuture<Integer> length = new CompletableFuture<>();
        client.request(payload, SECOND, new ReplyHandler() {
            @Override
            public void onReply(ByteBuffer reply) {
                length.complete(reply.remaining());
            }

            @Override
            public void onFailure(TransportException failure) {
                length.completeExceptionally(failure);
            }
        });
        return length;
    }

    /** Says what became of an order, which must not be done twice. */
    String order(ByteBuffer order) throws ExecutionException, InterruptedException {
        Outcome<ByteBuffer> outcome =
                client.exchange(order, RequestOptions.within(SECOND)).get();
        if (outcome.isReply()) {
            return "done by " + outcome.endpoint();
        }
        return outcome.maybeSent() ? "look whether it was done: " + outcome.kind() : "not done: " + outcome.kind();
    }

    /** Asks for a price, which may be done as often as need be. */
    String price(ByteBuffer question) throws Exception {
        RequestOptions options = RequestOptions.within(SECOND).idempotent().maxAttempts(2);
        ByteBuffer price = client.exchange(question, options).get().orThrow();
        return Codec.utf8().decode(price);
    }

    /** Has a connection to itself for questions that belong together. */
    String transaction() throws Exception {
        try (Borrowed borrowed = client.borrow(SECOND).get()) {
            Session session = borrowed.session();
            session.request(Codec.utf8().encode("begin"), SECOND).get();
            ByteBuffer done =
                    session.request(Codec.utf8().encode("commit"), SECOND).get();
            return Codec.utf8().decode(done);
        }
    }

    List<Outcome.Kind> batch() throws ExecutionException, InterruptedException {
        List<ByteBuffer> payloads =
                Stream.of("one", "two", "three").map(Codec.utf8()::encode).toList();
        BatchOptions options = BatchOptions.within(SECOND).pipelined(16).mayMove();
        List<Outcome<ByteBuffer>> outcomes = client.batch(payloads, options).get();
        return outcomes.stream().map(Outcome::kind).toList();
    }

    /** Opens a connection that is not the pool's. */
    String converse() throws Exception {
        Session session = client.connect().get();
        ByteBuffer reply = session.request(Codec.utf8().encode("hello"), SECOND).get();
        session.close();
        return Codec.utf8().decode(reply) + " from " + session.remoteAddress();
    }
}
