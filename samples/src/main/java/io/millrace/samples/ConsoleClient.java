package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.client.request.Outcome;
import io.millrace.client.request.RequestOptions;
import io.millrace.core.Codec;
import io.millrace.core.SendResult;
import io.millrace.core.Session;
import io.millrace.core.TransportException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/** Sends what is typed, line by line, and prints what the server answers: messages, or replies to requests. */
@Command(
        name = "console-client",
        sortOptions = false,
        description = "Sends each line that is typed, and prints what the server answers; 'exit' leaves. With"
                + " --framing millrace lines are requests, and the client connects again when it must.")
public final class ConsoleClient implements Callable<Integer> {
    private static final RequestOptions ONCE = RequestOptions.within(Duration.ofSeconds(5));

    @Mixin
    private final PeerOptions peer = new PeerOptions();

    @Mixin
    private final Console console = new Console();

    private final InputStream in;

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
        try (Prompt prompt = new Prompt(console.out())) {
            if (peer.framing() == Framing.MILLRACE) {
                ask(prompt);
            } else {
                talk(prompt);
            }
        }
        return ExitCode.OK;
    }

    /** Sends messages on one connection, and fails when that is lost. */
    private void talk(Prompt prompt) throws Exception {
        // While the terminal is behind, Millrace reads no more from the server.
        try (TcpClient client = peer.newClient()
                .handlerExecutor(prompt.printer())
                .onMessage((session, message) ->
                        prompt.answer(StandardCharsets.UTF_8.decode(message).toString()))
                .onClose((session, reason) -> prompt.fail(new IOException("connection lost: " + reason)))
                .build()) {
            Session session = client.connect().get();
            console.out().println("connected to " + peer + ", 'exit' leaves");
            prompt.converse(in, line -> send(session, line, prompt));
        }
    }

    private static void send(Session session, String line, Prompt prompt) {
        try {
            if (session.send(line.getBytes(StandardCharsets.UTF_8)) == SendResult.REFUSED) {
                prompt.answer("not sent: the server does not read");
            }
        } catch (IllegalArgumentException tooLong) {
            prompt.answer("not sent: " + tooLong.getMessage());
        }
    }

    /** Sends requests over connections that are opened, and opened again, as need be. */
    private void ask(Prompt prompt) throws Exception {
        console.out().println("asking " + peer + ", 'exit' leaves");
        try (TcpClient client = peer.newClient()
                .onStateChange((from, to, cause) ->
                        prompt.note("(" + to + (cause == null ? "" : ": " + cause.getMessage()) + ")"))
                .build()) {
            prompt.converse(in, line -> ask(client, line, prompt));
        }
    }

    private static void ask(TcpClient client, String line, Prompt prompt) {
        try {
            client.exchange(line, Codec.utf8(), Codec.utf8(), ONCE)
                    .thenAccept(outcome -> prompt.answer(inWords(outcome)));
        } catch (IllegalArgumentException tooLong) {
            prompt.answer("not sent: " + tooLong.getMessage());
        }
    }

    private static String inWords(Outcome<String> outcome) {
        try {
            return outcome.orThrow();
        } catch (TransportException failure) {
            return (outcome.maybeSent() ? "no reply, though the server may have got it: " : "no reply: ")
                    + failure.getMessage();
        }
    }
}
