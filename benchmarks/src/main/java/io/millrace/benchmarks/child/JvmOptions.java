package io.millrace.benchmarks.child;

import java.util.ArrayList;
import java.util.List;

/** The options of children's JVMs: the same for all contestants, and nothing left to what the machine has free. */
public final class JvmOptions {
    private static final int FEATURE = Runtime.version().feature();

    private JvmOptions() {}

    /**
     * Returns those of a measured program.
     *
     * @param own what it is to be started with beside those of all
     */
    public static List<String> server(List<String> own) {
        List<String> options = with("-Xms1g", "-Xmx1g", "-XX:MaxDirectMemorySize=4g");
        options.addAll(own);
        return options;
    }

    /** Returns those of a load. */
    public static List<String> load() {
        return with("-Xms256m", "-Xmx256m", "-XX:MaxDirectMemorySize=1g");
    }

    private static List<String> with(String... memory) {
        List<String> options = new ArrayList<>(List.of(memory));
        options.add("-XX:+UseSerialGC"); // what a JVM with one processor chooses
        // A compiler thread that ends takes the processor time that it has used out of the sum.
        options.add("-XX:-UseDynamicNumberOfCompilerThreads");
        if (FEATURE >= 22) {
            options.add("--enable-native-access=ALL-UNNAMED");
        }
        if (FEATURE >= 23) {
            options.add("--sun-misc-unsafe-memory-access=allow"); // without it Netty is slower than it can be
        }
        return options;
    }
}
