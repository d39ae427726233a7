package io.millrace.benchmarks.report;

import io.millrace.benchmarks.finding.Findings;
import io.millrace.benchmarks.finding.Peer;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Ratio;
import io.millrace.benchmarks.table.Table;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Millrace beside one peer as Markdown, a row for each point: for scenarios of many points and two contestants.
 *
 * @param points what was measured
 * @param peer whom it is compared with
 */
record PairTable(List<PointResult> points, Peer peer) {
    private static final String NOTHING = "-";

    /** Returns the table, and who is missing from it. */
    String markdown() {
        List<String> header = List.of(
                "test",
                "Millrace, requests/s",
                peer.name() + ", requests/s",
                "× " + peer.name(),
                "× by CPU",
                "Millrace, p99",
                peer.name() + ", p99");
        String table = new Table(header, points.stream().map(this::row).toList()).markdown();
        String missing = points.stream()
                .flatMap(point -> point.absent().entrySet().stream()
                        .map(absent -> point.point() + ": " + absent.getKey() + " ("
                                + absent.getValue().replaceAll("\\s+", " ").strip() + ")"))
                .collect(Collectors.joining("; "));
        return missing.isEmpty() ? table : table + "\nNot measured: " + missing + ".\n";
    }

    private List<String> row(PointResult point) {
        return List.of(
                point.point(),
                text(point, Peer.MILLRACE, Figure.MESSAGES_PER_SECOND),
                text(point, peer.name(), Figure.MESSAGES_PER_SECOND),
                advantage(point, Figure.MESSAGES_PER_SECOND),
                advantage(point, Figure.CPU_NANOS_PER_MESSAGE),
                text(point, Peer.MILLRACE, Figure.P99_NANOS),
                text(point, peer.name(), Figure.P99_NANOS));
    }

    private static String text(PointResult point, String contestant, Figure figure) {
        return point.series(contestant, figure).map(Findings::text).orElse(NOTHING);
    }

    private String advantage(PointResult point, Figure figure) {
        return Findings.advantage(point, Peer.MILLRACE, peer, figure)
                .map(Ratio::toString)
                .orElse(NOTHING);
    }
}
