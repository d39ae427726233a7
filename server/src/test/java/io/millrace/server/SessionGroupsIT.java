package io.millrace.server;

import static io.millrace.server.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.Codec;
import io.millrace.core.Session;
import io.millrace.core.protocol.Protocol;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is in which group and whose a session is, while sessions come and go. */
class SessionGroupsIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    void groupIsThereAsLongAsItHasMembers() throws Exception {
        Audience audience = new Audience(leaks, Protocol.lengthPrefixed()).connectMany(2);
        SessionGroups groups = audience.server.groups();
        Session first = audience.sessions.get(0);
        Session second = audience.sessions.get(1);

        assertTrue(groups.join("lobby", first));
        assertTrue(groups.join("lobby", first), "again is no harm");
        assertTrue(groups.join("lobby", second));
        assertTrue(groups.join("staff", second));

        assertEquals(List.of(first, second), groups.group("lobby").members());
        assertEquals(2, groups.group("lobby").size());
        assertEquals(1, groups.group("lobby").except(first, first).size());
        assertEquals(Set.of("lobby", "staff"), groups.names());
        assertEquals(Set.of("lobby", "staff"), groups.of(second));

        assertTrue(groups.leave("lobby", first));
        assertFalse(groups.leave("lobby", first));
        assertFalse(groups.leave("staff", first));
        assertTrue(groups.leaveAll(second));
        assertFalse(groups.leaveAll(second));
        assertEquals(Set.of(), groups.names());
        assertEquals(Set.of(), groups.of(second));
        assertEquals(0, groups.group("lobby").size());
        assertEquals(new BroadcastResult(0, 0, 0, 0), groups.group("lobby").broadcast(new byte[3]));
    }

    @Test
    void handlersFindTheServerOfTheirSession() throws Exception {
        Audience audience = new Audience(leaks, Protocol.lengthPrefixed()).connectMany(1);

        assertSame(audience.server, TcpServer.of(audience.sessions.get(0)));
    }

    @Test
    void sessionHasOneKeyAndAKeyHasItsSessions() throws Exception {
        Audience audience = new Audience(leaks, Protocol.lengthPrefixed()).connectMany(3);
        SessionUsers users = audience.server.users();
        Session phone = audience.sessions.get(0);
        Session desk = audience.sessions.get(1);
        Session other = audience.sessions.get(2);

        assertEquals(1, users.bind(42L, phone));
        assertEquals(2, users.bind(42L, desk));
        assertEquals(1, users.bind("guest", other));
        assertEquals(42L, users.keyOf(desk));
        assertEquals(List.of(phone, desk), users.sessions(42L).members());
        assertEquals(2, users.sessions(42L).broadcast("mail", Codec.utf8()).sent());
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(
                    "mail".getBytes(StandardCharsets.UTF_8),
                    audience.peers.get(i).readFrame());
        }

        assertEquals(2, users.bind("guest", desk), "in place of the key before");
        assertEquals(List.of(phone), users.sessions(42L).members());
        assertTrue(users.unbind(phone));
        assertFalse(users.unbind(phone));
        assertNull(users.keyOf(phone));
        assertEquals(Set.of("guest"), users.keys());
    }

    @Test
    void keyThatIsTakenIsNotBoundAgain() throws Exception {
        Audience audience = new Audience(leaks, Protocol.lengthPrefixed()).connectMany(3);
        SessionUsers users = audience.server.users();
        Session ann = audience.sessions.get(0);
        Session bob = audience.sessions.get(1);
        Session other = audience.sessions.get(2);

        assertTrue(users.bindIfFree("ann", ann));
        assertTrue(users.bindIfFree("ann", ann), "again is no harm");
        assertFalse(users.bindIfFree("ann", other), "taken");
        assertNull(users.keyOf(other));
        assertTrue(users.bindIfFree("bob", bob));
        assertFalse(users.bindIfFree("ann", bob), "taken");
        assertEquals("bob", users.keyOf(bob), "keeps the key it has");
        assertEquals(List.of(ann), users.sessions("ann").members());

        assertTrue(users.bindIfFree("anna", ann), "in place of the key before");
        assertTrue(users.bindIfFree("ann", bob), "free again");
        assertEquals(2, users.bind("ann", other));
        assertFalse(users.bindIfFree("ann", bob), "not alone");
        assertEquals(Set.of("ann", "anna"), users.keys());
        assertEquals(2, users.count());
    }

    @Test
    void oneOfManyGetsAKeyThatAllWantAtOnce() throws Exception {
        Audience audience = new Audience(leaks, Protocol.lengthPrefixed()).connectMany(4);
        SessionUsers users = audience.server.users();
        for (int round = 0; round < 200; round++) {
            Object key = round;
            long winners = audience.sessions.parallelStream()
                    .filter(session -> users.bindIfFree(key, session))
                    .count();
            assertEquals(1, winners);
            assertEquals(1, users.sessions(key).size());
        }
    }

    @Test
    void sessionIsAMemberInItsOnCloseAndNowhereAfterwards() throws Exception {
        BlockingQueue<Set<String>> atClose = new LinkedBlockingQueue<>();
        TcpServer[] server = new TcpServer[1];
        Audience audience = new Audience(
                leaks,
                Protocol.lengthPrefixed(),
                (session, message) -> {},
                builder -> builder.onClose(
                        (session, reason) -> atClose.add(server[0].groups().of(session))));
        server[0] = audience.server;
        Session leaving = audience.connect(0);
        Session staying = audience.connect(0);
        SessionGroup lobby = audience.allIn("lobby");
        audience.server.groups().join("alone", leaving);
        audience.server.users().bind("me", leaving);

        audience.peers.get(0).reset();
        leaving.closed().get(10, TimeUnit.SECONDS);

        assertEquals(Set.of("alone", "lobby"), atClose.poll(10, TimeUnit.SECONDS));
        awaitSoon(
                "the session is forgotten",
                () -> audience.server.groups().of(leaving).isEmpty());
        awaitSoon("its key too", () -> audience.server.users().keys().isEmpty());
        assertEquals(Set.of("lobby"), audience.server.groups().names());
        assertEquals(List.of(staying), lobby.members());
        assertFalse(audience.server.groups().join("lobby", leaving));
        assertEquals(0, audience.server.users().bind("me", leaving));
        assertEquals(List.of(staying), lobby.members());
    }

    @Test
    void sessionOfAnotherServerIsRefused() throws Exception {
        Session foreign = new Audience(leaks, Protocol.lengthPrefixed()).connect(0);
        Audience audience = new Audience(leaks, Protocol.lengthPrefixed());

        assertThrows(
                IllegalArgumentException.class, () -> audience.server.groups().join("lobby", foreign));
        assertThrows(
                IllegalArgumentException.class, () -> audience.server.users().bind("me", foreign));
        assertFalse(audience.server.groups().leave("lobby", foreign));
        assertEquals(Set.of(), audience.server.groups().names());
    }

    @ParameterizedTest
    @ValueSource(strings = {"group", "user", "only user"})
    void joinThatRacesWithTheEndLeavesNothing(String kind) throws Exception {
        Audience audience = new Audience(leaks, Protocol.lengthPrefixed());
        for (int round = 0; round < 100; round++) {
            Session session = audience.connect(0);
            CountDownLatch started = new CountDownLatch(1);
            List<String> joined = new ArrayList<>();
            Thread joiner = new Thread(() -> {
                started.countDown();
                String name;
                do {
                    name = "group " + joined.size();
                } while (joinOrBind(audience.server, kind, name, session) && joined.add(name));
            });
            joiner.start();
            assertTrue(started.await(10, TimeUnit.SECONDS));
            session.abort();
            joiner.join(10_000);
            assertFalse(joiner.isAlive(), "an ended session can still join");
        }
        awaitSoon("no group is left", () -> audience.server.groups().names().isEmpty());
        awaitSoon("no key is left", () -> audience.server.users().keys().isEmpty());
    }

    private static boolean joinOrBind(TcpServer server, String kind, String name, Session session) {
        return switch (kind) {
            case "group" -> server.groups().join(name, session);
            case "user" -> server.users().bind(name, session) > 0;
            default -> server.users().bindIfFree(name, session);
        };
    }
}
