package io.millrace.benchmarks.child;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The child's end of the pipe: lines that are asked, and a line of JSON for each. */
public final class Questions {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Standard output itself, whatever {@link System#out} is set to. */
    private static final PrintStream ANSWERS =
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    private Questions() {}

    /** Answers one question. */
    @FunctionalInterface
    public interface Answerer {
        /** Returns what is written as JSON; throws to end the child. */
        Object answer(String question) throws Exception;
    }

    /** Says that the child is ready, then answers until the parent closes the pipe. */
    public static void serve(Object ready, Answerer answerer) throws Exception {
        try (BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            say(ready);
            for (String question = questions.readLine(); question != null; question = questions.readLine()) {
                say(answerer.answer(question));
            }
        }
    }

    /** Reads an answer. */
    public static <T> T read(String answer, Class<T> type) throws IOException {
        return JSON.readValue(answer, type);
    }

    private static void say(Object answer) throws JsonProcessingException {
        ANSWERS.println(JSON.writeValueAsString(answer));
    }
}
