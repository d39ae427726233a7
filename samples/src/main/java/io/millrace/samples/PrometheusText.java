package io.millrace.samples;

import java.util.HashSet;
import java.util.Set;

/**
 * Writes metrics in the text format of Prometheus, version 0.0.4: families of samples, each with its help and its type.
 * Not thread-safe.
 */
final class PrometheusText {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final StringBuilder out = new StringBuilder();
    private final Set<String> families = new HashSet<>();
    private String family = "";

    /** Begins a family that only grows, until the program starts anew; its name must end in {@code _total}. */
    PrometheusText counter(String name, String help) {
        if (!name.endsWith("_total")) {
            throw new IllegalArgumentException("counter " + name + " must end in _total");
        }
        return begin(name, "counter", help);
    }

    /** Begins a family that goes up and down. */
    PrometheusText gauge(String name, String help) {
        return begin(name, "gauge", help);
    }

    /** Begins a family of quantiles, which are samples with the label {@code quantile}, and their count. */
    PrometheusText summary(String name, String help) {
        return begin(name, "summary", help);
    }

    private PrometheusText begin(String name, String type, String help) {
        if (!name.matches("[a-z][a-z0-9_]*") || !families.add(name)) {
            throw new IllegalArgumentException("family " + name + " is there already, or is no name");
        }
        family = name;
        out.append("# HELP ").append(name).append(' ').append(escaped(help)).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        return this;
    }

    /** Adds a sample to the family that was begun last; labels are names and values in turns. */
    PrometheusText sample(Number value, String... labels) {
        return line("", value, labels);
    }

    /** Adds what the measurements that the quantiles of a summary are of come to together. */
    PrometheusText sum(Number value) {
        return line("_sum", value);
    }

    /** Adds how many measurements the quantiles of a summary are of. */
    PrometheusText count(long value) {
        return line("_count", value);
    }

    private PrometheusText line(String suffix, Number value, String... labels) {
        out.append(family).append(suffix);
        for (int i = 0; i < labels.length; i += 2) {
            String escaped = escaped(labels[i + 1]).replace("\"", "\\\"");
            out.append(i == 0 ? '{' : ',')
                    .append(labels[i])
                    .append("=\"")
                    .append(escaped)
                    .append('"');
        }
        out.append(labels.length == 0 ? " " : "} ").append(value).append('\n');
        return this;
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("\n", "\\n");
    }

    @Override
    public String toString() {
        return out.toString();
    }
}
