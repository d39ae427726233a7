package io.millrace.benchmarks.result;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where and how a run was measured.
 *
 * @param when in UTC
 * @param machine the processor's model
 * @param processors that the JVM may use
 * @param kernel the operating system and its version
 * @param jdk the version and vendor
 * @param versions of every contestant's library or program, by its name
 * @param command what it was measured with; several, if parts of it were measured again
 */
public record Environment(
        String when,
        String machine,
        int processors,
        String kernel,
        String jdk,
        Map<String, String> versions,
        String command) {
    /** Keeps a copy of the versions. */
    public Environment {
        versions = Collections.unmodifiableMap(new TreeMap<>(versions));
    }

    /** Describes this machine and this JVM, now. */
    public static Environment now(String command) throws IOException {
        return new Environment(
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                processorModel(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                System.getProperty("java.runtime.version") + " (" + System.getProperty("java.vendor") + ")",
                LibraryVersions.read(),
                command);
    }

    /** Returns this with more versions. */
    public Environment withVersions(Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(versions);
        all.putAll(more);
        return new Environment(when, machine, processors, kernel, jdk, all, command);
    }

    /** Returns this, which came after an earlier one: the page tells the versions and commands of both, each once. */
    Environment after(Environment earlier) {
        boolean isTold = earlier.command.endsWith(command);
        String both = isTold ? earlier.command : earlier.command + ", then " + command;
        return new Environment(when, machine, processors, kernel, jdk, earlier.versions, both).withVersions(versions);
    }

    private static String processorModel() throws IOException {
        Path cpus = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(cpus)) {
            return "unknown";
        }
        return Files.readAllLines(cpus).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("unknown");
    }
}
