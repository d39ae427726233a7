package io.millrace.samples.ladder;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
@Tag("heavy")
class ChildProcessIT {
    @Test
    void childThatHasEndedIsSaidToHaveWheneverItIsAsked() throws Exception {
        try (ChildProcess child = ChildProcess.start(Processors.LOAD, LoadChild.class)) {
            // No number, so it ends.
            assertEnded(child);
            // When it has ended there is no pipe either.
            child.close();
            assertEnded(child);
        }
    }

    private static void assertEnded(ChildProcess child) {
        IOException thrown = assertThrows(IOException.class, () -> child.ask("connect nowhere 1"));
        assertTrue(String.valueOf(thrown.getMessage()).contains("has ended early"), thrown::toString);
    }
}
