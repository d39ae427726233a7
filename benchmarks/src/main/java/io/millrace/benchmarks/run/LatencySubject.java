package io.millrace.benchmarks.run;

import io.millrace.benchmarks.result.Figure;
import java.io.IOException;
import java.util.Map;

/** An echo server under load at a fixed rate. */
final class LatencySubject implements Subject {
    /** Between the point and the rate; and between time and rate in what the load is asked, see LoadCommand. */
    static final String AT = " at ";

    /** Behind an absolute rate; behind a share there is a percent sign. */
    static final String PER_SECOND = "/s";

    private static final int CALIBRATION_MILLIS = 500;

    private final LoadedServer echo;
    private final SlowestRate slowest;

    LatencySubject(LoadedServer echo, SlowestRate slowest) {
        this.echo = echo;
        this.slowest = slowest;
    }

    @Override
    public void warm(int millis) throws IOException {
        echo.warm(millis);
        slowest.offer(echo.run(Integer.toString(CALIBRATION_MILLIS)).perSecond());
    }

    @Override
    public Map<Figure, Double> measure(String point, int millis) throws IOException {
        return echo.measure(millis + AT + rate(point));
    }

    private double rate(String point) {
        String rate = point.substring(point.indexOf(AT) + AT.length());
        double number = Double.parseDouble(rate.replaceAll("[^0-9]", ""));
        return rate.endsWith(PER_SECOND) ? number : slowest.fix() * number / 100;
    }

    @Override
    public Map<Figure, Double> atRest() throws IOException {
        return echo.atRest();
    }

    @Override
    public void close() {
        echo.close();
    }
}
