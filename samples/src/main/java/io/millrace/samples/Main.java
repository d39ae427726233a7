package io.millrace.samples;

import java.io.IOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/** The executable jar's entry: each sample is a subcommand. */
@Command(
        name = "millrace-samples",
        description = "Programs that show how Millrace is used. Try demo first.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            Demo.class,
            EchoServer.class,
            EchoClient.class,
            ConsoleClient.class,
            BatchClient.class,
            Failover.class,
            ResilientClient.class,
            Gateway.class,
            RequestServer.class,
            RequestClient.class,
            SeedServer.class,
            SeedClient.class,
            ChatServer.class,
            ChatClient.class,
            RespServer.class,
            RespClient.class,
            DrainUnderLoad.class,
            SlowPeers.class,
            FileTransfer.class,
            BlockingHandlers.class,
            Telemetry.class,
            Monitoring.class,
            IoModels.class,
            TenLineServer.class,
            TenLineClient.class
        })
public final class Main {
    /**
     * Runs the sample that the arguments name.
     *
     * @param args a subcommand and its options
     */
    public static void main(String... args) {
        System.exit(commandLine(new Main()).execute(args));
    }

    /** Makes a command ready to run: all samples read their options and explain their failures alike. */
    static CommandLine commandLine(Object command) {
        CommandSpec spec = CommandSpec.forAnnotatedObject(command);
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this help.")
                .scopeType(ScopeType.INHERIT)
                .build());
        return new CommandLine(spec)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(Main::explain);
    }

    /** Refuses an option that must be at least 1. */
    static void requirePositive(String option, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(option + " is " + value + "; it must be at least 1");
        }
    }

    /** Tells in one line what the user can do something about; anything else is a bug and keeps its stack trace. */
    private static int explain(Exception thrown, CommandLine commandLine, ParseResult parsed) throws Exception {
        Throwable cause = thrown.getCause();
        if (cause == null || !(thrown instanceof ExecutionException || thrown instanceof CompletionException)) {
            cause = thrown;
        }
        if (!(cause instanceof IOException || cause instanceof IllegalArgumentException)) {
            throw thrown;
        }
        commandLine.getErr().println(commandLine.getCommandName() + ": " + cause.getMessage());
        return cause instanceof IOException ? ExitCode.SOFTWARE : ExitCode.USAGE;
    }
}
