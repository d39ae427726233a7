package io.millrace.server;

import static io.millrace.server.LeakCheck.awaitSoon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.core.CloseReason;
import io.millrace.core.IoGroup;
import io.millrace.core.protocol.Protocol;
import java.net.ConnectException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("engine")
class ServerGroupIT {
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    private final BlockingQueue<CloseReason.Kind> ends = new LinkedBlockingQueue<>();

    @Test
    void closingOneServerLeavesAnotherOfTheGroupWorking() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        TcpServer one = leaks.watch(echo().group(group).bind(0));
        TcpServer other = leaks.watch(echo().group(group).bind(0));
        RawClient ofOne = leaks.close(RawClient.to(one.port()));
        RawClient ofOther = leaks.close(RawClient.to(other.port()));
        assertEquals("one", ofOne.ask("one"));
        assertEquals("other", ofOther.ask("other"));
        RawClient.closeWhenTheyEnd(List.of(ofOne));

        one.close();

        assertEquals("still", ofOther.ask("still"));
        assertEquals("new", leaks.close(RawClient.to(other.port())).ask("new"));
        assertThrows(ConnectException.class, () -> RawClient.to(one.port()));
    }

    @Test
    void closingTheGroupClosesItsServersAndEndsItsThreads() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        TcpServer one = leaks.watch(echo().group(group).bind(0));
        TcpServer other = leaks.watch(echo().group(group).bind(0));
        List<RawClient> clients =
                List.of(leaks.close(RawClient.to(one.port())), leaks.close(RawClient.to(other.port())));
        for (RawClient client : clients) {
            assertEquals("hello", client.ask("hello"));
        }
        RawClient.closeWhenTheyEnd(clients);

        group.close();

        one.awaitClosed();
        other.awaitClosed();
        awaitSoon("threads ended", () -> LeakCheck.millraceThreads().isEmpty());
        assertEquals(2, ends.size());
    }

    @Test
    void closingTheServersOwnGroupClosesTheServer() throws Exception {
        TcpServer server = leaks.watch(echo().bind(0));

        server.group().close();

        server.awaitClosed();
        awaitSoon("threads ended", () -> LeakCheck.millraceThreads().isEmpty());
    }

    @Test
    void serverThatHasAGroupOfItsOwnEndsItAfterTheDrainAndASharedOneStays() throws Exception {
        IoGroup group = leaks.watch(IoGroup.start());
        TcpServer sharing = leaks.watch(echo().group(group).bind(0));
        TcpServer owning = leaks.watch(echo().bind(0));
        assertSame(group, sharing.group());

        sharing.closeNow();
        owning.closeNow();

        assertEquals(
                "works",
                leaks.close(RawClient.to(
                                leaks.watch(echo().group(group).bind(0)).port()))
                        .ask("works"));
        assertThrows(RuntimeException.class, () -> echo().group(owning.group()).bind(0));
    }

    @Test
    void closingServersAndTheirGroupAtTheSameTimeWaitsForNobodyInVain() throws Exception {
        for (int round = 0; round < 20; round++) {
            IoGroup group = leaks.watch(IoGroup.start());
            TcpServer sharing = leaks.watch(echo().group(group).bind(0));
            TcpServer owning = leaks.watch(echo().bind(0));
            List<Thread> closers = List.of(
                    new Thread(group::close),
                    new Thread(sharing::close),
                    new Thread(owning::close),
                    new Thread(owning.group()::close));
            closers.forEach(Thread::start);
            for (Thread closer : closers) {
                closer.join(TimeUnit.SECONDS.toMillis(10));
                assertEquals(Thread.State.TERMINATED, closer.getState());
            }
        }
    }

    private TcpServerBuilder echo() {
        return TcpServer.builder()
                .protocol(Protocol.lengthPrefixed())
                .onMessage((session, message) -> session.send(message))
                .onClose((session, reason) -> ends.add(reason.kind()));
    }
}
