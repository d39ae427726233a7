package io.millrace.core;

import io.millrace.core.config.Closest;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * One section of a properties file, with the settings of one server, client or group.
 *
 * <p>Sections are prefixes: {@code server.sessions.idleTimeout=30s} belongs to the section {@code server}, and there to
 * the section {@code sessions}. A section is given to a builder, which takes all of its keys:
 * {@code TcpServer.builder().settings(settings.section("server"))}. Several clients with settings of their own are
 * several sections: {@code client.orders}, {@code client.prices}.
 *
 * <p>Sizes are written {@code 512}, {@code 64KiB}, {@code 4MiB}, {@code 1GiB}; durations {@code 500ms}, {@code 30s},
 * {@code 2min}, {@code 1h}, {@code 1d}, or {@code 0}; truth values {@code true} and {@code false}; constants by name.
 * A setting that is not in the file keeps the value that the builder has.
 *
 * <p>Threading: Immutable.
 *
 * <p>Errors: a key that is not known, is there twice or has a value that cannot be is never ignored:
 * {@link SettingsException} names all of them.
 */
public final class Settings {
    private final String source;
    private final String prefix;
    private final Map<String, String> values;

    private Settings(String source, String prefix, Map<String, String> values) {
        this.source = source;
        this.prefix = prefix;
        this.values = values;
    }

    /**
     * Reads a properties file in UTF-8.
     *
     * @param file the file
     * @return all of it
     * @throws IOException if it cannot be read
     * @throws SettingsException if a key is there twice
     */
    public static Settings load(Path file) throws IOException {
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            return load(reader, file.toString());
        }
    }

    /**
     * Reads properties.
     *
     * @param reader what to read; not closed
     * @param source what to call it in messages
     * @return all of them
     * @throws IOException if they cannot be read
     * @throws SettingsException if a key is there twice
     */
    public static Settings load(Reader reader, String source) throws IOException {
        Single properties = new Single();
        properties.load(reader);
        if (!properties.repeated.isEmpty()) {
            throw new SettingsException(
                    source,
                    properties.repeated.stream()
                            .map(key -> key + ": it is set twice; keep one of the lines")
                            .toList());
        }
        return of(properties, source);
    }

    /**
     * Takes properties as they are now.
     *
     * @param properties the properties, with their defaults
     * @param source what to call them in messages
     * @return all of them
     */
    public static Settings of(Properties properties, String source) {
        Map<String, String> values = new TreeMap<>();
        for (String key : properties.stringPropertyNames()) {
            values.put(key, properties.getProperty(key).strip());
        }
        return new Settings(Objects.requireNonNull(source, "source"), "", values);
    }

    /**
     * Returns a section of this section.
     *
     * @param name its name, without the dot at its end; one with dots is a section of a section
     * @return the section; it is empty if no key begins so
     */
    public Settings section(String name) {
        return new Settings(source, prefix + name + ".", values);
    }

    /** {@return the names of the sections directly in this one, in alphabetical order} */
    public Set<String> sections() {
        Set<String> names = new TreeSet<>();
        for (String key : keys()) {
            int dot = key.indexOf('.');
            if (dot > 0) {
                names.add(key.substring(0, dot));
            }
        }
        return names;
    }

    /**
     * Refuses keys outside some sections, so that a misspelt section is noticed.
     *
     * @param names the sections that there may be directly in this one
     * @throws SettingsException naming the keys outside of them
     */
    public void requireSections(String... names) {
        Set<String> known = new TreeSet<>(List.of(names));
        List<String> problems = new ArrayList<>();
        for (String key : keys()) {
            int dot = key.indexOf('.');
            String section = dot < 0 ? key : key.substring(0, dot);
            if (dot < 0 || !known.contains(section)) {
                String closest = Closest.to(section, known);
                problems.add(describe(key) + "it is in no known section; "
                        + (closest != null
                                ? "the closest is " + prefix + closest + "."
                                : "known are " + String.join(", ", known)));
            }
        }
        if (!problems.isEmpty()) {
            throw new SettingsException(source, problems);
        }
    }

    /**
     * Reads all keys of this section. Each call of the reader says that a key is known, and sets what it stands for if
     * it is there.
     *
     * @param taker calls the reader for each key that it knows
     * @throws SettingsException naming every key that is not known or whose value cannot be
     */
    public void read(Consumer<SettingsReader> taker) {
        SettingsReader reader = new SettingsReader(this);
        taker.accept(reader);
        reader.finish();
    }

    /** {@return the keys of this section, without its prefix} */
    Set<String> keys() {
        Set<String> keys = new TreeSet<>();
        for (String key : values.keySet()) {
            if (key.startsWith(prefix)) {
                keys.add(key.substring(prefix.length()));
            }
        }
        return keys;
    }

    /** {@return the value of a key that is there} */
    String value(String key) {
        return Objects.requireNonNull(values.get(prefix + key), key);
    }

    String describe(String key) {
        return prefix + key + " = " + value(key) + ": ";
    }

    String source() {
        return source;
    }

    String prefix() {
        return prefix;
    }

    @Override
    public String toString() {
        return "Settings[" + source + ", section=" + prefix + ", keys=" + keys() + "]";
    }

    /** Notices keys that are there twice, which properties do not. */
    @SuppressWarnings("serial")
    private static final class Single extends Properties {
        private final Set<String> repeated = new TreeSet<>();

        @Override
        public synchronized Object put(Object key, Object value) {
            if (containsKey(key)) {
                repeated.add(key.toString());
            }
            return super.put(key, value);
        }
    }
}
