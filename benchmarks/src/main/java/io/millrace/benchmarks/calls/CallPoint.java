package io.millrace.benchmarks.calls;

/**
 * A point of the request/reply scenario.
 *
 * @param connections at least 1
 * @param inFlight over all connections together, at least 1
 * @param bytes of the payload, at least 8
 * @param asker who asks anew when a reply has come
 */
public record CallPoint(int connections, int inFlight, int bytes, Asker asker) {
    /** Who asks. */
    public enum Asker {
        /** The reply's callback, on the client's I/O thread. */
        CALLBACK(""),

        /** One thread of the application, to which callbacks pass the answered slots. */
        THREAD("-thread");

        private final String suffix;

        Asker(String suffix) {
            this.suffix = suffix;
        }
    }

    /** Checks the bytes. */
    public CallPoint {
        if (bytes < Long.BYTES) {
            throw new IllegalArgumentException("payload is " + bytes + " bytes; it must hold a number of 8");
        }
    }

    /** Reads what {@link #toString()} writes. */
    public static CallPoint parse(String text) {
        Asker asker = text.endsWith(Asker.THREAD.suffix) ? Asker.THREAD : Asker.CALLBACK;
        String[] parts =
                text.substring(0, text.length() - asker.suffix.length()).split("x", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException(
                    "point is " + text + "; it must be CONNECTIONSxIN_FLIGHTxBYTES, or that and -thread");
        }
        return new CallPoint(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]), asker);
    }

    @Override
    public String toString() {
        return connections + "x" + inFlight + "x" + bytes + asker.suffix;
    }
}
