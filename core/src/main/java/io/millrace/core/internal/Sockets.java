package io.millrace.core.internal;

import io.millrace.core.SocketConfig;
import io.millrace.core.TransportException;
import io.millrace.core.engine.IoRuntime;
import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.AsynchronousServerSocketChannel;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.channels.NetworkChannel;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Sets the options of channels. Options go by name, so that those of {@code jdk.net} can be set without depending on
 * that module: where it is missing, channels do not list them.
 *
 * <p>Threading: Thread-safe.
 */
public final class Sockets {
    private static final String RECEIVE_BUFFER = StandardSocketOptions.SO_RCVBUF.name();
    private static final String KEEP_ALIVE = StandardSocketOptions.SO_KEEPALIVE.name();

    private Sockets() {}

    /**
     * Refuses options that this engine on this platform does not take, by trying them on a channel.
     *
     * @param runtime the group with the engine
     * @param config the options
     * @throws IllegalArgumentException naming the first option that is not taken
     * @throws TransportException if the system refuses the channel
     */
    public static void check(IoRuntime runtime, SocketConfig config) throws TransportException {
        if (config.options().equals(SocketConfig.defaults().options())) {
            return;
        }
        try (AsynchronousSocketChannel trial = runtime.openChannel()) {
            config.options().forEach((name, value) -> setOrExplain(trial, name, value));
        } catch (IOException e) {
            throw new TransportException("cannot try socket options: " + e.getMessage(), e);
        }
    }

    /** Sets the options of a connected channel. */
    static void apply(SocketConfig config, AsynchronousSocketChannel channel) throws IOException {
        for (Map.Entry<String, Object> option : config.options().entrySet()) {
            boolean systemDefault =
                    option.getKey().equals(KEEP_ALIVE) && option.getValue().equals(false);
            if (!systemDefault) {
                set(channel, option.getKey(), option.getValue());
            }
        }
    }

    /**
     * Sets what must be set before a channel connects: the receive buffer, which decides how the window is scaled.
     *
     * @param config the options of its session
     * @param channel the channel, not connected yet
     * @throws IOException if the system refuses
     */
    public static void beforeConnect(SocketConfig config, AsynchronousSocketChannel channel) throws IOException {
        Object receiveBuffer = config.options().get(RECEIVE_BUFFER);
        if (receiveBuffer != null) {
            set(channel, RECEIVE_BUFFER, receiveBuffer);
        }
    }

    /**
     * Sets the options of a listening channel, and the receive buffer that its connections inherit.
     *
     * @param options values by the names of the options
     * @param sessions the options of its sessions
     * @param channel the channel, not bound yet
     * @throws IllegalArgumentException naming the first option that is not taken
     */
    public static void beforeBind(
            Map<String, Object> options, SocketConfig sessions, AsynchronousServerSocketChannel channel) {
        Object receiveBuffer = sessions.options().get(RECEIVE_BUFFER);
        if (receiveBuffer != null) {
            setOrExplain(channel, RECEIVE_BUFFER, receiveBuffer);
        }
        options.forEach((name, value) -> setOrExplain(channel, name, value));
    }

    private static void setOrExplain(NetworkChannel channel, String name, Object value) {
        try {
            set(channel, name, value);
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(
                    "socket option " + name + "=" + value + " cannot be set: " + e.getMessage(), e);
        }
    }

    private static void set(NetworkChannel channel, String name, Object value) throws IOException {
        SocketOption<?> option = find(channel, name);
        if (option == null) {
            throw new UnsupportedOperationException(
                    "it is not supported on " + System.getProperty("os.name") + ", Java "
                            + Runtime.version().feature() + "; supported are " + supported(channel)
                            + (ModuleLayer.boot().findModule("jdk.net").isPresent()
                                    ? ""
                                    : ", and more with --add-modules jdk.net"));
        }
        set(channel, option, value);
    }

    private static <T> void set(NetworkChannel channel, SocketOption<T> option, Object value) throws IOException {
        channel.setOption(option, option.type().cast(value));
    }

    private static @Nullable SocketOption<?> find(NetworkChannel channel, String name) {
        for (SocketOption<?> option : channel.supportedOptions()) {
            if (option.name().equals(name)) {
                return option;
            }
        }
        return null;
    }

    private static Set<String> supported(NetworkChannel channel) {
        return channel.supportedOptions().stream()
                .map(SocketOption::name)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
