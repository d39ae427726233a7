package io.millrace.core.engine;

/** A thread that serves many sessions, so that whatever would wait on it is refused. */
class NonBlockingThread extends Thread {
    NonBlockingThread(Runnable loop, String name, boolean daemon) {
        super(null, loop, name, 0, false);
        setDaemon(daemon);
    }
}
