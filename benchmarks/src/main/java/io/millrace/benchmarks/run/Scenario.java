package io.millrace.benchmarks.run;

import io.millrace.benchmarks.result.PointResult;
import java.util.List;
import java.util.Map;

/** A kind of work that contestants are measured at, at one point or several. */
public interface Scenario {
    /** Returns what it is called on the command line and in results, such as {@code echo}. */
    String name();

    /** Returns the versions of the programs that it measures beside the libraries of this one, by name. */
    default Map<String, String> versions() {
        return Map.of();
    }

    /**
     * Measures all contestants that the plan wants, those of a point in turns. A contestant that fails is named in the
     * result with the reason, and the others go on.
     *
     * @param plan how often, how long, and what
     * @param progress told of each step
     * @return one result for each point
     * @throws Exception if nothing can be measured at all
     */
    List<PointResult> measure(RunPlan plan, Progress progress) throws Exception;
}
