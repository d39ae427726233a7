package io.millrace.benchmarks.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hand-written text with placeholders: {@code {{verb argument argument}}}.
 *
 * @param name of its file, for errors
 * @param text with placeholders
 */
record Template(String name, String text) {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{([^{}]*)}}");

    /** Fills in one kind of placeholder. */
    @FunctionalInterface
    interface Verb {
        /**
         * Returns what stands in its place.
         *
         * @throws IllegalArgumentException if the arguments cannot be meant
         */
        String text(List<String> arguments);
    }

    /** Reads a template that lies beside this class. */
    static Template read(String name) {
        try (InputStream file = Template.class.getResourceAsStream(name)) {
            if (file == null) {
                throw new IllegalStateException(name + " is missing from this jar");
            }
            return new Template(name, new String(file.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns the text with every placeholder filled in.
     *
     * @throws IllegalArgumentException if one cannot be; it names the line and the placeholder
     */
    String fill(Map<String, Verb> verbs) {
        return PLACEHOLDER.matcher(text).replaceAll(found -> Matcher.quoteReplacement(fill(found, verbs)));
    }

    private String fill(MatchResult found, Map<String, Verb> verbs) {
        List<String> words = Arrays.asList(found.group(1).strip().split("\\s+", -1));
        Verb verb = verbs.get(words.get(0));
        try {
            if (verb == null) {
                throw new IllegalArgumentException("there are " + String.join(", ", new TreeSet<>(verbs.keySet())));
            }
            return verb.text(words.subList(1, words.size()));
        } catch (IllegalArgumentException e) {
            long line = 1
                    + text.substring(0, found.start())
                            .chars()
                            .filter(c -> c == '\n')
                            .count();
            throw new IllegalArgumentException(
                    name + ", line " + line + ", " + found.group() + ": " + e.getMessage(), e);
        }
    }
}
