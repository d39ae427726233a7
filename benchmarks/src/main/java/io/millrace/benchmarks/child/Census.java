package io.millrace.benchmarks.child;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the objects of a JVM hold by class, those that nothing refers to any more included. As long as no collection runs
 * in between, the difference of two is what was allocated.
 *
 * @param bytesByClass of each class its bytes on the heap
 */
public record Census(Map<String, Long> bytesByClass) {
    /** The rank, the number of objects, their bytes, and the class, behind which its module may stand. */
    private static final Pattern ROW = Pattern.compile("\\s*\\d+:\\s+\\d+\\s+(\\d+)\\s+(\\S+).*");

    private static final long PATIENCE_SECONDS = 30;

    /** Keeps a copy. */
    public Census {
        bytesByClass = Map.copyOf(bytesByClass);
    }

    /** Counts, with the tool of this JDK; the JVM stands still meanwhile. */
    static Census of(Process process) throws IOException {
        String tool = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        Process counting = new ProcessBuilder(tool, Long.toString(process.pid()), "GC.class_histogram", "-all")
                .redirectErrorStream(true)
                .start();
        try (BufferedReader answer = counting.inputReader(StandardCharsets.UTF_8)) {
            String text = answer.lines().collect(Collectors.joining("\n"));
            if (!counting.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || counting.exitValue() != 0) {
                throw new IOException(tool + " could not count objects: " + text);
            }
            return parse(text);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while objects were counted", e);
        } finally {
            counting.destroy();
        }
    }

    /** Reads what the tool prints. */
    static Census parse(String text) {
        Map<String, Long> bytes = new HashMap<>();
        text.lines().map(ROW::matcher).filter(Matcher::matches).forEach(row -> {
            bytes.merge(row.group(2), Long.parseLong(row.group(1)), Long::sum);
        });
        return new Census(bytes);
    }

    /** Returns what has been allocated of each class since an earlier census; classes without a difference are left out. */
    public Map<String, Long> since(Census earlier) {
        Map<String, Long> more = new HashMap<>();
        bytesByClass.forEach((name, bytes) -> {
            long difference = bytes - earlier.bytesByClass.getOrDefault(name, 0L);
            if (difference != 0) {
                more.put(name, difference);
            }
        });
        return more;
    }
}
