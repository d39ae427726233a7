package io.millrace.benchmarks.load;

/**
 * A point of the table: so many connections, each with so many messages in flight, of so many bytes.
 *
 * @param connections at least 1
 * @param inFlight at least 1
 * @param bytes of the payload, at least 1
 */
public record EchoPoint(int connections, int inFlight, int bytes) {
    /** Reads what {@link #toString()} writes. */
    public static EchoPoint parse(String text) {
        String[] parts = text.split("x", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("point is " + text + "; it must be CONNECTIONSxIN_FLIGHTxBYTES");
        }
        return new EchoPoint(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
    }

    @Override
    public String toString() {
        return connections + "x" + inFlight + "x" + bytes;
    }
}
