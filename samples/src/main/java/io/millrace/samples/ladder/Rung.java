package io.millrace.samples.ladder;

import io.millrace.samples.models.CachedGroup;
import io.millrace.samples.models.EchoModel;
import io.millrace.samples.models.FixedGroup;
import io.millrace.samples.models.FutureReads;
import io.millrace.samples.models.MillraceEcho;
import io.millrace.samples.models.PollingLoop;
import io.millrace.samples.models.SelectorAndWorker;
import io.millrace.samples.models.SelectorLoop;
import io.millrace.samples.models.ThreadPerConnection;
import io.millrace.samples.models.VirtualThreads;
import java.io.IOException;
import java.util.Locale;

/** The rungs of the ladder, from the lowest to the highest. */
public enum Rung {
    /** Blocking sockets. */
    THREAD_PER_CONNECTION,
    /** Non-blocking sockets, asked in turn. */
    POLLING,
    /** {@code select}. */
    SELECTOR,
    /** {@code WSAAsyncSelect} and {@code WSAEventSelect}. */
    SELECTOR_AND_WORKER,
    /** Overlapped I/O with events. */
    FUTURE,
    /** Overlapped I/O with completion routines. */
    CACHED_GROUP,
    /** A completion port. */
    FIXED_GROUP,
    /** Java's own model. */
    VIRTUAL_THREADS,
    /** A completion port and a framework. */
    MILLRACE;

    /** Returns whether this Java can run it. */
    public boolean isPresent() {
        return this != VIRTUAL_THREADS || VirtualThreads.arePresent();
    }

    /** Starts its server in this process. */
    public EchoModel start() throws IOException {
        return switch (this) {
            case THREAD_PER_CONNECTION -> ThreadPerConnection.start();
            case POLLING -> PollingLoop.start();
            case SELECTOR -> SelectorLoop.start();
            case SELECTOR_AND_WORKER -> SelectorAndWorker.start();
            case FUTURE -> FutureReads.start();
            case CACHED_GROUP -> CachedGroup.start();
            case FIXED_GROUP -> FixedGroup.start();
            case VIRTUAL_THREADS -> VirtualThreads.start();
            case MILLRACE -> MillraceEcho.start();
        };
    }

    /** Returns its name on the command line, in tables and in charts. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
