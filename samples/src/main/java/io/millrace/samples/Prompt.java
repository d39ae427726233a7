package io.millrace.samples;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Asks the user for lines, and prints what comes meanwhile.
 *
 * <p>Threading: Thread-safe. One thread prints everything, for a terminal may block; another one waits for the user.
 */
final class Prompt implements AutoCloseable {
    private static final String TEXT = "send> ";

    private final PrintWriter out;
    private final ExecutorService printer = Executors.newSingleThreadExecutor();
    private final Semaphore answers = new Semaphore(0);
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    // Confined to the printer.
    private boolean shown;

    Prompt(PrintWriter out) {
        this.out = out;
    }

    /** Returns the thread that prints. */
    Executor printer() {
        return printer;
    }

    /** Hands over each line that is typed, until the user leaves or the conversation fails. */
    void converse(InputStream in, Consumer<String> hearer) throws InterruptedException, ExecutionException {
        Thread keyboard = new Thread(() -> readLines(in, hearer), "keyboard");
        keyboard.setDaemon(true);
        keyboard.start();
        end.get();
    }

    private void readLines(InputStream in, Consumer<String> hearer) {
        try (BufferedReader lines = Console.reader(in)) {
            printer.execute(this::show);
            String line = lines.readLine();
            while (line != null && !line.equals("exit")) {
                printer.execute(() -> shown = false);
                answers.drainPermits();
                hearer.accept(line);
                // An answer that comes within a second stands below its line, before the next prompt.
                answers.tryAcquire(1, TimeUnit.SECONDS);
                printer.execute(this::show);
                line = lines.readLine();
            }
            printer.execute(this::hide);
        } catch (IOException | InterruptedException | RejectedExecutionException noMoreInput) {
            // The same as the end of input.
        }
        end.complete(null);
    }

    /** Prints an answer. */
    void answer(String text) {
        note(text);
        printer.execute(answers::release);
    }

    /** Prints something that does not answer a line. */
    void note(String text) {
        printer.execute(() -> {
            boolean typing = shown;
            hide();
            out.println(text);
            if (typing) {
                show();
            }
        });
    }

    /** Ends the conversation, unless the user has left. */
    void fail(IOException why) {
        end.completeExceptionally(why);
    }

    private void show() {
        shown = true;
        out.print(TEXT);
        out.flush();
    }

    private void hide() {
        if (shown) {
            out.println();
        }
        shown = false;
    }

    /** Prints what is left to be printed. */
    @Override
    public void close() {
        CompletableFuture.runAsync(this::hide, printer).join();
        printer.shutdown();
    }
}
