package io.millrace.benchmarks.report;

import io.millrace.benchmarks.load.EchoPoint;
import java.util.Locale;

/** A property of the load that grows while the two others stay. */
enum Sweep {
    /** From one connection to as many as a server of devices has. */
    CONNECTIONS("connections, one message in flight on each", "64 bytes, one in flight") {
        @Override
        EchoPoint point(int value) {
            return new EchoPoint(value, 1, 64);
        }

        @Override
        int value(EchoPoint point) {
            return point.connections();
        }
    },

    /** From one message after the other to many in one turn. */
    IN_FLIGHT("messages in flight on each connection", "64 connections, 64 bytes") {
        @Override
        EchoPoint point(int value) {
            return new EchoPoint(64, value, 64);
        }

        @Override
        int value(EchoPoint point) {
            return point.inFlight();
        }
    },

    /** From next to nothing to more than a buffer holds. */
    BYTES("bytes of payload", "16 connections, one in flight") {
        @Override
        EchoPoint point(int value) {
            return new EchoPoint(16, 1, value);
        }

        @Override
        int value(EchoPoint point) {
            return point.bytes();
        }

        @Override
        String mark(double value) {
            int bytes = (int) value;
            if (bytes >= 1 << 20) {
                return (bytes >> 20) + " MiB";
            }
            return bytes >= 1 << 10 ? (bytes >> 10) + " KiB" : bytes + " B";
        }
    };

    private final String title;
    private final String fixed;

    Sweep(String title, String fixed) {
        this.title = title;
        this.fixed = fixed;
    }

    /** Returns the point of the curve where the property has a value. */
    abstract EchoPoint point(int value);

    /** Returns the property of a point. */
    abstract int value(EchoPoint point);

    /** Returns how a value is written below the axis. */
    String mark(double value) {
        return String.format(Locale.ROOT, "%,.0f", value);
    }

    /** Returns whether a point lies on this curve: whether only its own property differs. */
    boolean has(EchoPoint point) {
        return point(value(point)).equals(point);
    }

    String chartName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns what grows. */
    String title() {
        return title;
    }

    /** Returns what stays. */
    String fixed() {
        return fixed;
    }
}
