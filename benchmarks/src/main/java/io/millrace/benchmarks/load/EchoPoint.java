package io.millrace.benchmarks.load;

/**
 * A point of the table: so many connections, each with so many messages in flight, of so many bytes.
 *
 * @param connections at least 1
 * @param inFlight at least 1
 * @param bytes of the payload, at least 1
 */
public record EchoPoint(int connections, int inFlight, int bytes) {

    /** Checks the numbers. */
    public EchoPoint {
        if (connections < 1 || inFlight < 1 || bytes < 1) {
            throw new IllegalArgumentException(
                    "point is " + connections + "x" + inFlight + "x" + bytes + "; each number must be at least 1");
        }
    }

    /** Reads what {@link #toString()} writes. */
    public static EchoPoint parse(String text) {
        if (!text.matches("\\d{1,9}x\\d{1,9}x\\d{1,9}")) {
            throw new IllegalArgumentException("point is " + text + "; it must be CONNECTIONSxIN_FLIGHTxBYTES");
        }
        String[] parts = text.split("x", -1);
        return new EchoPoint(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
    }

    @Override
    public String toString() {
        return connections + "x" + inFlight + "x" + bytes;
    }
}
