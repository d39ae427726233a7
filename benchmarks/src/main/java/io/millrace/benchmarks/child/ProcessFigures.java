package io.millrace.benchmarks.child;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What Linux tells of a process: its processor time and its memory. */
public final class ProcessFigures {
    /** The name of a thread as Linux keeps it: 15 letters. */
    private static final Pattern COMPILER = Pattern.compile("C[12] CompilerThre");

    private final Path folder;

    /** Makes the figures of a process. */
    public ProcessFigures(long pid) {
        folder = Path.of("/proc", Long.toString(pid));
    }

    /** Returns the processor time that the process's threads have used so far, those that have ended not counted. */
    public long cpuNanos() throws IOException {
        return cpuNanos(name -> true);
    }

    /** Returns how much of it is that of a JVM's compilers. */
    long compilerNanos() throws IOException {
        return cpuNanos(name -> COMPILER.matcher(name).matches());
    }

    private long cpuNanos(Predicate<String> isCounted) throws IOException {
        long nanos = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(folder.resolve("task"))) {
            for (Path thread : threads) {
                nanos += threadNanos(thread, isCounted);
            }
        }
        return nanos;
    }

    private static long threadNanos(Path thread, Predicate<String> isCounted) throws IOException {
        try {
            if (!isCounted.test(Files.readString(thread.resolve("comm")).strip())) {
                return 0;
            }
            String first = Files.readString(thread.resolve("schedstat"));
            return Long.parseLong(first.substring(0, first.indexOf(' ')));
        } catch (NoSuchFileException ended) {
            return 0;
        }
    }

    /** Returns what the process holds of the machine's memory. */
    long residentBytes() throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve("status"));
        for (String line : lines) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
            }
        }
        throw new IOException("no VmRSS in " + folder + "/status");
    }
}
