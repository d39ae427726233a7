package io.millrace.server.internal;

import static io.millrace.testing.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.server.admission.AdmissionConfig;
import io.millrace.server.admission.AdmissionPolicy;
import io.millrace.server.admission.Cidr;
import io.millrace.server.admission.RefusalReason;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;

class ConnectionGateIT {
    private static final byte[] GREETING = {};
    private static final byte[] ECHO = {1, 2};

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void limitIsExactOverSeveralListenersAndNoneIsPassedOver() throws Exception {
        int listeners = 3;
        Door door = leaks.close(
                new Door(listeners, AdmissionConfig.builder().maxConnections(2).build()));
        List<List<RawPeer>> waiting = new ArrayList<>();
        for (int listener = 0; listener < listeners; listener++) {
            waiting.add(new ArrayList<>());
            for (int i = 0; i < 4; i++) {
                waiting.get(listener).add(door.connect(listener));
            }
        }

        int[] served = new int[listeners];
        for (int round = 0; round < 4 * listeners; round++) {
            int listener = awaitGreeted(waiting);
            RawPeer first = waiting.get(listener).remove(0);
            assertArrayEquals(GREETING, first.readFrame());
            first.sendFrame(ECHO);
            assertArrayEquals(ECHO, first.readFrame());
            first.close();
            served[listener]++;
            for (int other = 0; other < listeners; other++) {
                boolean behind = !waiting.get(other).isEmpty() && served[other] + listeners < served[listener];
                assertTrue(!behind, "listener " + other + " was passed over");
            }
        }

        assertTrue(door.mostAtOnce.get() <= 2, door.mostAtOnce + " at once");
        assertEquals(2, door.admission().sessions().peak());
        assertEquals(12, door.admission().accepted());
        door.expectNobody();
    }

    /** Waits until the first client of some listener has been greeted. */
    private static int awaitGreeted(List<List<RawPeer>> waiting) {
        int[] greeted = {-1};
        awaitSoon("somebody is admitted", () -> {
            for (int listener = 0; listener < waiting.size(); listener++) {
                List<RawPeer> peers = waiting.get(listener);
                if (!peers.isEmpty() && peers.get(0).input().available() > 0) {
                    greeted[0] = listener;
                }
            }
            return greeted[0] >= 0;
        });
        return greeted[0];
    }

    @Test
    void oneListenerAcceptsNobodyWhomItCannotAdmit() throws Exception {
        Door door = leaks.close(
                new Door(1, AdmissionConfig.builder().maxConnections(1).build()));
        RawPeer first = admitted(door);
        RawPeer second = door.connect(0);

        assertEquals(1, door.admission().accepted());
        assertEquals(0, door.admission().acceptsInFlight());
        first.close();

        assertArrayEquals(GREETING, second.readFrame());
        assertEquals(0, door.admission().gate().heldCount());
    }

    @Test
    void connectionThatWasAcceptedTooLateIsHeldUntilThereIsRoom() throws Exception {
        Door door = leaks.close(
                new Door(2, AdmissionConfig.builder().maxConnections(1).build()));
        RawPeer first = admitted(door);
        // the other listener's accept was in flight already
        RawPeer held = door.connect(1);
        awaitSoon("it is held", () -> door.admission().gate().heldCount() == 1);
        assertEquals(0, door.admission().acceptsInFlight());
        assertEquals(1, door.admission().sessions().count());

        first.close();

        assertArrayEquals(GREETING, held.readFrame());
        held.close();
        door.expectNobody();
        awaitSoon("both accept again", () -> door.admission().acceptsInFlight() == 2);
    }

    @Test
    void connectionsThatAreHeldAreRefusedWhenAcceptingStops() throws Exception {
        Door door = leaks.close(
                new Door(2, AdmissionConfig.builder().maxConnections(1).build()));
        RawPeer first = admitted(door);
        RawPeer held = door.connect(1);
        awaitSoon("it is held", () -> door.admission().gate().heldCount() == 1);

        door.admission().stop();

        held.expectEndOfStream();
        assertEquals(1, door.refused(RefusalReason.SHUTTING_DOWN));
        first.sendFrame(ECHO);
        assertArrayEquals(ECHO, first.readFrame());
    }

    @Test
    void connectionsBeyondTheLimitAreRefusedIfThatIsThePolicy() throws Exception {
        Door door = leaks.close(new Door(
                2,
                AdmissionConfig.builder()
                        .maxConnections(2)
                        .policy(AdmissionPolicy.ACCEPT_AND_REFUSE)
                        .build()));
        RawPeer first = admitted(door);
        RawPeer second = door.connect(1);
        assertArrayEquals(GREETING, second.readFrame());

        for (int i = 1; i <= 4; i++) {
            door.connect(i % 2).expectEndOfStream();
            door.awaitRefused(RefusalReason.TOO_MANY_CONNECTIONS, i);
        }

        first.close();
        door.awaitSessions(1);
        admitted(door);
        assertEquals(2, door.admission().gate().permitsTaken());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void connectionsOfOneAddressAreRefusedBeyondItsLimitAndOthersAreNot() throws Exception {
        Door door = leaks.close(new Door(
                2, AdmissionConfig.builder().maxConnectionsPerAddress(2).build()));
        RawPeer first = admitted(door, "127.0.0.1");
        admitted(door, "127.0.0.1");

        door.connect(1, "127.0.0.1").expectEndOfStream();
        assertEquals(1, door.refused(RefusalReason.TOO_MANY_FROM_ADDRESS));
        RawPeer other = admitted(door, "127.0.0.2");
        assertEquals(2, door.admission().gate().addressesCounted());

        first.close();
        door.awaitSessions(2);
        admitted(door, "127.0.0.1");
        other.close();
        awaitSoon(
                "an address without connections is forgotten",
                () -> door.admission().gate().addressesCounted() == 1);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void addressesThatShareTheirPrefixCountAsOne() throws Exception {
        Door door = leaks.close(new Door(
                1,
                AdmissionConfig.builder()
                        .maxConnectionsPerAddress(2)
                        .prefixBits(24, 64)
                        .build()));
        admitted(door, "127.0.0.1");
        admitted(door, "127.0.0.2");

        door.connect(0, "127.0.0.3").expectEndOfStream();

        admitted(door, "127.0.1.3");
        assertEquals(1, door.refused(RefusalReason.TOO_MANY_FROM_ADDRESS));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void filterThatIsChangedLiveCountsForTheNextConnectionAndForThoseThereOnRequest() throws Exception {
        AdmissionConfig config = AdmissionConfig.defaults();
        Door door = leaks.close(new Door(1, config));
        RawPeer denied = admitted(door, "127.0.0.2");
        RawPeer bystander = admitted(door, "127.0.0.1");

        config.filter().deny(Cidr.parse("127.0.0.2"));
        door.connect(0, "127.0.0.2").expectEndOfStream();
        assertEquals(1, door.refused(RefusalReason.ADDRESS_DENIED));
        denied.sendFrame(ECHO);
        assertArrayEquals(ECHO, denied.readFrame());

        assertEquals(1, door.admission().closeDenied());
        denied.expectEndOfStream();
        bystander.sendFrame(ECHO);
        assertArrayEquals(ECHO, bystander.readFrame());
        config.filter().clear();
        admitted(door, "127.0.0.2");
    }

    @Test
    void connectionsBeyondTheRateWaitForTheirTurn() throws Exception {
        Door door = leaks.close(
                new Door(2, AdmissionConfig.builder().acceptRate(10, 2).build()));
        List<RawPeer> waiting = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            waiting.add(door.connect(i % 2));
        }

        awaitSoon("the burst is admitted", () -> greeted(waiting) == 2);
        // the timer may be late by a tick, and is never early
        door.clock.advance(Duration.ofMillis(20));
        for (int admitted = 2; admitted < 6; admitted++) {
            int next = admitted + 1;
            door.clock.advance(Duration.ofMillis(79));
            assertEquals(admitted, greeted(waiting));
            door.clock.advance(Duration.ofMillis(21));
            awaitSoon(next + " are admitted", () -> greeted(waiting) == next);
        }

        assertEquals(
                0,
                door.admission().refused().values().stream()
                        .mapToLong(Long::longValue)
                        .sum());
        assertEquals(6, door.admission().sessions().peak());
    }

    private static int greeted(List<RawPeer> peers) throws IOException {
        int greeted = 0;
        for (RawPeer peer : peers) {
            greeted += peer.input().available() > 0 ? 1 : 0;
        }
        return greeted;
    }

    @Test
    void connectionsBeyondTheRateAreRefusedIfThatIsThePolicy() throws Exception {
        Door door = leaks.close(new Door(
                1,
                AdmissionConfig.builder()
                        .acceptRate(10, 2)
                        .policy(AdmissionPolicy.ACCEPT_AND_REFUSE)
                        .build()));
        admitted(door);
        admitted(door);

        door.connect(0).expectEndOfStream();

        assertEquals(1, door.refused(RefusalReason.TOO_FAST));
        door.clock.advance(Duration.ofMillis(100));
        admitted(door);
        door.connect(0).expectEndOfStream();
        assertEquals(2, door.refused(RefusalReason.TOO_FAST));
    }

    private static RawPeer admitted(Door door) throws IOException {
        return admitted(door, "127.0.0.1");
    }

    private static RawPeer admitted(Door door, String from) throws IOException {
        RawPeer peer = door.connect(0, from);
        assertArrayEquals(GREETING, peer.readFrame());
        return peer;
    }
}
