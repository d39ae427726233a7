package io.millrace.server.internal;

import static io.millrace.testing.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.core.protocol.Protocol;
import io.millrace.server.admission.AdmissionConfig;
import io.millrace.server.admission.Cidr;
import io.millrace.server.admission.RefusalReason;
import io.millrace.testing.CapturedLog;
import io.millrace.testing.LeakCheck;
import io.millrace.testing.RawPeer;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class OriginReaderIT {
    private static final byte[] GREETING = {};
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<Question> asked = new LinkedBlockingQueue<>();

    private record Question(InetSocketAddress socketAddress, OriginReader.Outcome outcome) {}

    @Test
    void connectionIsAdmittedWhenItsOriginIsKnownAndCountedFromTheAccept() throws Exception {
        Door door = door(AdmissionConfig.builder().maxConnections(1).build());
        RawPeer client = door.connect(0);
        Question question = question();

        assertEquals(client.localAddress(), question.socketAddress());
        assertEquals(1, door.admission().gate().permitsTaken());
        assertEquals(0, door.admission().acceptsInFlight());
        assertEquals(0, door.admission().sessions().count());
        question.outcome().found(question.socketAddress(), NOTHING);

        assertArrayEquals(GREETING, client.readFrame());
    }

    @Test
    void filterAndLimitGoByTheOriginNotByTheProxy() throws Exception {
        AdmissionConfig config =
                AdmissionConfig.builder().maxConnectionsPerAddress(1).build();
        config.filter().deny(Cidr.parse("192.0.2.0/24"));
        Door door = door(config);
        RawPeer denied = door.connect(0);
        question().outcome().found(new InetSocketAddress("192.0.2.1", 1), NOTHING);
        denied.expectEndOfStream();
        assertEquals(1, door.refused(RefusalReason.ADDRESS_DENIED));

        RawPeer first = door.connect(0);
        Question one = question();
        one.outcome().found(one.socketAddress(), NOTHING);
        RawPeer second = door.connect(0);
        Question two = question();
        two.outcome().found(two.socketAddress(), NOTHING);

        assertArrayEquals(GREETING, first.readFrame());
        second.expectEndOfStream();
        assertEquals(1, door.refused(RefusalReason.TOO_MANY_FROM_ADDRESS));
    }

    @Test
    void readerRefusesOnceAndThePermitIsBack() throws Exception {
        Door door = door(AdmissionConfig.builder().maxConnections(1).build());
        RawPeer client = door.connect(0);
        Question question = question();

        question.outcome().refused(RefusalReason.UNTRUSTED_PROXY);
        question.outcome().refused(RefusalReason.BAD_PROXY_HEADER);
        question.outcome().found(question.socketAddress(), NOTHING);

        client.expectEndOfStream();
        assertEquals(1, door.refused(RefusalReason.UNTRUSTED_PROXY));
        assertEquals(0, door.refused(RefusalReason.BAD_PROXY_HEADER));
        assertEquals(0, door.admission().gate().permitsTaken());
        RawPeer next = door.connect(0);
        Question again = question();
        again.outcome().found(again.socketAddress(), NOTHING);
        assertArrayEquals(GREETING, next.readFrame());
    }

    @Test
    void connectionWhoseOriginIsNotKnownYetIsClosedWhenAcceptingStops() throws Exception {
        Door door = door(AdmissionConfig.defaults());
        RawPeer client = door.connect(0);
        Question question = question();

        door.admission().stop();

        client.expectEndOfStream();
        assertEquals(1, door.refused(RefusalReason.SHUTTING_DOWN));
        question.outcome().found(question.socketAddress(), NOTHING);
        door.expectNobody();
    }

    @Test
    void readerThatThrowsCostsItsConnectionOnly() throws Exception {
        try (CapturedLog log = new CapturedLog()) {
            Door door = leaks.close(new Door(
                    1,
                    AdmissionConfig.builder().maxConnections(1).build(),
                    Protocol.lengthPrefixed(),
                    (channel, address, outcome) -> {
                        throw new IllegalStateException("on purpose");
                    }));

            for (int i = 1; i <= 3; i++) {
                door.connect(0).expectEndOfStream();
                door.awaitRefused(RefusalReason.BROKEN, i);
            }

            awaitSoon("it accepts", () -> door.admission().acceptsInFlight() == 1);
            assertEquals(3, log.lines().size(), log.lines()::toString);
        }
    }

    private Door door(AdmissionConfig config) throws Exception {
        return leaks.close(new Door(
                1,
                config,
                Protocol.lengthPrefixed(),
                (channel, address, outcome) -> asked.add(new Question(address, outcome))));
    }

    private Question question() throws InterruptedException {
        Question question = asked.poll(10, TimeUnit.SECONDS);
        if (question == null) {
            throw new AssertionError("nobody was asked");
        }
        return question;
    }
}
