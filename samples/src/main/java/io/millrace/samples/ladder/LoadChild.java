package io.millrace.samples.ladder;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The process that the load comes from. It answers {@code connect PORT COUNT} when that many connections have begun,
 * {@code silent} with how many of them have had no echo yet, and {@code figures} with its figures: it counts messages.
 */
public final class LoadChild {
    // Confined to the main thread.
    private @Nullable Load load;

    private LoadChild() {}

    /**
     * Runs until the parent ends.
     *
     * @param args none
     */
    public static void main(String... args) throws Exception {
        Answers.serve("ready", new LoadChild()::answer);
    }

    private String answer(String question) throws Exception {
        List<String> words = Arrays.asList(question.split(" ", -1));
        if (words.get(0).equals("connect")) {
            if (load != null) {
                load.close();
            }
            load = new Load(Integer.parseInt(words.get(1)), Integer.parseInt(words.get(2)));
            load.start();
        }
        if (load == null) {
            throw new IllegalStateException("there is no load yet: " + question);
        }
        return words.get(0).equals("figures") ? Answers.figures(load.messages()) : Long.toString(load.silent());
    }
}
