package io.millrace.core.internal.request;

/** A session that is told when requests are due, and whose handlers never throw. */
record Due(Runnable told) implements RequestTable.Requester {
    @Override
    public void requestsDue() {
        told.run();
    }

    @Override
    public void handlerThrew(String callback, Throwable thrown) {
        throw new AssertionError(callback + " threw", thrown);
    }
}
