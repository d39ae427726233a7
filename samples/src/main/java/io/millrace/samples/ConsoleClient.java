package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.core.CloseReason;
import io.millrace.core.MessageHandler;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Sends what is typed, line by line, and prints what the server answers. */
@Command(
        name = "console-client",
        sortOptions = false,
        description = "Sends each line that is typed, and prints what the server answers; 'exit' leaves.")
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
        /** The server has sent a message. */
        MESSAGE,
        /** The connection is gone. */
        LOST
    }

    private record Event(Kind kind, String text) {}

    private static final int ANSWER_MILLIS = 1000;

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
        try (TcpClient client = peer.newClient().onMessage(this).build()) {
            Session session = client.connect().get();
            Thread reader = new Thread(this::readLines, "console");
            reader.setDaemon(true);
            reader.start();
            converse(session, spec.commandLine().getOut());
            return ExitCode.OK;
        }
    }

    /** Sends and prints until the user leaves, or fails when the connection is lost. */
    private void converse(Session session, PrintWriter out) throws IOException, InterruptedException {
        out.println("connected to " + peer + ", 'exit' leaves");
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
            send(session, event.text, out);
            Event answer = events.poll(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
            while (answer != null) {
                print(answer, out);
                answer = events.poll();
            }
        }
    }

    private static void prompt(PrintWriter out) {
        out.print("send> ");
        out.flush();
    }

    private static void send(Session session, String line, PrintWriter out) {
        try {
            if (session.send(line.getBytes(StandardCharsets.UTF_8)) == SendResult.REFUSED) {
                out.println("not sent: the server does not read");
            }
        } catch (IllegalArgumentException tooLong) {
            out.println("not sent: " + tooLong.getMessage());
        }
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
        String text = StandardCharsets.UTF_8.decode(message).toString();
        if (room.tryAcquire(text.length() + 1)) {
            events.add(new Event(Kind.MESSAGE, text));
        } else {
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
