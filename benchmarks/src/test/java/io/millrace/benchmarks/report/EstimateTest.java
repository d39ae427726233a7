package io.millrace.benchmarks.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.benchmarks.finding.Part;
import io.millrace.benchmarks.run.RunPlan;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class EstimateTest {
    private static final List<Part> LEFT = List.of(Part.PROXY, Part.CHURN);
    private static final Duration EXPECTED = Part.PROXY.expected().plus(Part.CHURN.expected());

    @Test
    void estimateBeginsWithWhatTheStandardPlanTakesAndScalesItToOthers() {
        assertEquals(EXPECTED, new Estimate(RunPlan.standard()).left(LEFT));
        RunPlan third = new RunPlan(1, 5, 2_500, 500, RunPlan.standard().contestants(), List.of());
        assertEquals(EXPECTED.dividedBy(3), new Estimate(third).left(LEFT));
    }

    @Test
    void estimateFollowsThePaceOfWhatIsDone() {
        Estimate estimate = new Estimate(RunPlan.standard());
        estimate.done(Part.ECHO, Part.ECHO.expected().multipliedBy(2));
        assertEquals(EXPECTED.multipliedBy(2), estimate.left(LEFT));
    }
}
