package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.CloseReason;
import io.millrace.core.Codec;
import io.millrace.core.MessageHandler;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Sends what is typed, line by line, and prints what the server answers: messages, or replies to requests. */
@Command(
        name = "console-client",
        sortOptions = false,
        description = "Sends each line that is typed, and prints what the server answers; 'exit' leaves. With"
                + " --framing millrace lines are requests, and the client connects again when it must.")
public final class ConsoleClient implements Callable<Integer>, MessageHandler {
    /*
     * Three threads meet in one queue of events: the I/O threads, which never wait; one that waits for the user; and
     * the main thread, which alone prints. The user is asked for one line at a time, so an answer that comes within a
     * second appears under its line, before the next prompt.
     */
    private enum Kind {
        /** The user has typed a line. */
        LINE,
        /** The user has left. */
        EXIT,
        /** The server has sent a message, or a request has its outcome. */
        MESSAGE,
        /** The client has connected, or could not. */
        STATE,
        /** The connection is gone. */
        LOST
    }

    private record Event(Kind kind, String text) {}

    private static final int ANSWER_MILLIS = 1000;
    private static final RequestOptions ONCE = RequestOptions.within(Duration.ofSeconds(5));

    /** How far the server may be ahead of what is printed. */
    private static final int UNPRINTED_CHARS = 64 << 20;

    @Mixin
    private final PeerOptions peer = new PeerOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec spec;

    private final InputStream in;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final Semaphore room = new Semaphore(UNPRINTED_CHARS);
    private final Semaphore asked = new Semaphore(0);

    /** Makes a client that reads standard input. */
    public ConsoleClient() {
        this(System.in);
    }

    ConsoleClient(InputStream in) {
        this.in = in;
    }

    /**
     * Runs the client.
     *
     * @param args options; none are needed if the server listens on port 9000
     */
    public static void main(String... args) {
        System.exit(Main.commandLine(new ConsoleClient()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        if (peer.framing() == Framing.MILLRACE) {
            try (TcpClient client = peer.newClient()
                    .onStateChange((from, to, cause) ->
                            tell(Kind.STATE, "(" + to + (cause == null ? "" : ": " + cause.getMessage()) + ")"))
                    .build()) {
                out.println("asking " + peer + ", 'exit' leaves");
                converse(line -> ask(client, line), out);
            }
        } else {
            try (TcpClient client = peer.newClient().onMessage(this).build()) {
                Session session = client.connect().get();
                out.println("connected to " + peer + ", 'exit' leaves");
                converse(line -> send(session, line), out);
            }
        }
        return ExitCode.OK;
    }

    /** Sends and prints until the user leaves, or fails when the connection of messages is lost. */
    private void converse(Consumer<String> server, PrintWriter out) throws IOException, InterruptedException {
        Thread reader = new Thread(this::readLines, "console");
        reader.setDaemon(true);
        reader.start();
        while (true) {
            prompt(out);
            asked.release();
            Event event = events.take();
            while (event.kind != Kind.LINE) {
                out.println();
                if (event.kind == Kind.EXIT) {
                    return;
                }
                print(event, out);
                prompt(out);
                event = events.take();
            }
            server.accept(event.text);
            printAnswers(out);
        }
    }

    /** Prints what comes until there is an answer and nothing more, or nothing comes. */
    private void printAnswers(PrintWriter out) throws IOException, InterruptedException {
        boolean answered = false;
        Event event = events.poll(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
        while (event != null) {
            print(event, out);
            answered |= event.kind != Kind.STATE;
            event = events.poll(answered ? 0 : ANSWER_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private static void prompt(PrintWriter out) {
        out.print("send> ");
        out.flush();
    }

    private void send(Session session, String line) {
        try {
            if (session.send(line.getBytes(StandardCharsets.UTF_8)) == SendResult.REFUSED) {
                tell(Kind.MESSAGE, "not sent: the server does not read");
            }
        } catch (IllegalArgumentException tooLong) {
            tell(Kind.MESSAGE, "not sent: " + tooLong.getMessage());
        }
    }

    private void ask(TcpClient client, String line) {
        try {
            client.exchange(line, Codec.utf8(), Codec.utf8(), ONCE)
                    .thenAccept(outcome -> tell(Kind.MESSAGE, inWords(outcome)));
        } catch (IllegalArgumentException tooLong) {
            tell(Kind.MESSAGE, "not sent: " + tooLong.getMessage());
        }
    }

    private static String inWords(Outcome<String> outcome) {
        String reply = outcome.reply();
        if (reply != null) {
            return reply;
        }
        TransportException failure = outcome.failure();
        return (outcome.maybeSent() ? "no reply, though the server may have got it: " : "no reply: ")
                + (failure == null ? outcome.kind() : failure.getMessage());
    }

    /** Has something printed; returns false if too much is to be printed already. */
    private boolean tell(Kind kind, String text) {
        boolean fits = room.tryAcquire(text.length() + 1);
        if (fits) {
            events.add(new Event(kind, text));
        }
        return fits;
    }

    private void print(Event event, PrintWriter out) throws IOException {
        if (event.kind == Kind.LOST) {
            throw new IOException("connection lost: " + event.text);
        }
        out.println(event.text);
        room.release(event.text.length() + 1);
    }

    @Override
    public void onMessage(Session session, ByteBuffer message) {
        if (!tell(Kind.MESSAGE, StandardCharsets.UTF_8.decode(message).toString())) {
            events.add(new Event(Kind.LOST, "the server sends faster than this prints"));
            session.abort();
        }
    }

    @Override
    public void onClose(Session session, CloseReason reason) {
        events.add(new Event(Kind.LOST, reason.toString()));
    }

    private void readLines() {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(in, charset()))) {
            while (true) {
                asked.acquire();
                String line = reader.readLine();
                if (line == null || line.equals("exit")) {
                    break;
                }
                events.add(new Event(Kind.LINE, line));
            }
        } catch (IOException | InterruptedException noMoreInput) {
            // The same as the end of input.
        }
        events.add(new Event(Kind.EXIT, ""));
    }

    /** Returns what terminals here speak. Where the JVM does not say that, before Java 19, it is the default. */
    static Charset charset() {
        return Charset.forName(
                System.getProperty("stdout.encoding", Charset.defaultCharset().name()));
    }
}
