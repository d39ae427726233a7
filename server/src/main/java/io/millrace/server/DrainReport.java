package io.millrace.server;

import java.time.Duration;
import java.util.List;

/**
 * How the stop of a server went. Immutable.
 *
 * @param ended sessions that ended in good order, before the deadline
 * @param cut sessions whose connection had to be closed at the deadline
 * @param left sessions whose last callback had not returned when the server stopped waiting for it, be it that it is
 *     stuck itself or that its thread is
 * @param took how long it took from the first call to the end
 * @param inTime whether all sessions ended before the deadline
 * @param stuckHandlers a line for each handler that had not returned: its session, its thread and where it is; at most
 *     {@value #MOST_LINES}, and a last one for the rest
 */
public record DrainReport(int ended, int cut, int left, Duration took, boolean inTime, List<String> stuckHandlers) {
    /** How many stuck handlers are shown one by one. */
    public static final int MOST_LINES = 100;

    /** {@return several lines for people, without a line feed at the end} */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("server stopped after ")
                .append(took.toMillis())
                .append(inTime ? " ms, in time" : " ms, with the deadline over")
                .append("\n  sessions that ended in good order: ")
                .append(ended)
                .append("\n  sessions cut off at the deadline: ")
                .append(cut);
        if (left > 0) {
            text.append("\n  sessions left, because a callback does not return: ")
                    .append(left);
        }
        for (String line : stuckHandlers) {
            text.append("\n    ").append(line);
        }
        return text.toString();
    }
}
