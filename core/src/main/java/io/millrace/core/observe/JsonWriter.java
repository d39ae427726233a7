package io.millrace.core.observe;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Writes one JSON object, for snapshots: members in the order given, numbers the same in every locale.
 *
 * <p>Threading: Not thread-safe.
 *
 * <p>Errors: an object that is not ended is not noticed; a number that JSON does not have is written as null.
 */
public final class JsonWriter {
    private static final int DECIMALS = 3;

    private final StringBuilder out = new StringBuilder("{");
    private boolean first = true;

    /** Begins the object. */
    public JsonWriter() {}

    /**
     * Writes a whole number.
     *
     * @param key its name
     * @param value the number
     * @return this
     */
    public JsonWriter number(String key, long value) {
        key(key).append(value);
        return this;
    }

    /**
     * Writes a number, rounded to three decimals.
     *
     * @param key its name
     * @param value the number
     * @return this
     */
    public JsonWriter number(String key, double value) {
        key(key).append(Double.isFinite(value) ? rounded(value) : "null");
        return this;
    }

    private static String rounded(double value) {
        BigDecimal decimal = BigDecimal.valueOf(value)
                .setScale(DECIMALS, RoundingMode.HALF_UP)
                .stripTrailingZeros();
        return decimal.toPlainString();
    }

    /**
     * Writes a text.
     *
     * @param key its name
     * @param value the text
     * @return this
     */
    public JsonWriter text(String key, String value) {
        quote(key(key), value);
        return this;
    }

    /**
     * Writes a list of texts.
     *
     * @param key its name
     * @param values the texts
     * @return this
     */
    public JsonWriter texts(String key, Iterable<String> values) {
        StringBuilder list = key(key).append('[');
        String separator = "";
        for (String value : values) {
            quote(list.append(separator), value);
            separator = ",";
        }
        list.append(']');
        return this;
    }

    /**
     * Begins an object inside this one.
     *
     * @param key its name
     * @return this, which writes the inner one until {@link #end()}
     */
    public JsonWriter begin(String key) {
        key(key).append('{');
        first = true;
        return this;
    }

    /**
     * Ends the object begun last.
     *
     * @return this
     */
    public JsonWriter end() {
        out.append('}');
        first = false;
        return this;
    }

    private StringBuilder key(String key) {
        if (!first) {
            out.append(',');
        }
        first = false;
        return quote(out, key).append(':');
    }

    private static StringBuilder quote(StringBuilder to, String text) {
        to.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // Lone surrogates too: they cannot be encoded, and the reader would see something else.
            if (c == '"' || c == '\\') {
                to.append('\\').append(c);
            } else if (c < ' ' || c == 0x7F || Character.isSurrogate(c)) {
                to.append("\\u")
                        .append(Character.forDigit(c >> 12, 16))
                        .append(Character.forDigit(c >> 8 & 0xF, 16))
                        .append(Character.forDigit(c >> 4 & 0xF, 16))
                        .append(Character.forDigit(c & 0xF, 16));
            } else {
                to.append(c);
            }
        }
        return to.append('"');
    }

    /**
     * Ends the whole.
     *
     * @return the JSON text, on one line
     */
    public String finish() {
        return out.append('}').toString();
    }
}
