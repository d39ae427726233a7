package io.millrace.samples.ladder;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The machine's processors: which there are, and how a process is kept on one of them. */
public final class Processors {
    /** The server's. */
    static final int SERVER = 0;

    /** The load's. */
    static final int LOAD = 1;

    private static final Path MODELS = Path.of("/proc/cpuinfo");
    private static final boolean CAN_PIN = succeeds(words(SERVER)) && succeeds(words(LOAD));

    private Processors() {}

    /** Returns the words before a command that keep it on one processor; none where that cannot be done. */
    static List<String> pin(int processor) {
        return CAN_PIN ? words(processor) : List.of();
    }

    /** Returns how server and load share the machine. */
    public static String share() {
        return CAN_PIN ? "one processor for the server, another for the load" : "server and load share all processors";
    }

    /** Returns the model and number of processors. */
    public static String describe() throws IOException {
        String model = System.getProperty("os.arch");
        if (Files.isReadable(MODELS)) {
            model = Files.readAllLines(MODELS).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(model);
        }
        return model + ", " + Runtime.getRuntime().availableProcessors() + " available";
    }

    private static List<String> words(int processor) {
        return List.of("taskset", "-c", Integer.toString(processor));
    }

    private static boolean succeeds(List<String> pin) {
        try {
            return new ProcessBuilder(pin.get(0), pin.get(1), pin.get(2), "true")
                            .redirectOutput(Redirect.DISCARD)
                            .redirectError(Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException absent) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
