package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.core.CloseReason;
import io.millrace.core.Codec;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.SocketConfig;
import io.millrace.core.protocol.Protocol;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends what is typed to a chat server, and prints what is said there. */
@Command(
        name = "chat-client",
        sortOptions = false,
        description = "Sends what is typed to a chat server, and prints what is said there; /quit leaves.",
        footer = {
            "",
            "To see what a slow reader costs the others, start the server, and each of these beside it:",
            "  chat-client --nick reader",
            "  chat-client --nick sleeper --slow 20",
            "  yes 'a line of the flood' | head -n 300000 | chat-client --nick flood",
            "The reader gets the flood as it comes. The server prints what it drops for the sleeper; start it with"
                    + " --slow close and the sleeper has to go."
        })
public final class ChatClient implements Callable<Integer> {
    private static final Duration SEND_TIMEOUT = Duration.ofSeconds(30);

    @Mixin
    private final EndpointOptions peer = new EndpointOptions();

    @Option(names = "--nick", paramLabel = "NAME", description = "Your name (default: a guest's).")
    private @Nullable String nick;

    @Option(names = "--room", paramLabel = "ROOM", description = "The room to go to (default: the lobby).")
    private @Nullable String room;

    @Option(names = "--slow", paramLabel = "SECONDS", description = "Read nothing for so long (default: 0).")
    private int slowSeconds;

    @Mixin
    private final Console console = new Console();

    private final InputStream in;

    // Written by the thread that reads the console before it ends the conversation; read afterwards.
    private volatile boolean hasLeft;

    /** Makes a client that reads standard input. */
    public ChatClient() {
        this(System.in);
    }

    ChatClient(InputStream in) {
        this.in = in;
    }

    /**
     * Runs the client.
     *
     * @param args options; none are needed if the server listens on port 9000
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new ChatClient()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        PrintWriter out = console.out();
        // A console may block, and an I/O thread must not.
        ExecutorService printer = Executors.newSingleThreadExecutor();
        try (TcpClient client = peer.newClient()
                .protocol(Protocol.lines())
                .sessions(config())
                .handlerExecutor(printer)
                .onMessage(Codec.utf8(), (session, line) -> out.println(line))
                .build()) {
            Session session = client.connect().get();
            Thread console = new Thread(() -> readConsole(session), "console");
            console.setDaemon(true);
            console.start();
            CloseReason reason = session.closed().get();
            if (!hasLeft) {
                throw new IOException("the conversation is over: " + reason);
            }
            return ExitCode.OK;
        } finally {
            printer.shutdown();
        }
    }

    private SessionConfig config() {
        // Small, so that it shows soon that nobody reads.
        SocketConfig small = SocketConfig.builder().receiveBuffer(4 << 10).build();
        return slowSeconds > 0 ? SessionConfig.builder().socket(small).build() : SessionConfig.defaults();
    }

    /** Sends line after line, each when the one before has been taken: whoever sends a flood waits for the server. */
    private void readConsole(Session session) {
        try (BufferedReader lines = Console.reader(in)) {
            if (nick != null) {
                send(session, "/nick " + nick);
            }
            if (room != null) {
                send(session, "/join " + room);
            }
            if (slowSeconds > 0) {
                session.pauseReading();
                CompletableFuture.delayedExecutor(slowSeconds, TimeUnit.SECONDS).execute(session::resumeReading);
            }
            String line = lines.readLine();
            while (line != null && !line.equals("/quit")) {
                send(session, line);
                line = lines.readLine();
            }
            // What the server has to say before it closes is printed.
            hasLeft = true;
            send(session, "/quit");
        } catch (IOException connectionLost) {
            // Whoever waits for the end of the session hears of it too.
        }
    }

    private void send(Session session, String line) throws IOException {
        try {
            session.sendAndWait(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)), SEND_TIMEOUT);
        } catch (IllegalArgumentException tooLong) {
            console.err().println("not sent: " + tooLong.getMessage());
        }
    }
}
