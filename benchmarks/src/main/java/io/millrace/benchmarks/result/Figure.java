package io.millrace.benchmarks.result;

/** What is measured of a contestant. */
public enum Figure {
    /** Messages that came back whole, or calls that were answered. */
    MESSAGES_PER_SECOND("messages/s", Unit.PER_SECOND, false),

    /** Processor time of the server's living threads; the steadiest figure on a busy machine. */
    CPU_NANOS_PER_MESSAGE("CPU/message", Unit.NANOS, true),

    /** Processor time of the server alone, where the client is measured too. */
    SERVER_CPU_NANOS_PER_MESSAGE("server CPU/message", Unit.NANOS, true),

    /** Processor time of the measured client alone. */
    CLIENT_CPU_NANOS_PER_MESSAGE("client CPU/message", Unit.NANOS, true),

    /** What half of the messages took at most. */
    P50_NANOS("p50", Unit.NANOS, true),

    /** What 99 % of the messages took at most. */
    P99_NANOS("p99", Unit.NANOS, true),

    /** What 99.9 % of the messages took at most. */
    P999_NANOS("p99.9", Unit.NANOS, true),

    /** What the slowest message took. */
    MAX_NANOS("max", Unit.NANOS, true),

    /** What the server's living threads allocate, less what asking them allocates. */
    ALLOCATED_BYTES_PER_MESSAGE("allocated/message", Unit.BYTES, true),

    /** What the server allocates, but for the objects of the JDK's engine: its events, and its numbers in boxes. */
    OWN_BYTES_PER_MESSAGE("own garbage/message", Unit.BYTES, true),

    /** What the JDK's engine allocates in the server: its events, and its numbers in boxes. */
    ENGINE_BYTES_PER_MESSAGE("the engine's garbage/message", Unit.BYTES, true),

    /** What the measured client's living threads allocate, the load's own part included. */
    CLIENT_ALLOCATED_BYTES_PER_MESSAGE("client allocated/message", Unit.BYTES, true),

    /** What is alive on the heap after a collection. */
    HEAP_BYTES("heap after GC", Unit.BYTES, true),

    /** What direct buffers hold, as far as the JVM counts them. */
    DIRECT_BYTES("direct memory", Unit.BYTES, true),

    /** What the process holds of the machine's memory. */
    RESIDENT_BYTES("RSS", Unit.BYTES, true),

    /** Heap after a collection and direct memory, above those of the server without connections. */
    HEAP_AND_DIRECT_BYTES_PER_CONNECTION("heap and direct/connection", Unit.BYTES, true),

    /** Heap after a collection alone, above that of the server without connections. */
    HEAP_BYTES_PER_CONNECTION("heap/connection", Unit.BYTES, true),

    /** Direct memory alone, above that of the server without connections. */
    DIRECT_BYTES_PER_CONNECTION("direct/connection", Unit.BYTES, true),

    /** What the process holds of the machine's memory, above that of the server without connections. */
    RESIDENT_BYTES_PER_CONNECTION("RSS/connection", Unit.BYTES, true),

    /** From the start of the JVM until the first echo has come back. */
    FIRST_ECHO_NANOS("first echo", Unit.NANOS, true),

    /** Processor time of the process from its start until the first echo has come back. */
    FIRST_ECHO_CPU_NANOS("CPU until first echo", Unit.NANOS, true),

    /** Connections that were accepted, served and closed. */
    CONNECTIONS_PER_SECOND("connections/s", Unit.PER_SECOND, false),

    /** Processor time of the server's living threads for a connection from accept to close. */
    CPU_NANOS_PER_CONNECTION("CPU/connection", Unit.NANOS, true),

    /** What the server's living threads allocate for a connection from accept to close. */
    ALLOCATED_BYTES_PER_CONNECTION("allocated/connection", Unit.BYTES, true),

    /** How much of its processor the load used: near one, it is the load that was measured. */
    LOAD_CPU_SHARE("load CPU", Unit.SHARE, true),

    /** How late the load sent 99 % of the messages at most, where it has a schedule. */
    LOAD_LAG_NANOS("load lag p99", Unit.NANOS, true);

    private final String title;
    private final Unit unit;
    private final boolean isBetterLow;

    Figure(String title, Unit unit, boolean isBetterLow) {
        this.title = title;
        this.unit = unit;
        this.isBetterLow = isBetterLow;
    }

    /** Returns what stands above its column. */
    public String title() {
        return title;
    }

    /** Returns the symbol of the unit in which values are stored. */
    public String unit() {
        return unit.symbol();
    }

    /** Returns whether less of it is better. */
    public boolean isBetterLow() {
        return isBetterLow;
    }

    /** Returns a value as a table shows it, with about three digits that mean something and its unit. */
    public String format(double value) {
        return unit.format(value);
    }
}
