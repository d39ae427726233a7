package io.millrace.benchmarks.chart;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The colours and type of all charts. */
final class StyleSheet {
    static final String TEXT = read();

    /** How wide a character of the labels' size is, about: enough to keep texts apart. */
    static final double CHARACTER_WIDTH = 7.4;

    private StyleSheet() {}

    private static String read() {
        try (InputStream file = StyleSheet.class.getResourceAsStream("chart.css")) {
            if (file == null) {
                throw new IllegalStateException("chart.css is missing from this jar");
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
