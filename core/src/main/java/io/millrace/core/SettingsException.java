package io.millrace.core;

import java.util.List;

/** Names everything that is wrong with a section of {@link Settings}. */
public final class SettingsException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** What is wrong, a line each. */
    @SuppressWarnings("serial")
    private final List<String> problems;

    SettingsException(String source, List<String> problems) {
        super(source + ": " + String.join("\n" + source + ": ", problems));
        this.problems = List.copyOf(problems);
    }

    /**
     * Returns what is wrong, key by key.
     *
     * @return one line for each: key, value, what is allowed
     */
    public List<String> problems() {
        return problems;
    }
}
