package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.request.BatchOptions;
import io.millrace.client.request.Outcome;
import io.millrace.samples.resp.RespProtocol;
import io.millrace.server.TcpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Sets many keys of a Redis server over one connection, gets them back, and compares. */
@Command(
        name = "resp-client",
        description = "Sets many keys of a Redis server, pipelined, gets them back, compares, and deletes them.")
public final class RespClient implements Callable<Integer> {
    private static final Duration TIMEOUT = Duration.ofMinutes(1);

    @Option(names = "--host", paramLabel = "HOST", description = "The server (default: ${DEFAULT-VALUE}).")
    private String host = "127.0.0.1";

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "The server's port, 6379 for a usual Redis (default: a resp-server in this process).")
    private @Nullable Integer port;

    @Option(names = "--keys", paramLabel = "N", description = "How many keys (default: ${DEFAULT-VALUE}).")
    private int keys = 5_000;

    @Option(names = "--size", paramLabel = "BYTES", description = "Bytes per value (default: ${DEFAULT-VALUE}).")
    private int size = 64;

    @Option(
            names = "--pipeline",
            paramLabel = "N",
            description = "Commands that wait for their replies at once (default: ${DEFAULT-VALUE}).")
    private int pipeline = 128;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    /**
     * Runs the client.
     *
     * @param args options; none are needed
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new RespClient()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        Main.requirePositive("--keys", keys);
        Main.requirePositive("--size", size);
        if (port != null) {
            return compare(port);
        }
        try (TcpServer server = RespServer.newServer(2).bind(host, 0)) {
            return compare(server.port());
        }
    }

    private int compare(int serverPort) throws Exception {
        byte[][] values = new byte[keys][size];
        Random random = new Random(1);
        Stream.of(values).forEach(random::nextBytes);
        try (TcpClient client = TcpClient.builder()
                .protocol(RespProtocol.INSTANCE)
                .endpoint(host, serverPort)
                .build()) {
            long start = System.nanoTime();
            ask(client, i -> command("SET", key(i), values[i]), i -> bytes("+OK\r\n"));
            ask(client, i -> command("GET", key(i)), i -> bulk(values[i]));
            ask(client, i -> command("DEL", key(i)), i -> bytes(":1\r\n"));
            double seconds = (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
            spec.commandLine()
                    .getOut()
                    .printf(
                            Locale.ROOT,
                            "%s:%d: %,d keys of %,d bytes set, got back the same, and deleted: %,.0f commands/s%n",
                            host,
                            serverPort,
                            keys,
                            size,
                            3.0 * keys / seconds);
        }
        return ExitCode.OK;
    }

    private static byte[] key(int number) {
        return bytes("millrace:" + number);
    }

    /** Asks a command for each key, and compares the replies with what they should be. */
    private void ask(TcpClient client, IntFunction<ByteBuffer> commands, IntFunction<byte[]> expected)
            throws Exception {
        List<ByteBuffer> batch = IntStream.range(0, keys).mapToObj(commands).toList();
        List<Outcome<ByteBuffer>> outcomes = client.batch(
                        batch, BatchOptions.within(TIMEOUT).pipelined(pipeline).stopOnFailure())
                .get();
        for (int i = 0; i < keys; i++) {
            ByteBuffer reply = outcomes.get(i).orThrow();
            if (!reply.equals(ByteBuffer.wrap(expected.apply(i)))) {
                String text = StandardCharsets.ISO_8859_1.decode(reply).toString();
                throw new IOException("command " + i + " was answered " + text.strip());
            }
        }
    }

    /** Writes a command as the array of bulk strings that it is on the wire. */
    private static ByteBuffer command(String name, byte[]... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(bytes("*" + (arguments.length + 1) + "\r\n"));
        out.writeBytes(bulk(bytes(name)));
        for (byte[] argument : arguments) {
            out.writeBytes(bulk(argument));
        }
        return ByteBuffer.wrap(out.toByteArray());
    }

    private static byte[] bulk(byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(bytes("$" + content.length + "\r\n"));
        out.writeBytes(content);
        out.writeBytes(bytes("\r\n"));
        return out.toByteArray();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
