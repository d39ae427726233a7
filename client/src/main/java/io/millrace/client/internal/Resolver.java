package io.millrace.client.internal;

import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Looks names up, off the I/O threads: the JDK's resolver blocks, for half a minute if it must. */
final class Resolver implements AutoCloseable {
    private static final int THREADS = 4;
    private static final long IDLE_SECONDS = 5;
    private static final AtomicInteger threadsMade = new AtomicInteger();

    private final ThreadPoolExecutor executor = new ThreadPoolExecutor(
            THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                Thread thread = new Thread(null, task, "millrace-resolver-" + threadsMade.incrementAndGet(), 0, false);
                thread.setDaemon(true);
                return thread;
            });

    Resolver() {
        executor.allowCoreThreadTimeOut(true);
    }

    /** Looks a name up; completes on a thread of the resolver's, or fails with UnknownHostException. */
    CompletableFuture<InetAddress[]> resolve(String host) {
        CompletableFuture<InetAddress[]> addresses = new CompletableFuture<>();
        try {
            executor.execute(() -> {
                try {
                    addresses.complete(InetAddress.getAllByName(host));
                } catch (Throwable e) {
                    addresses.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException closed) {
            addresses.completeExceptionally(closed);
        }
        return addresses;
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
