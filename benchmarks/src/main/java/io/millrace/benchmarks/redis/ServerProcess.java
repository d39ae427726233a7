package io.millrace.benchmarks.redis;

import io.millrace.benchmarks.child.Cpu;
import io.millrace.benchmarks.child.ProcessFigures;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * A server that is no command of this jar, on the processor of servers. It ends when it is closed, or with this process.
 *
 * <p><b>Threading:</b> not thread-safe.
 */
final class ServerProcess implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 20;
    private static final long PAUSE_MILLIS = 20;

    private final String command;
    private final Process process;
    private final Thread atExit;
    private final int port;

    private ServerProcess(List<String> words, int port) throws IOException {
        command = String.join(" ", words);
        process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(Redirect.DISCARD)
                .start();
        this.port = port;
        atExit = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /**
     * Starts one on a free port, and waits until it can be connected to.
     *
     * @param command what runs it at a port
     */
    static ServerProcess start(IntFunction<List<String>> command) throws IOException {
        int port = freePort();
        List<String> words = new ArrayList<>(Cpu.SERVER.prefix());
        words.addAll(command.apply(port));
        ServerProcess server = new ServerProcess(words, port);
        try {
            server.awaitListening();
            return server;
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void awaitListening() throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!isListening()) {
            requireAlive();
            if (System.nanoTime() > end) {
                throw new IOException(command + " does not listen after " + PATIENCE_SECONDS + " s");
            }
            try {
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while " + command + " starts", e);
            }
        }
    }

    private boolean isListening() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (ConnectException notYet) {
            return false;
        }
    }

    /** Throws if it has ended. */
    void requireAlive() throws IOException {
        if (!process.isAlive()) {
            throw new IOException(command + " ended early with status " + process.exitValue() + "; run it to see why");
        }
    }

    int port() {
        return port;
    }

    /** Returns what the kernel tells of it. */
    ProcessFigures figures() {
        return new ProcessFigures(process.pid());
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException ending) {
            process.destroyForcibly(); // this process ends, and the hook does the same
        }
    }
}
