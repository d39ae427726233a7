package io.millrace.core.internal.receive;

/** What has lately arrived in large frames, by which a session chooses how large a buffer it waits with. */
final class LargeBursts {
    /*
     * A burst is what arrives without a pause: it ends when nothing is left to deliver, and the next read may take
     * hours.
     *
     * Made with the session's loan, so that sessions which have never received a large frame do not pay for it.
     *
     * Confined to the session's steps.
     */

    /** How many bursts in a row are reason enough to expect another one like them. */
    private static final int STEADY_BURSTS = 8;

    private boolean largeSeen;
    private int largeInARow;
    private int shortInARow;

    /** Notes that a large frame has arrived. */
    void noteLargeFrame() {
        largeSeen = true;
    }

    /** Returns whether a large frame has arrived since this was last asked. */
    boolean takeLargeSeen() {
        boolean seen = largeSeen;
        largeSeen = false;
        return seen;
    }

    /** Notes the end of a burst; returns whether several in a row have been large. */
    boolean noteBurst(boolean isLarge) {
        largeInARow = isLarge ? Math.min(largeInARow + 1, STEADY_BURSTS) : 0;
        return largeInARow == STEADY_BURSTS;
    }

    /**
     * Notes whether half the buffer would have done; returns whether it would for several in a row, and forgets them.
     */
    boolean noteShort(boolean isShort) {
        shortInARow = isShort ? shortInARow + 1 : 0;
        boolean isSteady = shortInARow == STEADY_BURSTS;
        shortInARow = isSteady ? 0 : shortInARow;
        return isSteady;
    }
}
