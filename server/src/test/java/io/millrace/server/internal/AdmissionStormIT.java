package io.millrace.server.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.server.admission.AdmissionConfig;
import io.millrace.server.admission.AdmissionPolicy;
import io.millrace.server.admission.Cidr;
import io.millrace.server.admission.RefusalReason;
import io.millrace.testing.CapturedLog;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.RawPeer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** However connections come and go, all permits come back, once each. */
@EnabledOnOs(OS.LINUX)
class AdmissionStormIT {
    private static final int LIMIT = 6;
    private static final int LISTENERS = 3;
    private static final int THREADS = 8;
    private static final byte[] GREETING = {};
    private static final byte[] ECHO = {1, 2};

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @ParameterizedTest
    @EnumSource(AdmissionPolicy.class)
    void noPermitIsLostOrGivenBackTwiceHoweverConnectionsEnd(AdmissionPolicy policy) throws Exception {
        storm(policy, 60);
    }

    @ParameterizedTest
    @EnumSource(AdmissionPolicy.class)
    @Tag("heavy")
    void noPermitIsLostOrGivenBackTwiceInALongStorm(AdmissionPolicy policy) throws Exception {
        storm(policy, 2_000);
    }

    private void storm(AdmissionPolicy policy, int connectionsPerThread) throws Exception {
        AdmissionConfig config = AdmissionConfig.builder()
                .maxConnections(LIMIT)
                .maxConnectionsPerAddress(4)
                .policy(policy)
                .refusalMessage(reason -> new byte[] {9})
                .build();
        config.filter().deny(Cidr.parse("127.0.0.4"));
        try (CapturedLog log = new CapturedLog()) {
            Door door = leaks.close(new Door(LISTENERS, config));
            ExecutorService threads = Executors.newFixedThreadPool(THREADS);
            try {
                List<Future<?>> clients = new ArrayList<>();
                for (int i = 0; i < THREADS; i++) {
                    Random random = new Random(i);
                    clients.add(threads.submit(() -> comeAndGo(door, random, connectionsPerThread)));
                }
                for (Future<?> client : clients) {
                    client.get(120, TimeUnit.SECONDS);
                }
            } finally {
                threads.shutdownNow();
            }

            door.expectNobody();
            assertTrue(door.mostAtOnce.get() <= LIMIT, door.mostAtOnce + " at once");
            assertTrue(door.admission().sessions().peak() <= LIMIT);
            Map<RefusalReason, Long> refused = door.admission().refused();
            assertTrue(refused.get(RefusalReason.ADDRESS_DENIED) > 0, refused::toString);
            assertEquals(0, refused.get(RefusalReason.NO_MEMORY), refused::toString);
            assertEquals(0, refused.get(RefusalReason.SHUTTING_DOWN), refused::toString);
            exactlyTheLimitIsAdmitted(door, policy);
            assertEquals(
                    List.of(),
                    log.lines().stream()
                            .filter(line -> !line.contains("onMessage threw"))
                            .toList());
        }
    }

    /** Connects again and again, and leaves in every way there is. */
    private static Void comeAndGo(Door door, Random random, int connections) throws IOException {
        for (int i = 0; i < connections; i++) {
            String from = "127.0.0." + (1 + random.nextInt(4));
            RawPeer peer = door.connectUnwatched(random.nextInt(LISTENERS), from);
            try {
                switch (random.nextInt(5)) {
                    case 0 -> peer.reset();
                    case 1 -> peer.close();
                    case 2 -> peer.send((byte) -1, (byte) -1, (byte) -1, (byte) -1);
                    case 3 -> peer.sendFrame((byte) 1);
                    default -> {
                        if (peer.readFrame().length == 0) {
                            peer.sendFrame(ECHO);
                            peer.readFrame();
                        }
                    }
                }
            } catch (IOException refusedOrCutOff) {
                // So be it: who is refused, and who is let in, is the server's to say.
            } finally {
                peer.close();
            }
        }
        return null;
    }

    private static void exactlyTheLimitIsAdmitted(Door door, AdmissionPolicy policy) throws IOException {
        for (int i = 0; i < LIMIT; i++) {
            RawPeer peer = door.connect(i % LISTENERS, "127.0.0." + (1 + i % 3));
            assertArrayEquals(GREETING, peer.readFrame());
        }
        assertEquals(LIMIT, door.admission().gate().permitsTaken());
        RawPeer beyond = door.connect(0, "127.0.0.1");
        if (policy == AdmissionPolicy.ACCEPT_AND_REFUSE) {
            assertArrayEquals(new byte[] {9}, beyond.readFrame());
        }
        assertEquals(LIMIT, door.admission().sessions().count());
    }
}
