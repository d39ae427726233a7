package io.millrace.benchmarks.report;

import io.millrace.benchmarks.finding.Findings;
import io.millrace.benchmarks.finding.Peer;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Ratio;
import io.millrace.benchmarks.table.PointTables;
import io.millrace.benchmarks.table.Table;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The contestants of one point as Markdown, the best first: a table of what decides, and below it, folded, the rest.
 *
 * @param point what was measured
 * @param headline what the contestants are compared by
 */
record PointTable(PointResult point, Figure headline) {
    /** Stands where a contestant has no value. */
    private static final String NOTHING = "-";

    /** What stands beside the headline; all else is folded. */
    private static final Set<Figure> DECIDING = Set.of(
            Figure.MESSAGES_PER_SECOND,
            Figure.CONNECTIONS_PER_SECOND,
            Figure.CPU_NANOS_PER_MESSAGE,
            Figure.P99_NANOS,
            Figure.ALLOCATED_BYTES_PER_MESSAGE,
            Figure.CLIENT_ALLOCATED_BYTES_PER_MESSAGE,
            Figure.RESIDENT_BYTES,
            Figure.RESIDENT_BYTES_PER_CONNECTION);

    /** Returns both tables, and who is missing from them. */
    String markdown() {
        List<Column> deciding = new ArrayList<>(List.of(column(headline)));
        Stream.of(Peer.BEST_NETTY, Peer.BEST_LEAN_NETTY, Peer.BARE_LOOP)
                .filter(peer -> peer.in(point, headline).isPresent())
                .forEach(peer -> deciding.add(new Column("× " + peer.name(), own -> advantage(own, peer))));
        List<Column> details = new ArrayList<>();
        Stream.of(Figure.values())
                .filter(figure -> figure != headline && isMeasured(figure))
                .forEach(figure -> (DECIDING.contains(figure) ? deciding : details).add(column(figure)));
        StringBuilder text = new StringBuilder(table(deciding));
        if (!details.isEmpty()) {
            text.append("\n<details><summary>More of ").append(point.point()).append("</summary>\n\n");
            text.append(table(details));
            // who is absent is said where everybody sees it
            List<String> notes =
                    new PointTables(new PointResult(point.scenario(), point.point(), point.series())).notes();
            text.append(notes.isEmpty() ? "" : "\n- " + String.join("\n- ", notes) + "\n");
            text.append("\n</details>\n");
        }
        point.absent().forEach((contestant, reason) -> text.append("\nNot measured: ")
                .append(contestant)
                .append(" (")
                .append(reason.replaceAll("\\s+", " ").strip())
                .append(").\n"));
        return text.toString();
    }

    private Column column(Figure figure) {
        return new Column(figure.title(), contestant -> point.series(contestant, figure)
                .map(Findings::text)
                .orElse(NOTHING));
    }

    private boolean isMeasured(Figure figure) {
        return point.series().stream()
                .anyMatch(series ->
                        series.figure() == figure && series.values().stream().anyMatch(value -> value != 0));
    }

    private List<String> bestFirst() {
        double worst = headline.isBetterLow() ? Double.MAX_VALUE : 0;
        Comparator<String> byMedian = Comparator.comparingDouble(
                contestant -> point.median(contestant, headline).orElse(worst));
        return point.contestants().stream()
                .sorted(headline.isBetterLow() ? byMedian : byMedian.reversed())
                .toList();
    }

    private String table(List<Column> columns) {
        List<String> header = Stream.concat(
                        Stream.of("contestant"), columns.stream().map(Column::head))
                .toList();
        return new Table(
                        header,
                        bestFirst().stream()
                                .map(contestant -> row(contestant, columns))
                                .toList())
                .markdown();
    }

    private static List<String> row(String contestant, List<Column> columns) {
        String mark = contestant.startsWith(Peer.MILLRACE) ? "**" : "";
        return Stream.concat(Stream.of(contestant), columns.stream().map(column -> column.cell()
                        .apply(contestant)))
                .map(cell -> cell.equals(NOTHING) ? cell : mark + cell + mark)
                .toList();
    }

    private String advantage(String contestant, Peer peer) {
        if (peer.in(point, headline).filter(contestant::equals).isPresent()) {
            return "1";
        }
        return Findings.advantage(point, contestant, peer, headline)
                .map(Ratio::toString)
                .orElse(NOTHING);
    }

    /** What stands above, and beside a contestant. */
    private record Column(String head, Function<String, String> cell) {}
}
