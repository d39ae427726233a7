package io.millrace.testing;

import java.util.Random;

/**
 * What the chance in one test follows from: a parameter of a test that {@link OracleExtension} watches, which shows it
 * when the test fails. The system property {@value #PROPERTY} repeats a run.
 *
 * <p>Threading: Immutable.
 */
public final class Seed {
    /** The system property that chooses the seed of every test. */
    public static final String PROPERTY = "millrace.test.seed";

    private final long value;

    private Seed(long value) {
        this.value = value;
    }

    static Seed choose() {
        return new Seed(Long.getLong(PROPERTY, new Random().nextInt(1_000_000)));
    }

    /**
     * Returns the seed.
     *
     * @return any number
     */
    public long value() {
        return value;
    }

    /**
     * Makes a source of chance.
     *
     * @param use what it is for, so that each use has a sequence of its own
     * @return the same sequence for the same seed and use
     */
    public Random random(String use) {
        return new Random(value * 31 + use.hashCode());
    }

    @Override
    public String toString() {
        return "seed " + value + ": -D" + PROPERTY + "=" + value + " repeats it";
    }
}
