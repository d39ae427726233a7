package io.millrace.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FileTransferIT {
    private static final int FILE_BYTES = 2_000_000;

    @TempDir
    private Path folder;

    private byte[] content = {};
    private String file = "";
    private Path fetched = Path.of("");

    @BeforeEach
    void makeFile() throws Exception {
        content = new byte[FILE_BYTES];
        new Random(1).nextBytes(content);
        file = Files.write(folder.resolve("file"), content).toString();
        fetched = folder.resolve("fetched");
    }

    private CommandRun transfer(String... options) {
        String[] args = Arrays.copyOf(options, options.length + 4);
        System.arraycopy(new String[] {"--file", file, "--to", fetched.toString()}, 0, args, options.length, 4);
        return CommandRun.of(new FileTransfer(), args);
    }

    @Test
    void connectionThatIsCutIsFollowedByOneThatBringsTheRest() throws Exception {
        CommandRun run = transfer("--cut", "50");

        assertEquals(0, run.exitCode(), run.err());
        assertArrayEquals(content, Files.readAllBytes(fetched));
        assertTrue(run.out().contains("  connection 1     bytes 0 to "), run.out());
        assertFalse(run.out().contains("  connection 1     bytes 0 to 2,000,000"), run.out());
        assertTrue(run.out().matches("(?s).*\\R  connection 2     bytes [1-9][\\d,]* to 2,000,000, .*"), run.out());
        assertTrue(run.out().matches("(?s).*\\R  SHA-256          \\p{XDigit}{64}, as sent\\R"), run.out());
    }

    @Test
    void whatIsThereAlreadyIsNotFetchedAgain() throws Exception {
        Files.write(fetched, Arrays.copyOf(content, 1_234_567));

        CommandRun run = transfer("--cut", "0");

        assertEquals(0, run.exitCode(), run.err());
        assertArrayEquals(content, Files.readAllBytes(fetched));
        assertTrue(run.out().startsWith("  connection 1     bytes 1,234,567 to 2,000,000, "), run.out());
    }

    @Test
    void fileThatBeganDifferentlyIsNotTakenForTheSame() throws Exception {
        Files.write(fetched, new byte[1_000]);

        CommandRun run = transfer("--cut", "0");

        assertEquals(1, run.exitCode(), run.err());
        assertTrue(run.out().contains(", NOT AS SENT"), run.out());
    }

    @Test
    void fileThatIsLongerThanTheServersIsGivenUp() throws Exception {
        Files.write(fetched, new byte[FILE_BYTES + 1]);

        CommandRun run = transfer();

        assertEquals(1, run.exitCode(), run.out());
        assertTrue(
                run.err().endsWith("file-transfer: no more of the file came in 3 connections" + System.lineSeparator()),
                run.err());
    }
}
