package io.millrace.benchmarks.table;

import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.result.Series;
import io.millrace.benchmarks.result.Spread;
import io.millrace.benchmarks.result.Statistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** The tables of one point, and what must be said with them. */
public final class PointTables {
    /** The bare program that the price of a framework is counted from. */
    public static final String BARE = "nio2-bare";

    /** From here on the load has no processor time to spare, and faster servers would look alike. */
    private static final double LOAD_BOUND = 0.95;

    /** Above this part of the latency that was measured, the load's own lateness is in it. */
    private static final double LAG_BOUND = 0.5;

    /** A wider spread, in percent, is that of a value near zero, and says nothing. */
    private static final double SPREAD_BOUND = 1_000;

    /** What programs are compared by that have as much load as they take. */
    private static final List<Figure> BY_SPEED =
            List.of(Figure.CPU_NANOS_PER_MESSAGE, Figure.MESSAGES_PER_SECOND, Figure.P99_NANOS);

    /** What programs are compared by that all have the same load. */
    private static final List<Figure> BY_LATENCY =
            List.of(Figure.CPU_NANOS_PER_MESSAGE, Figure.P50_NANOS, Figure.P99_NANOS, Figure.P999_NANOS);

    private final PointResult result;

    /** Makes tables of a point. */
    public PointTables(PointResult result) {
        this.result = result;
    }

    /** Returns the median of each figure, with half the distance between the quartiles in percent of it. */
    public Table figures() {
        List<Figure> figures =
                Stream.of(Figure.values()).filter(this::isMeasured).toList();
        return table(figures.stream().map(Figure::title).toList(), contestant -> figures.stream()
                .map(figure ->
                        result.series(contestant, figure).map(PointTables::cell).orElse("-"))
                .toList());
    }

    /**
     * Returns how many times better each contestant is than the best peer and than the bare program, with 95 % confidence
     * intervals.
     */
    public Table advantages() {
        List<Figure> compared = isMeasured(Figure.LOAD_LAG_NANOS) ? BY_LATENCY : BY_SPEED;
        List<Figure> figures = compared.stream().filter(this::isMeasured).toList();
        List<String> header = new ArrayList<>();
        for (Figure figure : figures) {
            result.bestPeer(figure).ifPresent(peer -> header.add(figure.title() + " vs " + peer));
            header.add(figure.title() + " vs " + BARE);
        }
        return table(header, contestant -> figures.stream()
                .flatMap(figure -> Stream.concat(
                        result.bestPeer(figure).map(peer -> advantage(contestant, peer, figure)).stream(),
                        Stream.of(advantage(contestant, BARE, figure))))
                .toList());
    }

    /** Returns who is missing and why, and where the load was the limit. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        result.absent().forEach((contestant, reason) -> notes.add("Without " + contestant + ": " + reason + "."));
        for (String contestant : result.contestants()) {
            double share = result.median(contestant, Figure.LOAD_CPU_SHARE).orElse(0);
            double lag = result.median(contestant, Figure.LOAD_LAG_NANOS).orElse(0);
            double p99 = result.median(contestant, Figure.P99_NANOS).orElse(Double.POSITIVE_INFINITY);
            if (lag > LAG_BOUND * p99) {
                notes.add("The load was late with " + contestant + ": p99 of its lag is " + Figure.P99_NANOS.format(lag)
                        + ", so latencies are the load's, not the server's.");
            } else if (share >= LOAD_BOUND) {
                notes.add("The load was the bottleneck with " + contestant + ", at "
                        + Figure.LOAD_CPU_SHARE.format(share)
                        + " of its processor: its messages/s and latencies are the load's, its CPU/message is not.");
            }
        }
        return notes;
    }

    private boolean isMeasured(Figure figure) {
        return result.series().stream().anyMatch(series -> series.figure() == figure);
    }

    private Table table(List<String> header, Function<String, List<String>> cells) {
        return new Table(
                prepend("contestant", header),
                result.contestants().stream()
                        .map(contestant -> prepend(contestant, cells.apply(contestant)))
                        .toList());
    }

    private static String cell(Series series) {
        Spread spread = Statistics.spread(series.values());
        String median = series.figure().format(spread.median());
        double half = 50 * (spread.high() - spread.low()) / Math.abs(spread.median());
        return half < SPREAD_BOUND ? median + String.format(Locale.ROOT, " ±%.0f%%", half) : median;
    }

    private String advantage(String contestant, String other, Figure figure) {
        Optional<Series> own = result.series(contestant, figure);
        Optional<Series> others = result.series(other, figure);
        if (contestant.equals(other) || own.isEmpty() || others.isEmpty()) {
            return "-";
        }
        return Statistics.advantage(own.get(), others.get()).toString();
    }

    private static List<String> prepend(String first, List<String> others) {
        return Stream.concat(Stream.of(first), others.stream()).toList();
    }
}
