package io.millrace.client;

import io.millrace.core.IoGroup;
import io.millrace.core.Settings;
import io.millrace.core.SettingsReader;
import io.millrace.core.TransportException;
import io.millrace.core.config.Closest;
import io.millrace.core.engine.IoRuntime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Clients of one settings file, a section each: with endpoints, connections, limits and deadlines of their own, so that
 * none of them takes anything from another but time on the I/O threads.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: made by {@link #open}; ended for good, with all the clients, by {@link #close()}. The clients are its own:
 * whoever closes one of them has a closed client here.
 *
 * <p>Errors: {@link #open} names every wrong key at once; from then on each client tells its own.
 */
public final class TcpClients implements AutoCloseable {
    private final Map<String, TcpClient> clients;
    /** The group of all clients that have no other, or null if all have. */
    private final @Nullable IoGroup group;

    private TcpClients(Map<String, TcpClient> clients, @Nullable IoGroup group) {
        this.clients = clients;
        this.group = group;
    }

    /**
     * Builds a client for every section. Nothing is connected yet, unless {@code pool.minIdle} says so.
     *
     * @param settings what has the clients' sections, and nothing else: with {@code client.orders.endpoint=a:1} in the
     *     file it is {@code settings.section("client")}, and has a client {@code orders}
     * @param customiser called with the name of each client and its builder, for what cannot stand in a file, such as
     *     the protocol and handlers. It comes first, so that the file overrules the values that it sets. A client
     *     shares the others' group unless it sets one, or {@code threads}, which gives it one of its own
     * @return the clients
     * @throws io.millrace.core.SettingsException naming every key of any client that is not known or whose value cannot
     *     be
     * @throws IllegalStateException naming the first client that lacks a required setting, and the setting
     * @throws IllegalArgumentException naming the first client with a setting that cannot be, and the setting
     * @throws TransportException if the system refuses a group, or a channel to try options on
     */
    public static TcpClients open(Settings settings, BiConsumer<String, TcpClientBuilder> customiser)
            throws TransportException {
        Map<String, TcpClientBuilder> builders = new LinkedHashMap<>();
        for (String name : settings.sections()) {
            TcpClientBuilder builder = TcpClient.builder();
            customiser.accept(name, builder);
            builders.put(name, builder);
        }
        settings.read(in -> readAll(in, builders));
        for (Map.Entry<String, TcpClientBuilder> builder : builders.entrySet()) {
            check(builder.getKey(), builder.getValue());
        }
        boolean needsGroup = builders.values().stream().anyMatch(TcpClientBuilder::lacksGroup);
        TcpClients opened = new TcpClients(new LinkedHashMap<>(), needsGroup ? IoGroup.start() : null);
        try {
            for (Map.Entry<String, TcpClientBuilder> builder : builders.entrySet()) {
                opened.build(builder.getKey(), builder.getValue());
            }
        } catch (TransportException | RuntimeException e) {
            opened.close();
            throw e;
        }
        return opened;
    }

    private static void readAll(SettingsReader in, Map<String, TcpClientBuilder> builders) {
        builders.forEach((name, builder) -> in.section(name, builder::settings));
    }

    /** Checks before anything is started, and says whose setting is wrong. */
    private static void check(String name, TcpClientBuilder builder) {
        try {
            builder.plan();
        } catch (IllegalStateException e) {
            throw new IllegalStateException("client " + name + ": " + e.getMessage(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("client " + name + ": " + e.getMessage(), e);
        }
    }

    private void build(String name, TcpClientBuilder builder) throws TransportException {
        if (group != null && builder.lacksGroup()) {
            builder.group(group);
        }
        clients.put(name, builder.build());
    }

    /**
     * Returns a client.
     *
     * @param name the name of its section
     * @return the client
     * @throws IllegalArgumentException if there is none of that name, with the names that there are
     */
    public TcpClient client(String name) {
        TcpClient client = clients.get(name);
        if (client == null) {
            String closest = Closest.to(name, clients.keySet());
            throw new IllegalArgumentException("there is no client " + name + "; "
                    + (closest != null ? "the closest is " + closest : "there are " + clients.keySet()));
        }
        return client;
    }

    /** {@return the names of all clients, in alphabetical order; not to be modified} */
    public Set<String> names() {
        return Collections.unmodifiableSet(clients.keySet());
    }

    /**
     * Closes all clients at the same time, each as {@link TcpClient#close()} does, and then their group. On an I/O
     * thread it starts that and returns. Never throws; closing again waits for the first close.
     */
    @Override
    public void close() {
        if (IoRuntime.mustNotBlock()) {
            clients.values().forEach(TcpClient::close);
        } else {
            closeTogether();
        }
        if (group != null) {
            group.close();
        }
    }

    /** Closes all clients at once, so that it takes no longer than the slowest. */
    private void closeTogether() {
        List<Thread> closers = new ArrayList<>();
        clients.forEach((name, client) -> closers.add(new Thread(client::close, "millrace-close-" + name)));
        closers.forEach(Thread::start);
        try {
            for (Thread closer : closers) {
                closer.join();
            }
        } catch (InterruptedException e) {
            // They go on closing, and the group waits no longer for them than it does for others.
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return "TcpClients" + clients;
    }
}
