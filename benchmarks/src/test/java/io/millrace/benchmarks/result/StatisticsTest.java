package io.millrace.benchmarks.result;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StatisticsTest {
    private static final double EXACT = 1e-12;

    @Test
    void medianIsTheMiddleOrTheMeanOfTheTwo() {
        assertEquals(2, Statistics.median(List.of(3.0, 1.0, 2.0)), EXACT);
        assertEquals(2.5, Statistics.median(List.of(4.0, 1.0, 2.0, 3.0)), EXACT);
    }

    @Test
    void medianOfNothingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> Statistics.median(List.of()));
    }

    @Test
    void spreadHasTheQuartiles() {
        assertEquals(new Spread(2, 3, 4), Statistics.spread(List.of(5.0, 1.0, 4.0, 2.0, 3.0)));
    }

    @Test
    void ratioIsOfPairsAndNotOfMedians() {
        // The machine was three times slower in the second round, for both.
        Ratio ratio = Statistics.ratio(rates("a", 10, 30, 20), rates("b", 5, 15, 10));
        assertEquals(new Ratio(2, 2, 2, 3), ratio);
    }

    @Test
    void intervalHoldsTheMedianAndNarrowsWithMorePairs() {
        Ratio few = Statistics.ratio(mixed("a", 6), ones("b", 6));
        Ratio many = Statistics.ratio(mixed("a", 60), ones("b", 60));
        assertTrue(few.low() < few.median() && few.median() < few.high(), few::toString);
        assertTrue(many.high() - many.low() < few.high() - few.low(), () -> few + " and " + many);
    }

    @Test
    void intervalIsTheSameEveryTime() {
        assertEquals(Statistics.ratio(mixed("a", 9), ones("b", 9)), Statistics.ratio(mixed("a", 9), ones("b", 9)));
    }

    @Test
    void advantageIsAboveOneForWhatIsBetter() {
        assertEquals(2, Statistics.advantage(rates("a", 10), rates("b", 5)).median(), EXACT);
        Series less = new Series("a", Figure.CPU_NANOS_PER_MESSAGE, List.of(100.0));
        Series more = new Series("b", Figure.CPU_NANOS_PER_MESSAGE, List.of(300.0));
        assertEquals(3, Statistics.advantage(less, more).median(), EXACT);
    }

    @Test
    void seriesOfFewerTrialsHasAsManyPairsAsValues() {
        Ratio ratio = Statistics.ratio(rates("a", 8, 8, 1), rates("b", 2, 2));
        assertEquals(4, ratio.median(), EXACT);
        assertEquals(2, ratio.pairs());
    }

    @Test
    void seriesOfDifferentFiguresAreRefused() {
        Series other = new Series("b", Figure.P50_NANOS, List.of(1.0));
        assertThrows(IllegalArgumentException.class, () -> Statistics.ratio(rates("a", 1), other));
    }

    /** Values between one and two, in no order. */
    private static Series mixed(String contestant, int count) {
        return rates(
                contestant,
                IntStream.range(0, count)
                        .mapToDouble(i -> 1 + i * 7 % 10 / 10.0)
                        .toArray());
    }

    private static Series ones(String contestant, int count) {
        return rates(contestant, DoubleStream.generate(() -> 1).limit(count).toArray());
    }

    private static Series rates(String contestant, double... values) {
        return new Series(
                contestant,
                Figure.MESSAGES_PER_SECOND,
                DoubleStream.of(values).boxed().toList());
    }
}
