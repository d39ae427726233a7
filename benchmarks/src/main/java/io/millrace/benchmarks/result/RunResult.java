package io.millrace.benchmarks.result;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A whole run.
 *
 * @param environment where it was measured
 * @param points in the order in which they were measured
 */
public record RunResult(Environment environment, List<PointResult> points) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Keeps a copy of the points. */
    public RunResult {
        points = List.copyOf(points);
    }

    /** Reads what {@link #write} wrote. */
    public static RunResult read(Path json) throws IOException {
        return JSON.readValue(Files.readString(json), RunResult.class);
    }

    /** Writes it as JSON, in folders that are made where they are missing. */
    public void write(Path json) throws IOException {
        Path folder = json.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        Files.writeString(json, JSON.writeValueAsString(this) + "\n");
    }

    /** Returns this run with the points of a newer one in the place of the same points, or behind them. */
    public RunResult merge(RunResult newer) {
        List<PointResult> merged = new ArrayList<>(points);
        for (PointResult point : newer.points) {
            int known = 0;
            while (known < merged.size() && !merged.get(known).isSamePoint(point)) {
                known++;
            }
            if (known < merged.size()) {
                merged.set(known, point);
            } else {
                merged.add(point);
            }
        }
        return new RunResult(newer.environment.after(environment), merged);
    }
}
