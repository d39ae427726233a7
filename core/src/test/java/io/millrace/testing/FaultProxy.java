package io.millrace.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A TCP proxy that stands between clients and one address and harms what passes through it: {@link Toxics} per
 * direction, for all connections, switched at any time.
 *
 * <p>Where the stream is cut, and how much each delay varies, follows from the seed, the number of the connection and
 * the direction; only what TCP itself decides, such as how much one read brings, does not. A failing test shows the
 * seed by {@link #toString()}.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: listens from {@link #to} until {@link #close()}, which resets all connections, waits for all threads
 * and leaves nothing behind. A connection ends by itself when both directions have ended, or one has broken.
 *
 * <p>Ownership: of each direction of each connection at most {@value #BUFFERED_BYTES} bytes are held.
 */
public final class FaultProxy implements AutoCloseable {
    /** How much of each direction of a connection is on its way at most, in bytes. */
    public static final int BUFFERED_BYTES = 256 << 10;

    private static final int CONNECT_TIMEOUT_MILLIS = 10_000;
    private static final long CLOSE_TIMEOUT_MILLIS = 10_000;
    private static final long RETRY_MILLIS = 20;
    private static final int BACKLOG = 1_024;
    private static final AtomicInteger made = new AtomicInteger();

    private final String name = "fault-proxy-" + made.incrementAndGet();
    private final InetSocketAddress upstream;
    private final long seed;
    private final ServerSocket listener;
    private final Thread acceptor;
    private final Set<FaultLink> links = ConcurrentHashMap.newKeySet();

    // Confined to the acceptor.
    private int accepted;

    private volatile Toxics toUpstream = Toxics.none();
    private volatile Toxics toClient = Toxics.none();

    // Written under this; read by anyone.
    private volatile boolean closed;

    private final AtomicLong swallowedBytes = new AtomicLong();

    private FaultProxy(InetSocketAddress upstream, long seed) throws IOException {
        this.upstream = upstream;
        this.seed = seed;
        this.listener = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        this.acceptor = new Thread(this::acceptAll, name + "-acceptor");
        acceptor.setDaemon(true);
    }

    /**
     * Starts a proxy on a free port of the loopback address, without toxics.
     *
     * @param upstream where connections go
     * @param seed what all chance follows from
     * @return the running proxy
     * @throws IOException if the system refuses the port
     */
    public static FaultProxy to(InetSocketAddress upstream, long seed) throws IOException {
        FaultProxy proxy = new FaultProxy(upstream, seed);
        proxy.acceptor.start();
        return proxy;
    }

    private void acceptAll() {
        while (!closed) {
            try {
                open(listener.accept());
            } catch (IOException e) {
                // closed; or one client has gone already; or no descriptor is left, and then there is no hurry
                awaitClose(RETRY_MILLIS);
            }
        }
    }

    private synchronized void awaitClose(long millis) {
        try {
            if (!closed) {
                wait(millis);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void open(Socket client) throws IOException {
        accepted++;
        Socket server = new Socket();
        try {
            server.connect(upstream, CONNECT_TIMEOUT_MILLIS);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
        } catch (IOException refused) {
            FaultLink.reset(client);
            FaultLink.reset(server);
            return;
        }
        FaultLink link = new FaultLink(this, client, server, accepted);
        links.add(link);
        link.start();
        if (closed) {
            // close() may have looked before this link was there
            link.reset();
        }
    }

    void ended(FaultLink link) {
        links.remove(link);
    }

    /**
     * Returns where clients connect to.
     *
     * @return the address that is listened on
     */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    /**
     * Switches the toxics of what clients send, for bytes that have not passed yet.
     *
     * @param toxics from now on
     * @return this
     */
    public FaultProxy toUpstream(Toxics toxics) {
        toUpstream = toxics;
        links.forEach(FaultLink::toxicsChanged);
        return this;
    }

    /**
     * Switches the toxics of what clients receive, for bytes that have not passed yet.
     *
     * @param toxics from now on
     * @return this
     */
    public FaultProxy toClient(Toxics toxics) {
        toClient = toxics;
        links.forEach(FaultLink::toxicsChanged);
        return this;
    }

    Toxics toUpstream() {
        return toUpstream;
    }

    Toxics toClient() {
        return toClient;
    }

    long seed() {
        return seed;
    }

    String name() {
        return name;
    }

    /**
     * Returns how much has been swallowed, both ways and of all connections.
     *
     * @return bytes that came in and will never go out
     */
    public long swallowedBytes() {
        return swallowedBytes.get();
    }

    void swallowed(int bytes) {
        swallowedBytes.addAndGet(bytes);
    }

    /**
     * Returns how many connections pass through now.
     *
     * @return those that have not ended
     */
    public int connections() {
        return links.size();
    }

    /** Resets all connections, both ends of each; new ones are welcome. */
    public void resetAll() {
        links.forEach(FaultLink::reset);
    }

    /** Stops listening, resets all connections and waits until every thread has ended. */
    @Override
    public void close() throws IOException, InterruptedException {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        listener.close();
        long endNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_TIMEOUT_MILLIS);
        acceptor.join(CLOSE_TIMEOUT_MILLIS);
        for (FaultLink link : List.copyOf(links)) {
            link.reset();
            link.join(endNanos);
        }
        if (acceptor.isAlive() || !links.isEmpty()) {
            throw new AssertionError("still running after " + CLOSE_TIMEOUT_MILLIS + " ms: " + this);
        }
    }

    @Override
    public String toString() {
        return "FaultProxy[" + address() + " to " + upstream + ", seed=" + seed + ", connections=" + connections()
                + ", toUpstream=" + toUpstream + ", toClient=" + toClient + "]";
    }
}
