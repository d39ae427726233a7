package io.millrace.core;

import java.util.Objects;

/**
 * The key of a typed attribute of sessions. Two keys are never the same attribute, whatever their names; keep each in a
 * constant.
 *
 * <p>Threading: Immutable.
 *
 * @param <T> what the attribute holds
 */
public final class AttributeKey<T> {
    private final String name;
    private final Class<T> type;

    private AttributeKey(String name, Class<T> type) {
        this.name = name;
        this.type = type;
    }

    /**
     * Makes a key.
     *
     * @param name what to call it in texts
     * @param type what the attribute holds
     * @param <T> what the attribute holds
     * @return a new key
     */
    public static <T> AttributeKey<T> of(String name, Class<T> type) {
        return new AttributeKey<>(Objects.requireNonNull(name, "name"), Objects.requireNonNull(type, "type"));
    }

    /**
     * Returns what the attribute holds.
     *
     * @return the class of its values
     */
    public Class<T> type() {
        return type;
    }

    @Override
    public String toString() {
        return name;
    }
}
