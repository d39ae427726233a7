package io.millrace.benchmarks;

import io.millrace.benchmarks.calls.AnswerCommand;
import io.millrace.benchmarks.calls.AskCommand;
import io.millrace.benchmarks.child.ServeCommand;
import io.millrace.benchmarks.crowd.ChurnCommand;
import io.millrace.benchmarks.crowd.HoldCommand;
import io.millrace.benchmarks.crowd.ShoutCommand;
import io.millrace.benchmarks.load.LoadCommand;
import io.millrace.benchmarks.micro.MicroCommand;
import io.millrace.benchmarks.report.ReportCommand;
import io.millrace.benchmarks.run.CompareCommand;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ScopeType;

/** The executable jar's entry: each measurement is a subcommand. */
@Command(
        name = "millrace-benchmarks",
        description = "Puts Millrace beside its peers.",
        footer = {"", "Each command has a --help of its own. Those that these start as processes are hidden."},
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            CompareCommand.class,
            ReportCommand.class,
            MicroCommand.class,
            ServeCommand.class,
            LoadCommand.class,
            AnswerCommand.class,
            AskCommand.class,
            HoldCommand.class,
            ChurnCommand.class,
            ShoutCommand.class
        })
public final class Benchmarks {
    private Benchmarks() {}

    /**
     * Runs the measurement that the arguments name.
     *
     * @param args a subcommand and its options
     */
    public static void main(String... args) {
        CommandLine commandLine = new CommandLine(new Benchmarks());
        commandLine
                .getCommandSpec()
                .addOption(OptionSpec.builder("-h", "--help")
                        .usageHelp(true)
                        .description("Show this help.")
                        .scopeType(ScopeType.INHERIT)
                        .build());
        System.exit(commandLine.setCaseInsensitiveEnumValuesAllowed(true).execute(args));
    }
}
