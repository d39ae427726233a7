package io.millrace.core;

import io.millrace.core.config.Closest;
import io.millrace.core.config.Values;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;

/**
 * Hands the values of one section of {@link Settings} out by their keys.
 *
 * <p>Threading: Not thread-safe.
 *
 * <p>Lifecycle: lives for one {@link Settings#read}.
 *
 * <p>Errors: a value that its setter refuses with an {@link IllegalArgumentException} is reported with the others, when
 * all keys have been read.
 */
public final class SettingsReader {
    private final Settings settings;
    private final Set<String> known = new TreeSet<>();
    private final Set<String> knownSections = new TreeSet<>();
    private final List<String> problems = new ArrayList<>();

    SettingsReader(Settings settings) {
        this.settings = settings;
    }

    /**
     * Takes a text.
     *
     * @param key its key
     * @param setter told the text, if the key is there
     */
    public void text(String key, Consumer<String> setter) {
        known.add(key);
        if (settings.keys().contains(key)) {
            try {
                setter.accept(settings.value(key));
            } catch (IllegalArgumentException refused) {
                problems.add(settings.describe(key) + refused.getMessage());
            }
        }
    }

    /**
     * Takes a whole number.
     *
     * @param key its key
     * @param setter told the number, if the key is there
     */
    public void whole(String key, IntConsumer setter) {
        text(key, text -> setter.accept(Values.whole(text)));
    }

    /**
     * Takes a number of bytes that fits an int.
     *
     * @param key its key
     * @param setter told the bytes, if the key is there
     */
    public void size(String key, IntConsumer setter) {
        text(key, text -> {
            long bytes = Values.bytes(text);
            if (bytes > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("it must be less than 2GiB");
            }
            setter.accept((int) bytes);
        });
    }

    /**
     * Takes a number of bytes.
     *
     * @param key its key
     * @param setter told the bytes, if the key is there
     */
    public void bytes(String key, LongConsumer setter) {
        text(key, text -> setter.accept(Values.bytes(text)));
    }

    /**
     * Takes a duration.
     *
     * @param key its key
     * @param setter told the duration, if the key is there
     */
    public void duration(String key, Consumer<Duration> setter) {
        text(key, text -> setter.accept(Values.duration(text)));
    }

    /**
     * Takes a truth value.
     *
     * @param key its key
     * @param setter told the value, if the key is there
     */
    public void flag(String key, Consumer<Boolean> setter) {
        text(key, text -> setter.accept(Values.flag(text)));
    }

    /**
     * Takes a constant.
     *
     * @param <E> its type
     * @param key its key
     * @param constants all that it can be
     * @param setter told the constant, if the key is there
     */
    public <E extends Enum<E>> void choice(String key, E[] constants, Consumer<E> setter) {
        text(key, text -> setter.accept(Values.choice(text, constants)));
    }

    /**
     * Takes a section of this one.
     *
     * @param name its name
     * @param taker told the section, if it has keys; reads all of them
     */
    public void section(String name, Consumer<Settings> taker) {
        knownSections.add(name);
        Settings section = settings.section(name);
        if (!section.keys().isEmpty()) {
            try {
                taker.accept(section);
            } catch (SettingsException refused) {
                problems.addAll(refused.problems());
            } catch (IllegalArgumentException refused) {
                problems.add(section.prefix() + "*: " + refused.getMessage());
            }
        }
    }

    /** Refuses what nobody knew. */
    void finish() {
        for (String key : settings.keys()) {
            int dot = key.indexOf('.');
            boolean inSection = dot > 0 && knownSections.contains(key.substring(0, dot));
            if (!inSection && !known.contains(key)) {
                problems.add(settings.describe(key) + "it is not known; " + hint(key, dot));
            }
        }
        if (!problems.isEmpty()) {
            throw new SettingsException(settings.source(), problems);
        }
    }

    private String hint(String key, int dot) {
        Set<String> candidates = new TreeSet<>(known);
        String rest = dot > 0 ? key.substring(dot) : ".";
        knownSections.forEach(section -> candidates.add(section + rest));
        String closest = Closest.to(key, candidates);
        if (closest != null) {
            return "the closest known key is " + settings.prefix() + closest;
        }
        Set<String> all = new TreeSet<>(known);
        knownSections.forEach(section -> all.add(section + ".*"));
        return "known in " + settings.prefix() + "* are " + String.join(", ", all);
    }
}
