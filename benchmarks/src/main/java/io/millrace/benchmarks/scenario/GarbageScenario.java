package io.millrace.benchmarks.scenario;

import io.millrace.benchmarks.child.Census;
import io.millrace.benchmarks.child.Questions;
import io.millrace.benchmarks.child.Served;
import io.millrace.benchmarks.child.Served.Serving;
import io.millrace.benchmarks.contestant.Role;
import io.millrace.benchmarks.load.EchoPoint;
import io.millrace.benchmarks.load.LoadResult;
import io.millrace.benchmarks.result.Figure;
import io.millrace.benchmarks.result.PointResult;
import io.millrace.benchmarks.run.EchoScenario;
import io.millrace.benchmarks.run.Entrants;
import io.millrace.benchmarks.run.Progress;
import io.millrace.benchmarks.run.RunPlan;
import io.millrace.benchmarks.run.Scenario;
import io.millrace.benchmarks.run.Subject;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** What echo allocates, class by class: what of it is the engine's and what the contestant's own. */
public final class GarbageScenario implements Scenario {
    /** What the JDK's engine hands to completion handlers, if it does not fit its cache of small numbers. */
    private static final List<String> BOXES = List.of("java.lang.Integer", "java.lang.Long");

    private static final String ENGINE = "sun.nio.ch.";

    /** What the JVM fills parts of the heap with that are not in use; so arrays of this kind cannot be counted. */
    private static final List<String> FILLERS =
            List.of("[I", "java.lang.Object", "jdk.internal.vm.FillerArray", "jdk.internal.vm.FillerElement[]");

    @Override
    public String name() {
        return "garbage";
    }

    @Override
    public List<PointResult> measure(RunPlan plan, Progress progress) throws IOException {
        Entrants entrants = Entrants.plain(name(), Role.ECHO, plan);
        return entrants.measure(
                plan.pointsOr(EchoScenario.POINTS).stream()
                        .map(EchoPoint::parse)
                        .map(point -> entrants.comparison(
                                point.toString(), point.connections(), contestant -> open(contestant, point)))
                        .toList(),
                progress);
    }

    private static Subject open(String contestant, EchoPoint point) throws IOException {
        return new Counted(Served.start(
                Serving.of(Role.ECHO, point.bytes()), contestant, List.of("load", "--point", point.toString())));
    }

    /** A server whose objects are counted. */
    private record Counted(Served served) implements Subject {
        @Override
        public void warm(int millis) throws IOException {
            served.ask(Integer.toString(millis));
            // The first census loads what later ones need.
            served.server().census();
        }

        @Override
        public Map<Figure, Double> measure(String point, int millis) throws IOException {
            Census before = served.server().census();
            LoadResult result = Questions.read(served.ask(Integer.toString(millis)), LoadResult.class);
            Map<String, Long> allocated = served.server().census().since(before);
            long engines = 0;
            long own = 0;
            for (Map.Entry<String, Long> one : allocated.entrySet()) {
                if (isEngines(one.getKey())) {
                    engines += one.getValue();
                } else if (!FILLERS.contains(one.getKey())) {
                    own += one.getValue();
                }
            }
            if (engines < 0) {
                throw new IOException("a collection ran while " + point + " was counted");
            }
            double messages = result.messages();
            return Map.of(
                    Figure.OWN_BYTES_PER_MESSAGE, own / messages,
                    Figure.ENGINE_BYTES_PER_MESSAGE, engines / messages);
        }

        private static boolean isEngines(String className) {
            return className.startsWith(ENGINE) || BOXES.contains(className);
        }

        @Override
        public void close() {
            served.close();
        }
    }
}
