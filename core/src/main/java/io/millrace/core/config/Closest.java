package io.millrace.core.config;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Guesses which known word was meant by an unknown one.
 *
 * <p>Threading: Thread-safe.
 */
public final class Closest {
    private Closest() {}

    /**
     * Returns the known word with the fewest letters to change, if it is near: at most half of the letters differ.
     *
     * @param word the unknown word
     * @param known the known words
     * @return the closest one, or null if none is near
     */
    public static @Nullable String to(String word, Collection<String> known) {
        String best = null;
        int fewest = Integer.MAX_VALUE;
        for (String candidate : known) {
            int changes = changes(word.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (changes < fewest) {
                fewest = changes;
                best = candidate;
            }
        }
        return fewest <= Math.max(1, word.length() / 2) ? best : null;
    }

    /** How many letters must be added, dropped or replaced to make one word of the other. */
    private static int changes(String from, String to) {
        int[] previous = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int[] row = new int[to.length() + 1];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = previous[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, 1 + Math.min(previous[j], row[j - 1]));
            }
            previous = row;
        }
        return previous[to.length()];
    }
}
