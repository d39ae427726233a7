package io.millrace.core.internal.request;

import java.util.function.IntConsumer;

/** A session that is told when requests are due, and whose handlers never throw. */
record Due(Runnable told, IntConsumer overdue) implements Requester {
    Due(Runnable told) {
        this(told, inARow -> {});
    }

    @Override
    public boolean beginsRequests() {
        return true;
    }

    @Override
    public void requestsDue() {
        told.run();
    }

    @Override
    public void requestsOverdue(int inARow) {
        overdue.accept(inARow);
    }

    @Override
    public void requestForgotten() {}

    @Override
    public void handlerThrew(String callback, Throwable thrown) {
        throw new AssertionError(callback + " threw", thrown);
    }
}
