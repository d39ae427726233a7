package io.millrace.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.protocol.MillraceProtocol;
import io.millrace.testing.Loopback;
import io.millrace.testing.Loopback.Link;
import io.millrace.testing.ManualClock;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Requests that a callback makes go out together, each with its token, and find their replies. */
@Tag("engine")
class GatheredRequestsIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final int MANY = 50;
    private static final byte MESSAGE = 0;
    private static final byte REQUEST = 1;
    private static final byte REPLY = 2;
    private static final byte PING = 4;

    private final List<CompletableFuture<ByteBuffer>> replies = new CopyOnWriteArrayList<>();

    private static ByteBuffer number(int value) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(0, value);
    }

    private Loopback asksAtTheFirstMessage(Runnable meanwhile) throws Exception {
        return Loopback.builder()
                .protocol(MillraceProtocol.create().firstToken(0))
                .handler((session, message) -> {
                    for (int i = 0; i < MANY; i++) {
                        replies.add(session.request(number(i), LONG));
                        if (i == MANY / 2) {
                            meanwhile.run();
                        }
                    }
                })
                .start();
    }

    /** Reads requests with the numbers from 0 on and answers them, the last first; returns the messages in between. */
    private static List<Integer> answerAll(Link link) throws Exception {
        List<Integer> messages = new ArrayList<>();
        List<ByteBuffer> asked = new ArrayList<>();
        while (asked.size() < MANY) {
            ByteBuffer frame = ByteBuffer.wrap(link.peer().readFrame());
            if (frame.get() == REQUEST) {
                assertEquals(asked.size(), frame.getLong());
                assertEquals(asked.size(), frame.getInt());
                asked.add(frame);
            } else {
                messages.add(frame.getInt());
            }
        }
        for (int token = MANY - 1; token >= 0; token--) {
            answer(link, token);
        }
        return messages;
    }

    private static void answer(Link link, int token) throws Exception {
        link.peer()
                .sendFrame(ByteBuffer.allocate(13)
                        .put(REPLY)
                        .putLong(token)
                        .putInt(token * 7)
                        .array());
    }

    private static void sendFromAnotherThread(CompletableFuture<Session> opened) {
        CompletableFuture.runAsync(() -> opened.join().send(number(1_000)), task -> new Thread(task).start())
                .join();
    }

    private void expectReplies() throws Exception {
        for (int i = 0; i < MANY; i++) {
            assertEquals(i * 7, replies.get(i).get(10, TimeUnit.SECONDS).getInt(0));
        }
    }

    private static void start(Link link) throws Exception {
        link.peer().sendFrame(new byte[] {MESSAGE, 1});
    }

    @Test
    @Tag("framing")
    void eachOfManyGetsItsOwnReply() throws Exception {
        try (Loopback loopback = asksAtTheFirstMessage(() -> {})) {
            Link link = loopback.open();
            start(link);
            assertEquals(List.of(), answerAll(link));
            expectReplies();
            assertEquals(0, link.session().pendingRequests());
            assertEquals(MANY, link.session().stats().messagesSent());
        }
    }

    @Test
    void whatAnotherThreadSendsMeanwhileGoesInBetween() throws Exception {
        CompletableFuture<Session> opened = new CompletableFuture<>();
        try (Loopback loopback = asksAtTheFirstMessage(() -> sendFromAnotherThread(opened))) {
            Link link = loopback.open();
            opened.complete(link.session());
            start(link);
            assertEquals(List.of(1_000), answerAll(link));
            expectReplies();
        }
    }

    @Test
    void requestsOfALongTurnAreNotOverdueEarlyIfAnotherThreadSendsMeanwhile() throws Exception {
        ManualClock clock = new ManualClock();
        Duration half = LONG.dividedBy(2);
        CompletableFuture<Session> opened = new CompletableFuture<>();
        // The first begins a buffer, with the second it is gathered in, for the third the clock is read.
        int asked = 3;
        try (Loopback loopback = Loopback.builder()
                .protocol(MillraceProtocol.create().firstToken(0))
                .clock(clock)
                .handler((session, message) -> {
                    for (int i = 0; i < asked; i++) {
                        replies.add(session.request(number(i), LONG));
                    }
                    clock.advance(half);
                    replies.add(session.request(number(asked), LONG));
                    sendFromAnotherThread(opened);
                })
                .start()) {
            Link link = loopback.open();
            opened.complete(link.session());
            start(link);
            for (int frames = 0; frames < asked + 2; frames++) {
                link.peer().readFrame();
            }
            clock.advance(half.plusSeconds(1));
            // When this has been answered, whatever is overdue has been looked at.
            link.peer().sendFrame(ByteBuffer.allocate(9).put(PING).putLong(0).array());
            link.peer().readFrame();
            answer(link, asked);
            assertEquals(asked * 7, replies.get(asked).get(10, TimeUnit.SECONDS).getInt(0));
        }
    }
}
