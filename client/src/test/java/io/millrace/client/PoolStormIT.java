package io.millrace.client;

import io.millrace.core.IoGroup;
import io.millrace.testing.NetworkTest;
import io.millrace.testing.Seed;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Everything that can happen to a pool, at any time and in any order. */
@NetworkTest
class PoolStormIT {
    private static final int STEPS = 120;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck();

    @Test
    @Timeout(60)
    void poolsOutliveSomeStormsAndLeaveNothing(Seed seed) throws Exception {
        storms(4, seed);
    }

    @Test
    @Tag("heavy")
    @Timeout(1800)
    void poolsOutliveManyStormsAndLeaveNothing(Seed seed) throws Exception {
        storms(Integer.getInteger("storms", 500), seed);
    }

    private void storms(int rounds, Seed seed) throws Exception {
        Random random = seed.random("storms");
        for (int i = 0; i < rounds; i++) {
            long roundSeed = random.nextLong();
            try (IoGroup group = leaks.watch(IoGroup.builder().threads(2).start());
                    PoolStorm storm = new PoolStorm(group, new Random(roundSeed))) {
                storm.rage(STEPS);
            } catch (Throwable failed) {
                throw new AssertionError("round " + i, failed);
            }
        }
    }
}
