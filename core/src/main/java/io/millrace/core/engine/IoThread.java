package io.millrace.core.engine;

import org.jspecify.annotations.Nullable;

/** A thread of one group's fixed pool. It carries the turn that is open on it. */
final class IoThread extends NonBlockingThread {
    private final IoRuntime runtime;
    private final Turn turn = new Turn();

    IoThread(IoRuntime runtime, Runnable loop, String name, boolean daemon, @Nullable ClassLoader loader) {
        super(loop, name, daemon);
        this.runtime = runtime;
        setContextClassLoader(loader);
    }

    IoRuntime runtime() {
        return runtime;
    }

    Turn turn() {
        return turn;
    }
}
