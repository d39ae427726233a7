package io.millrace.samples.models;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Selector that notifies: one thread waits for all connections and only tells another thread which are ready; that one
 * reads and writes.
 *
 * <p>Stands for {@code WSAAsyncSelect}, whose notices are messages to a window, and {@code WSAEventSelect}, whose notices
 * are events that a thread waits for.
 */
public final class SelectorAndWorker implements EchoModel {
    private final ServerSocketChannel listener;
    private final Selector selector;
    private final int port;
    private final BlockingQueue<SelectionKey> messages = new LinkedBlockingQueue<>();
    private final Thread worker = EchoModel.daemon(this::work);

    private SelectorAndWorker(ServerSocketChannel listener, Selector selector) throws IOException {
        this.listener = listener;
        this.selector = selector;
        port = listener.socket().getLocalPort();
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** Starts the server and its two threads. */
    public static EchoModel start() throws IOException {
        SelectorAndWorker server =
                new SelectorAndWorker(ServerSocketChannel.open().bind(EchoModel.anyPort(), BACKLOG), Selector.open());
        server.worker.start();
        EchoModel.daemon(server::waitForEvents).start();
        return server;
    }

    private void waitForEvents() {
        try (selector) {
            while (listener.isOpen()) {
                selector.select(this::post);
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private void post(SelectionKey key) {
        if (key.attachment() instanceof EchoConnection) {
            key.interestOps(0); // no second message before the first has been dealt with
            messages.add(key);
        } else {
            accept();
        }
    }

    private void accept() {
        try {
            EchoConnection accepted = EchoConnection.accept(listener);
            if (accepted != null) {
                accepted.register(selector);
            }
        } catch (IOException noMore) {
            // close() was called, and the loop sees it; or there is no descriptor left, and it tries again.
        }
    }

    private void work() {
        try {
            while (true) {
                SelectionKey key = messages.take();
                EchoConnection connection = (EchoConnection) key.attachment();
                if (connection.step()) {
                    key.interestOps(connection.interest());
                    selector.wakeup(); // a selector that waits does not see the change
                }
            }
        } catch (InterruptedException | CancelledKeyException closed) {
            // close() was called.
        }
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        selector.wakeup();
        worker.interrupt();
    }
}
