package io.millrace.client.request;

/**
 * How a request came by its connection, or why it had none: the five cases that clients of the original knew. They say
 * nothing of the reply; new programs look at {@link Outcome#kind()} and {@link Outcome#connectionUse()}.
 */
public enum SendStatus {
    /** An idle connection was there: {@code OK_ON_STEPONE_REUSE}. */
    REUSED("OK_ON_STEPONE_REUSE"),

    /** A connection was free after a wait: {@code OK_ON_STEPTWO_REUSE}. */
    REUSED_AFTER_WAITING("OK_ON_STEPTWO_REUSE"),

    /** A connection was opened, or it was tried in vain, which was not known yet at that point: {@code OK_ON_OPENNEW}. */
    OPENED("OK_ON_OPENNEW"),

    /** There was no connection to be had: {@code CONNECTION_EXHAUST}. */
    CONNECTIONS_EXHAUSTED("CONNECTION_EXHAUST"),

    /** As many requests as may be were in progress: {@code TOOMANY_REQUEST}. */
    TOO_MANY_REQUESTS("TOOMANY_REQUEST");

    private final String seedName;

    SendStatus(String seedName) {
        this.seedName = seedName;
    }

    /**
     * Returns what the case was called in the original.
     *
     * @return the name, to the letter
     */
    public String seedName() {
        return seedName;
    }
}
