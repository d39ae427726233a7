package io.millrace.benchmarks.child;

import java.nio.file.Files;
import java.nio.file.Path;

/** Whether there is a command that pins a process to a processor. */
final class Taskset {
    static final boolean IS_PRESENT = Files.isExecutable(Path.of("/usr/bin/taskset"));

    private Taskset() {}
}
