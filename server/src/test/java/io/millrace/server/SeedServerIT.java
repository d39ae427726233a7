package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.protocol.Protocol;
import io.millrace.testing.RawPeer;
import io.millrace.testing.Script;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A server that speaks {@code Protocol.seed()}, byte by byte against clients that share no code with it. */
@Tag("engine")
class SeedServerIT {
    /** One conversation of each kind: a request, heartbeats, an empty reply, the end. */
    private static final Script CONVERSATION = Script.of(
            "-> 05000000 68656c6c6f",
            "<- 0d000000 01000000 01000000 68656c6c6f",
            "# two heartbeats, which nobody answers",
            "-> 00000000 00000000",
            "# a request whose reply is empty",
            "-> 01000000 21",
            "<- 08000000 02000000 01000000",
            "-> 02000000 6869",
            "<- 0a000000 03000000 01000000 6869",
            "-> end",
            "<- end");

    /** Three requests and a heartbeat among them, of a client that does not wait for replies. */
    private static final Script PIPELINED = Script.of(
            "-> 01000000 61 02000000 6262 00000000 01000000 21 00000000 01000000 63",
            "<- 09000000 01000000 01000000 61",
            "<- 0a000000 02000000 01000000 6262",
            "<- 08000000 03000000 01000000",
            "<- 09000000 04000000 01000000 63",
            "-> end",
            "<- end");

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<CloseReason> closed = new LinkedBlockingQueue<>();

    private static byte[] process(byte[] request) {
        return request[0] == '!' ? new byte[0] : request;
    }

    private TcpServer server(IoGroup group) throws Exception {
        return TcpServer.builder()
                .group(group)
                .protocol(Protocol.seed())
                .processor(SeedServerIT::process)
                .onClose((session, reason) -> closed.add(reason))
                .jmx(false)
                .bind("127.0.0.1", 0);
    }

    private static RawPeer connect(TcpServer server) throws Exception {
        return RawPeer.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), server.port()));
    }

    /** Plays a script against a server of its own, whose numbers begin at 1. */
    private void play(Script script, IoGroup group) throws Exception {
        try (TcpServer server = server(group)) {
            script.playClient(connect(server));
        }
    }

    private CloseReason.Kind nextKind() throws InterruptedException {
        CloseReason reason = closed.poll(10, TimeUnit.SECONDS);
        assertNotNull(reason, "onClose");
        return reason.kind();
    }

    @Test
    void everyByteOfTheConversationIsAsTheOldClientsKnowItHoweverItIsCut() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        play(CONVERSATION, group);
        play(CONVERSATION.byteByByte(), group);
        for (int cut = 1; cut <= CONVERSATION.cuts(); cut++) {
            play(CONVERSATION.cutAt(cut), group);
        }
    }

    @Test
    void clientThatDoesNotWaitIsAnsweredInOrderHoweverItsRequestsAreCut() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        play(PIPELINED, group);
        play(PIPELINED.byteByByte(), group);
        for (int cut = 1; cut <= PIPELINED.cuts(); cut++) {
            play(PIPELINED.cutAt(cut), group);
        }
    }

    @Test
    void lengthsThatCannotBeCloseTheConnectionWithoutAnAnswer() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        for (String length : List.of("ffffffff", "00000080", "ffffff7f", "01000001")) {
            play(Script.of("-> " + length, "<- end"), group);
            assertEquals(CloseReason.Kind.PROTOCOL, nextKind(), length);
        }
    }

    @Test
    void lengthThatIsTooShortForTheRequestLeavesTheRestToBeTheNextPrefix() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        // Nothing but the length says where a request ends: what is left over is taken for a length, and cannot be one.
        play(Script.of("-> 01000000 61626364 65", "<- 09000000 01000000 01000000 61", "<- end"), group);
        assertEquals(CloseReason.Kind.PROTOCOL, nextKind());
    }

    @Test
    void streamThatEndsInsideARequestIsAProtocolError() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        for (String part : List.of("0200", "02000000 68", "00000000 05")) {
            play(Script.of("-> " + part, "-> end", "<- end"), group);
            assertEquals(CloseReason.Kind.PROTOCOL, nextKind(), part);
        }
    }

    @Test
    void connectionsAreNumberedAsTheyAreAcceptedAndTransmissionsAcrossThem() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        TcpServer server = leaks.close(server(group));
        RawPeer first = leaks.close(connect(server));
        expect(first, ask(first), 1, 1);
        RawPeer second = leaks.close(connect(server));
        // The first has drawn 2 after its reply; the second drew 3 when it was accepted.
        expect(second, ask(second), 3, 2);
        expect(first, ask(first), 2, 1);
        expect(second, ask(second), 4, 2);
        expect(first, ask(first), 5, 1);
    }

    @Test
    void manyConnectionsAtOnceShareTheNumbersOfTransmissionsWithoutGapOrRepetition() throws Exception {
        int connections = 8;
        int rounds = 50;
        IoGroup group = leaks.watch(IoGroup.start());
        TcpServer server = leaks.close(server(group));
        List<CompletableFuture<List<Integer>>> clients = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            clients.add(CompletableFuture.supplyAsync(
                    () -> transmissions(server, rounds), task -> new Thread(task, "seed-client").start()));
        }
        Set<Integer> seen = new HashSet<>();
        for (CompletableFuture<List<Integer>> client : clients) {
            List<Integer> transmissions = client.get(20, TimeUnit.SECONDS);
            for (int i = 1; i < rounds; i++) {
                assertTrue(transmissions.get(i) > transmissions.get(i - 1), "not growing: " + transmissions);
            }
            seen.addAll(transmissions);
        }
        assertEquals(connections * rounds, seen.size(), "a number was given twice");
        // Each connection holds one number more, for the reply that did not come to be.
        assertTrue(seen.stream().allMatch(number -> number >= 1 && number <= connections * (rounds + 1)), "" + seen);
    }

    private static List<Integer> transmissions(TcpServer server, int rounds) {
        List<Integer> transmissions = new ArrayList<>();
        try (RawPeer peer = connect(server)) {
            for (int i = 0; i < rounds; i++) {
                ask(peer);
                ByteBuffer reply = reply(peer);
                transmissions.add(reply.getInt(4));
            }
            return transmissions;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static byte ask(RawPeer peer) throws Exception {
        peer.send(new byte[] {1, 0, 0, 0, 'x'});
        return 'x';
    }

    private static ByteBuffer reply(RawPeer peer) throws Exception {
        return ByteBuffer.wrap(peer.readExactly(13)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void expect(RawPeer peer, byte payload, int transmission, int session) throws Exception {
        ByteBuffer reply = reply(peer);
        assertEquals(
                List.of(9, transmission, session, (int) payload),
                List.of(reply.getInt(0), reply.getInt(4), reply.getInt(8), (int) reply.get(12)));
    }
}
