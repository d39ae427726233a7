package io.millrace.samples;

import io.millrace.core.CloseReason;
import io.millrace.core.Codec;
import io.millrace.core.Session;
import io.millrace.server.BroadcastResult;
import io.millrace.server.SessionGroup;
import io.millrace.server.SlowMemberPolicy;
import io.millrace.server.TcpServer;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/** Sends lines to many at once, and counts what became of them: not everybody reads. */
final class ChatTraffic {
    private final SlowMemberPolicy policy;
    private final LongAdder delivered = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final LongAdder stalled = new LongAdder();

    // Confined to the thread that asks for news.
    private String lastNews = "";

    ChatTraffic(SlowMemberPolicy policy) {
        this.policy = policy;
    }

    BroadcastResult send(SessionGroup readers, String line) {
        BroadcastResult result = readers.slowMembers(policy).broadcast(line, Codec.utf8());
        delivered.add(result.sent());
        dropped.add(result.dropped());
        return result;
    }

    void closed(CloseReason reason) {
        if (reason.kind() == CloseReason.Kind.STALLED) {
            stalled.increment();
        }
    }

    /** Returns what to print about people who do not read, if there is something new. */
    Optional<String> news(TcpServer server) {
        String news = "dropped " + dropped + " lines and closed " + stalled + " people so far";
        if (news.equals(lastNews) || dropped.sum() + stalled.sum() == 0) {
            return Optional.empty();
        }
        lastNews = news;
        return Optional.of(server.sessions().stream()
                .max(Comparator.comparingLong(Session::queuedBytes))
                .map(slowest -> news + "; for " + server.users().keyOf(slowest) + " " + slowest.queuedBytes()
                        + " bytes are queued")
                .orElse(news));
    }

    @Override
    public String toString() {
        return delivered + " lines delivered, " + dropped + " dropped, " + stalled
                + " people closed because they did not read";
    }
}
