package io.millrace.testing;

import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** One connection through a {@link FaultProxy}: two sockets, and a pipe each way. */
final class FaultLink {
    /*
     * Ends when both pipes have ended. A pipe ends when it has passed on the end of its stream, or when its sockets
     * have been closed under it: reset() closes both, which makes every blocked call return, and tells both pipes,
     * which makes every wait return. So nothing keeps a thread of a link alive once reset() has been called.
     */

    private final FaultProxy proxy;
    private final Socket client;
    private final Socket server;
    private final FaultPipe toServer;
    private final FaultPipe toClient;
    private final AtomicInteger piping = new AtomicInteger(2);

    FaultLink(FaultProxy proxy, Socket client, Socket server, int number) {
        this.proxy = proxy;
        this.client = client;
        this.server = server;
        String name = proxy.name() + "-" + number;
        // far apart for each connection and direction, and the same in every run
        long seed = proxy.seed() * 1_000_003 + 2L * number;
        this.toServer = new FaultPipe(this, client, server, proxy::toUpstream, seed, name + "-up");
        this.toClient = new FaultPipe(this, server, client, proxy::toClient, seed + 1, name + "-down");
    }

    void start() {
        toServer.start();
        toClient.start();
    }

    void swallowed(int bytes) {
        proxy.swallowed(bytes);
    }

    void toxicsChanged() {
        toServer.wake();
        toClient.wake();
    }

    /** Ends both directions in good order. */
    void finish() {
        toServer.finish();
        toClient.finish();
    }

    /** Ends both directions with a reset. */
    void reset() {
        reset(client);
        reset(server);
        toServer.stop();
        toClient.stop();
    }

    static void reset(Socket socket) {
        try (socket) {
            socket.setSoLinger(true, 0);
        } catch (IOException e) {
            // It is closed already, or is now.
        }
    }

    /** Hears that a pipe has passed on all it ever will. */
    void pipeEnded() {
        if (piping.decrementAndGet() == 0) {
            try (client;
                    server) {
                // both have said all they had to
            } catch (IOException e) {
                // They are closed as far as they can be.
            }
            proxy.ended(this);
        }
    }

    void join(long endNanos) throws InterruptedException {
        for (Thread thread :
                new Thread[] {toServer.reader(), toServer.writer(), toClient.reader(), toClient.writer()}) {
            thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime())));
        }
    }
}
