package io.millrace.samples.models;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;

/**
 * Selector: one thread waits for all connections at once, then reads from those that have something.
 *
 * <p>Stands for {@code select}, {@code poll}, {@code epoll} and {@code kqueue}: the system says when one <em>can</em>
 * read.
 */
public final class SelectorLoop implements EchoModel {
    private final ServerSocketChannel listener;
    private final Selector selector;
    private final int port;

    private SelectorLoop(ServerSocketChannel listener, Selector selector) throws IOException {
        this.listener = listener;
        this.selector = selector;
        port = listener.socket().getLocalPort();
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** Starts the server and its one thread. */
    public static EchoModel start() throws IOException {
        SelectorLoop server =
                new SelectorLoop(ServerSocketChannel.open().bind(EchoModel.anyPort(), BACKLOG), Selector.open());
        EchoModel.daemon(server::run).start();
        return server;
    }

    private void run() {
        try (selector) {
            while (listener.isOpen()) {
                selector.select(this::ready); // waits, then calls it for each key that is ready
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private void ready(SelectionKey key) {
        if (!(key.attachment() instanceof EchoConnection connection)) {
            accept();
        } else if (connection.step()) {
            key.interestOps(connection.interest());
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

    @Override
    public int port() {
        return port;
    }

    @Override
    public void close() throws IOException {
        listener.close();
        selector.wakeup();
    }
}
