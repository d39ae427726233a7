package io.millrace.client.internal;

import io.millrace.client.endpoint.NameResolver;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Looks names up, off the I/O threads: a resolver blocks, for half a minute if it must. */
final class Resolver implements AutoCloseable {
    /*
     * A name that hangs must not keep others waiting. So whoever asks for a name that is being looked up joins that
     * lookup: a name holds one thread at most, however many wait for it and however often they ask again. (The JDK lets
     * only one thread at a time look one name up, so a second one would only hang behind the first.) Every other name
     * gets a thread at once, up to RUNNING_LIMIT of them; beyond that names wait in a queue, in order.
     *
     * Deadlines are their askers' own: a lookup that nobody waits for any more goes on until it returns, and gives its
     * thread up then.
     *
     * A thread takes a lookup from the queue under the lock in which it would otherwise count itself out, and a lookup
     * is only queued under that lock while all threads are counted in, so none is left behind. Futures are completed
     * outside the lock.
     */
    private static final int RUNNING_LIMIT = 64;
    private static final int WAITING_LIMIT = 1_024;
    private static final long IDLE_SECONDS = 5;
    private static final AtomicInteger threadsMade = new AtomicInteger();

    private static final String BYTE = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final Pattern IPV4 = Pattern.compile(BYTE + "(\\." + BYTE + "){3}");

    private final NameResolver names;
    // Unbounded by itself: `running` is the bound, and a thread that has just been counted out may still be there.
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                Thread thread = new Thread(null, task, "millrace-resolver-" + threadsMade.incrementAndGet(), 0, false);
                thread.setDaemon(true);
                return thread;
            });

    // Guarded by this.
    private final Map<String, Lookup> lookups = new HashMap<>();
    private final ArrayDeque<Lookup> waiting = new ArrayDeque<>();
    private int running;
    private boolean closed;

    Resolver(NameResolver names) {
        this.names = names;
    }

    /**
     * Looks a name up.
     *
     * @param host a name or an address
     * @return its addresses, not empty: completes at once for an address, or on a thread of the resolver's; shared with
     *     others, so not to be completed or cancelled
     */
    CompletableFuture<List<InetAddress>> resolve(String host) {
        if (isAddress(host)) {
            try {
                return CompletableFuture.completedFuture(List.of(InetAddress.getByName(host)));
            } catch (UnknownHostException notEvenThat) {
                return CompletableFuture.failedFuture(notEvenThat);
            }
        }
        Lookup lookup;
        Throwable refused = null;
        synchronized (this) {
            lookup = lookups.get(host);
            if (lookup != null) {
                return lookup.found;
            }
            lookup = new Lookup(host);
            refused = begin(lookup);
        }
        if (refused != null) {
            lookup.found.completeExceptionally(refused);
        }
        return lookup.found;
    }

    /** A colon is in IPv6 addresses only; what has the form of an IPv4 address is not looked up anywhere. */
    private static boolean isAddress(String host) {
        return host.indexOf(':') >= 0 || IPV4.matcher(host).matches();
    }

    /** Guarded by this. Returns why the lookup cannot be. */
    private @Nullable Throwable begin(Lookup lookup) {
        if (closed) {
            return new UnknownHostException("the client is closed");
        }
        if (running == RUNNING_LIMIT) {
            if (waiting.size() == WAITING_LIMIT) {
                return new UnknownHostException("not looked up: " + RUNNING_LIMIT + " lookups of other names hang, and "
                        + WAITING_LIMIT + " names wait");
            }
            waiting.add(lookup);
        } else {
            try {
                threads.execute(lookup);
            } catch (Throwable noThread) {
                return noThread;
            }
            running++;
        }
        lookups.put(lookup.host, lookup);
        return null;
    }

    /** Ends a lookup and returns the one that its thread goes on with. */
    private synchronized @Nullable Lookup ended(Lookup lookup) {
        lookups.remove(lookup.host);
        Lookup next = waiting.poll();
        if (next == null) {
            running--;
        }
        return next;
    }

    /** Fails what waits for a thread and interrupts what has one. */
    @Override
    public void close() {
        List<Lookup> never;
        synchronized (this) {
            closed = true;
            never = List.copyOf(waiting);
            waiting.clear();
        }
        threads.shutdownNow();
        never.forEach(lookup -> lookup.found.completeExceptionally(new UnknownHostException("the client is closed")));
    }

    /** One name that is being looked up, or waits for that. */
    private final class Lookup implements Runnable {
        private final String host;
        private final CompletableFuture<List<InetAddress>> found = new CompletableFuture<>();

        Lookup(String host) {
            this.host = host;
        }

        @Override
        public void run() {
            Lookup current = this;
            while (current != null) {
                current = current.lookUp();
            }
        }

        /** Who joins hears the outcome even if it comes between the answer and the end: the future keeps it. */
        private @Nullable Lookup lookUp() {
            List<InetAddress> addresses = null;
            Throwable failure = null;
            try {
                addresses = List.copyOf(names.resolve(host));
                if (addresses.isEmpty()) {
                    failure = new UnknownHostException(host + " has no address");
                }
            } catch (Throwable e) {
                failure = e;
            }
            Lookup next = ended(this);
            if (failure != null) {
                found.completeExceptionally(failure);
            } else {
                found.complete(addresses);
            }
            return next;
        }
    }
}
