package io.millrace.benchmarks.finding;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What was found of a goal.
 *
 * @param measured as the page shows it
 * @param held whether it is what was asked
 */
record Verdict(String measured, Held held) {
    /** Of what was not measured. */
    static final Verdict UNKNOWN = new Verdict("", Held.UNKNOWN);

    /** The answers, from the worst. */
    enum Held {
        /** It is not. */
        NO("no"),

        /** Nobody knows. */
        UNKNOWN("not measured"),

        /** The median is, but the confidence interval reaches to where it would not be. */
        NARROWLY("yes, but the interval reaches further"),

        /** It is. */
        YES("yes");

        private final String words;

        Held(String words) {
            this.words = words;
        }

        /** Returns what the page says. */
        String words() {
            return words;
        }
    }

    /** Judges a value that must be at least a bound; {@code unsure} is the worse end of its interval. */
    static Held atLeast(double bound, double value, double unsure) {
        if (!(value >= bound)) {
            return Held.NO;
        }
        return unsure >= bound ? Held.YES : Held.NARROWLY;
    }

    /** Judges a value that must be at most a bound. */
    static Held atMost(double bound, double value, double unsure) {
        return atLeast(-bound, -value, -unsure);
    }

    /** Returns a verdict on all of what several are on. */
    static Verdict all(List<Verdict> verdicts) {
        String measured = verdicts.stream()
                .map(Verdict::measured)
                .filter(text -> !text.isEmpty())
                .collect(Collectors.joining("<br>"));
        return new Verdict(
                measured,
                verdicts.stream().map(Verdict::held).min(Enum::compareTo).orElse(Held.UNKNOWN));
    }
}
