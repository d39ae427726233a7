package io.millrace.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A script that is played at both ends agrees with itself, and with nothing else. */
@NetworkTest
class ScriptIT {
    private static final Script TALK =
            Script.of("# both speak", "-> 0102 03", "<- 04", "", "-> 05", "-> end", "<- 0607", "<- end");

    private static @Nullable Throwable play(Script client, Script server) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> served = server.serveOn(listener);
            RawPeer peer = RawPeer.connect((InetSocketAddress) listener.getLocalSocketAddress());
            CompletableFuture<Void> played = new CompletableFuture<>();
            try {
                client.playClient(peer);
                played.complete(null);
            } catch (AssertionError | IOException e) {
                played.completeExceptionally(e);
            }
            return served.handle((nothing, failure) -> failure)
                    .thenCombine(
                            played.handle((nothing, failure) -> failure), (one, other) -> one != null ? one : other)
                    .get(10, TimeUnit.SECONDS);
        }
    }

    private static Throwable failureOf(@Nullable Throwable failure) {
        return Objects.requireNonNull(failure, "the script was played to its end");
    }

    @Test
    void bothEndsOfOneScriptAgreeHoweverItIsCut() throws Exception {
        assertNull(play(TALK, TALK));
        assertNull(play(TALK.byteByByte(), TALK.byteByByte()));
        assertEquals(2, TALK.cuts());
        for (int cut = 1; cut <= TALK.cuts(); cut++) {
            assertNull(play(TALK.cutAt(cut), TALK.cutAt(cut)));
        }
    }

    @Test
    void otherByteIsToldWithItsLine() throws Exception {
        Throwable failure = failureOf(
                play(Script.of("-> 0102", "-> end"), Script.of("# only this:", "-> 0103", "-> end", "<- end")));

        assertEquals("in line 2 expected 01 03 but received 01 02", String.valueOf(failure.getMessage()));
    }

    @Test
    void byteThatIsNotInTheScriptIsTold() throws Exception {
        Throwable failure =
                failureOf(play(Script.of("-> 0102", "-> 09", "-> end", "<- end"), Script.of("-> 0102", "<- end")));

        assertInstanceOf(AssertionError.class, failure);
        assertEquals(
                "after the last line expected the end of the stream but received 09",
                String.valueOf(failure.getMessage()));
    }

    @Test
    void resetIsNoEnd() throws Exception {
        assertNull(play(Script.of("-> 01", "<- reset"), Script.of("-> 01", "<- reset")));
        assertInstanceOf(IOException.class, play(Script.of("-> 01", "<- end"), Script.of("-> 01", "<- reset")));
    }

    @Test
    void lineWithoutADirectionIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Script.of("0102"));
        assertThrows(IllegalArgumentException.class, () -> Script.of("-> 0"));
    }
}
