package io.millrace.samples;

import io.millrace.client.request.Outcome;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** A table of what became of each message of a batch; neighbours with the same fate share a row. */
final class OutcomeTable {
    private OutcomeTable() {}

    static void print(List<? extends Outcome<?>> outcomes, PrintWriter out) {
        out.printf("  %-12s %-12s %-10s %-9s %s%n", "messages", "outcome", "maybe sent", "attempts", "connection");
        int first = 0;
        while (first < outcomes.size()) {
            String fate = describe(outcomes.get(first));
            int end = first + 1;
            while (end < outcomes.size() && describe(outcomes.get(end)).equals(fate)) {
                end++;
            }
            String range = end == first + 1 ? "" + end : (first + 1) + "-" + end;
            out.printf("  %-12s %s%n", range, fate);
            first = end;
        }
        outcomes.stream()
                .filter(outcome -> !outcome.isReply())
                .findFirst()
                .ifPresent(outcome -> out.println("  because: " + outcome.failure()));
    }

    private static String describe(Outcome<?> outcome) {
        return String.format(
                Locale.ROOT,
                "%-12s %-10s %-9d %s",
                outcome.kind(),
                outcome.maybeSent() ? "yes" : "no",
                outcome.attempts(),
                outcome.connectionUse() == null ? "none" : outcome.connectionUse());
    }
}
