package io.millrace.server.internal;

import io.millrace.core.CloseReason;
import io.millrace.core.internal.SessionSet;
import io.millrace.core.internal.TcpSession;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings the sessions of a server to their end, and says how that went.
 *
 * <p>Threading: run once, by a thread that may wait.
 */
public final class Drain {
    /*
     * The sessions do all of it themselves: each finishes what is in flight and closes. This only tells them, waits,
     * and cuts off what is left when it is due. A handler that never returns holds its session's last callback, and
     * perhaps its I/O thread, but not this: after the cut there is one more bounded wait, and then what is still
     * there is named.
     */
    private final SessionSet sessions;
    private final CloseReason reason;
    private final long startNanos;

    /**
     * How it went.
     *
     * @param ended sessions that ended in good order
     * @param cut sessions that were cut off
     * @param left sessions that are still there
     * @param tookNanos how long it took, in nanoseconds
     * @param inTime whether all ended before it was due
     * @param stuckHandlers a line for each handler that has not returned
     */
    public record Outcome(int ended, int cut, int left, long tookNanos, boolean inTime, List<String> stuckHandlers) {}

    /**
     * Prepares a drain.
     *
     * @param sessions whose end it is; {@link SessionSet#dueIn} says when it has to come
     * @param reason why
     * @param startNanos since when it takes its time, by {@link System#nanoTime}: before its deadline was set
     */
    public Drain(SessionSet sessions, CloseReason reason, long startNanos) {
        this.sessions = sessions;
        this.reason = reason;
        this.startNanos = startNanos;
    }

    /**
     * Ends all sessions: waits for it until it is due, and a bounded moment longer.
     *
     * @param mostLines how many stuck handlers to describe
     * @return how it went
     */
    public Outcome run(int mostLines) {
        int all = sessions.drain(reason);
        boolean inTime = sessions.awaitEmptyOrDue();
        if (!inTime) {
            sessions.cut(reason);
            sessions.awaitCut();
        }
        // Looked at before they are counted, so that none is described that has ended meanwhile.
        List<String> stuck = stuckHandlers(mostLines);
        int left = sessions.count();
        int cut = sessions.cut();
        return new Outcome(
                Math.max(0, all - cut),
                cut,
                left,
                System.nanoTime() - startNanos,
                inTime,
                left == 0 ? List.of() : List.copyOf(stuck));
    }

    private List<String> stuckHandlers(int mostLines) {
        List<String> lines = new ArrayList<>();
        int more = 0;
        for (TcpSession session : sessions.sessions()) {
            if (lines.size() == mostLines) {
                more++;
                continue;
            }
            String line = StuckHandler.describe(session);
            if (line != null) {
                lines.add(line);
            }
        }
        if (more > 0) {
            lines.add("and perhaps those of " + more + " more sessions");
        }
        return lines;
    }
}
