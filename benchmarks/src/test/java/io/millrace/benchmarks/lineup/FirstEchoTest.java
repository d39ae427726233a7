package io.millrace.benchmarks.lineup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.benchmarks.contestant.Contestant;
import io.millrace.benchmarks.contestant.Role;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FirstEchoTest {
    private static Stream<String> echoing() {
        return Contestants.in(Role.ECHO).stream()
                .filter(contestant -> contestant.jvmOptions().isEmpty())
                .map(Contestant::name);
    }

    @ParameterizedTest
    @MethodSource("echoing")
    void everyEchoOfTheRegistryIsKnown(String name) {
        assertEquals(name, FirstEcho.contestant(name).name());
    }

    @Test
    void unknownNameIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> FirstEcho.contestant("nobody"));
    }
}
