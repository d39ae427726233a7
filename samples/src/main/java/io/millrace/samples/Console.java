package io.millrace.samples;

import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** What every sample has of its command line: where it prints, what it reads, and a check of its options. */
@Command // without an annotation of its own it could not be mixed in
final class Console {
    @Spec(Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // picocli sets it before it runs the command
    private CommandSpec command;

    PrintWriter out() {
        return command.commandLine().getOut();
    }

    PrintWriter err() {
        return command.commandLine().getErr();
    }

    /** Refuses options, whole numbers all of them, that are less than 1; those that have no value are fine. */
    void requirePositive(String... options) {
        for (String option : options) {
            @Nullable Number value = command.findOption(option).getValue();
            if (value != null) {
                Main.requirePositive(option, value.longValue());
            }
        }
    }

    /** Makes a reader of lines that a terminal sends. */
    static BufferedReader reader(InputStream in) {
        return new BufferedReader(new InputStreamReader(in, charset()));
    }

    /** Returns what terminals here speak. Where the JVM does not say that, before Java 19, it is the default. */
    static Charset charset() {
        return Charset.forName(
                System.getProperty("stdout.encoding", Charset.defaultCharset().name()));
    }
}
