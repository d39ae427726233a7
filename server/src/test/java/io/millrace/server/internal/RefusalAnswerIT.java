package io.millrace.server.internal;

import static io.millrace.testing.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.protocol.Protocol;
import io.millrace.server.admission.AdmissionConfig;
import io.millrace.server.admission.AdmissionPolicy;
import io.millrace.server.admission.RefusalReason;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RefusalAnswerIT {
    private static final byte[] GREETING = {};

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void messageArrivesWholeThoughTheClientHasAlreadySent() throws Exception {
        byte[] message = new byte[AdmissionConfig.MAX_REFUSAL_BYTES];
        Arrays.fill(message, (byte) 'x');
        Door door = leaks.close(full(reason -> message));

        for (int i = 1; i <= 20; i++) {
            RawPeer refused = door.connect(0);
            refused.sendFrame(new byte[10_000]);
            door.awaitRefused(RefusalReason.TOO_MANY_CONNECTIONS, i);
            // a server that has closed by now resets the connection for these
            refused.sendFrame(new byte[100]);
            refused.sendFrame(new byte[100]);

            assertArrayEquals(message, refused.readFrame());
            refused.expectEndOfStream();
            refused.close();
        }

        awaitSoon("all are closed", () -> door.admission().refusals().answering() == 0);
        assertEquals(1, door.admission().sessions().count());
    }

    @Test
    void eachReasonHasItsMessageAndOneWithoutIsJustClosed() throws Exception {
        Door door = leaks.close(full(reason -> switch (reason) {
            case TOO_MANY_CONNECTIONS -> null;
            default -> reason.name().getBytes(StandardCharsets.UTF_8);
        }));
        RawPeer beyond = door.connect(0);
        beyond.expectEndOfStream();

        Door lines = leaks.close(new Door(
                2,
                AdmissionConfig.builder()
                        .maxConnections(1)
                        .refusalMessage(reason -> reason.name().getBytes(StandardCharsets.UTF_8))
                        .build(),
                Protocol.lines()));
        RawPeer first = lines.connect(0);
        assertArrayEquals(new byte[] {'\n'}, first.readExactly(1));
        RawPeer held = lines.connect(1);
        awaitSoon("it is held", () -> lines.admission().gate().heldCount() == 1);
        lines.admission().stop();

        assertEquals("SHUTTING_DOWN\n", new String(held.readToEnd(), StandardCharsets.UTF_8));
    }

    @Test
    void clientThatNeitherReadsNorClosesIsClosedAfterTwoSeconds() throws Exception {
        Door door = leaks.close(full(reason -> new byte[1]));
        RawPeer refused = door.connect(0);
        refused.sendFrame(new byte[5]);
        awaitSoon("it is being told", () -> door.admission().refusals().answering() == 1);

        door.clock.advance(Duration.ofMillis(1_900));
        assertEquals(1, door.admission().refusals().answering());
        door.clock.advance(Duration.ofMillis(200));

        awaitSoon("it is closed", () -> door.admission().refusals().answering() == 0);
    }

    @Test
    void clientsBeyondThoseThatAreBeingToldAreJustClosed() throws Exception {
        Door door = leaks.close(full(reason -> new byte[1]));
        List<RawPeer> told = new ArrayList<>();
        for (int i = 1; i <= Refusals.MOST_ANSWERS; i++) {
            told.add(door.connect(0));
            door.awaitRefused(RefusalReason.TOO_MANY_CONNECTIONS, i);
        }
        assertEquals(Refusals.MOST_ANSWERS, door.admission().refusals().answering());

        door.connect(0).expectEndOfStream();

        told.remove(0).close();
        awaitSoon("one has gone", () -> door.admission().refusals().answering() == Refusals.MOST_ANSWERS - 1);
        assertArrayEquals(new byte[1], door.connect(0).readFrame());
        for (RawPeer peer : told) {
            assertArrayEquals(new byte[1], peer.readFrame());
        }
    }

    @Test
    void clientThatKeepsSendingIsCutOff() throws Exception {
        Door door = leaks.close(full(reason -> new byte[1]));
        RawPeer refused = door.connect(0);

        assertThrows(IOException.class, () -> {
            for (int i = 0; i < 10_000; i++) {
                refused.send(new byte[10_000]);
            }
        });

        awaitSoon("it is closed", () -> door.admission().refusals().answering() == 0);
    }

    @Test
    void messageThatCannotBeSentIsRefusedAtTheStart() {
        IllegalArgumentException tooLong = assertThrows(
                IllegalArgumentException.class,
                () -> new RefusalMessages(reason -> new byte[4097], Protocol.lengthPrefixed()));
        assertEquals(
                "refusalMessage for TOO_MANY_CONNECTIONS is 4097; it must be from 0 to 4096 bytes",
                tooLong.getMessage());
        IllegalArgumentException noLine = assertThrows(
                IllegalArgumentException.class,
                () -> new RefusalMessages(reason -> new byte[] {'\n'}, Protocol.lines()));
        assertTrue(noLine.getMessage().contains("delimiter"), noLine.getMessage());
    }

    /** A door with one permit, and somebody who has it. */
    private static Door full(Function<RefusalReason, byte[]> message) throws IOException {
        Door door = new Door(
                1,
                AdmissionConfig.builder()
                        .maxConnections(1)
                        .policy(AdmissionPolicy.ACCEPT_AND_REFUSE)
                        .refusalMessage(message)
                        .build());
        assertArrayEquals(GREETING, door.connect(0).readFrame());
        return door;
    }
}
