package io.millrace.server;

import io.millrace.core.engine.IoRuntime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Looks whether a server is ready and alive. */
final class HealthCheck {
    private HealthCheck() {}

    static ServerHealth of(ServerState state, @Nullable OpenServer open, int maxConnections) {
        List<String> problems = new ArrayList<>();
        if (open == null || state != ServerState.RUNNING) {
            problems.add(
                    switch (state) {
                        case NEW, RUNNING -> "it has not been started";
                        case DRAINING -> "it is draining, and takes no new connections";
                        case STOPPED -> "it has stopped";
                    });
        }
        boolean ready = problems.isEmpty();
        boolean alive = state != ServerState.STOPPED;
        if (open != null && alive) {
            ready &= canAccept(open, maxConnections, problems);
            alive = hasThreads(open.runtime(), problems);
        }
        return new ServerHealth(state, ready && alive, alive, List.copyOf(problems));
    }

    private static boolean canAccept(OpenServer open, int maxConnections, List<String> problems) {
        int connections = open.admission().sessions().count();
        boolean isFull = connections >= maxConnections;
        if (isFull) {
            problems.add("it is at its limit of " + maxConnections + " connections");
        }
        boolean isFailing = open.admission().isBackingOff();
        if (isFailing) {
            problems.add(
                    "accepting fails and is tried again, " + open.admission().acceptFailures() + " times so far");
        }
        return !isFull && !isFailing;
    }

    private static boolean hasThreads(IoRuntime runtime, List<String> problems) {
        int blocked = runtime.blockedThreads();
        int lost = runtime.lostThreads();
        int threads = runtime.threadCount();
        if (blocked > 0) {
            problems.add("callbacks hold " + blocked + " of " + threads + " I/O threads");
        }
        if (lost > 0) {
            problems.add(lost + " of " + threads + " I/O threads are lost");
        }
        return blocked + lost < threads;
    }
}
