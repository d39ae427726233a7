package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.result.Figure;
import java.io.IOException;
import java.util.Map;

/** A contestant with its processes, which waits for its turns. */
public interface Turn extends AutoCloseable {
    /** Loads it for so long, unmeasured. */
    void warm(int millis) throws IOException;

    /** Measures it for so long, or with the amount of work that the scenario has. */
    Map<Figure, Double> round(int millis) throws IOException;

    @Override
    void close() throws IOException;

    /** Starts the processes of a contestant. */
    @FunctionalInterface
    interface Opening {
        /** Returns the contestant, ready to be warmed. */
        Turn open(String contestant) throws IOException;
    }
}
