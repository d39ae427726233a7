package io.millrace.core.internal.request;

/** What the table of requests needs of its session. */
public interface Requester {
    /** Returns whether requests may still be begun; asked under the table's lock. */
    boolean beginsRequests();

    /** Hears, on the timer thread, that {@link RequestTable#expire} has work. */
    void requestsDue();

    /**
     * Hears, behind the failures themselves and without a lock, that replies have not come in time.
     *
     * @param inARow how many requests have had no reply in time since the last reply, of whichever
     */
    void requestsOverdue(int inARow);

    /** Hears that a request was cancelled and has left the table. */
    void requestForgotten();

    /** Hears that a callback threw: logs it, and closes the session if it was an Error. */
    void handlerThrew(String callback, Throwable thrown);
}
