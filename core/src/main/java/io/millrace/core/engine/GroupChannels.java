package io.millrace.core.engine;

import java.io.IOException;
import java.nio.channels.AsynchronousChannelGroup;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.ShutdownChannelGroupException;
import java.nio.channels.spi.AsynchronousChannelProvider;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Opens the channels of a group, as long as it has not ended.
 *
 * <p>Threading: Thread-safe.
 */
final class GroupChannels {
    /*
     * The JDK finds out that a group has ended only after it has taken a descriptor for the channel, and forgets to give
     * it back. So a group does not end while a channel is being opened, and no channel is opened afterwards.
     */
    private final AsynchronousChannelProvider provider;
    private final AsynchronousChannelGroup group;
    /** Read by who opens a channel, written by who ends the group. */
    private final ReadWriteLock opening = new ReentrantReadWriteLock();

    GroupChannels(AsynchronousChannelProvider provider, AsynchronousChannelGroup group) {
        this.provider = provider;
        this.group = group;
    }

    AsynchronousSocketChannel open() throws IOException {
        opening.readLock().lock();
        try {
            requireOpen();
            return provider.openAsynchronousSocketChannel(group);
        } finally {
            opening.readLock().unlock();
        }
    }

    AsynchronousServerSocketChannel openServer() throws IOException {
        opening.readLock().lock();
        try {
            requireOpen();
            return provider.openAsynchronousServerSocketChannel(group);
        } finally {
            opening.readLock().unlock();
        }
    }

    private void requireOpen() {
        if (group.isShutdown()) {
            throw new ShutdownChannelGroupException();
        }
    }

    /** Ends the group in good order: what is in flight is completed. */
    void shutdown() {
        opening.writeLock().lock();
        try {
            group.shutdown();
        } finally {
            opening.writeLock().unlock();
        }
    }
}
