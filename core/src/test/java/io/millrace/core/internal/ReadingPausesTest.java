package io.millrace.core.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What can come between two steps of a wait leaves no session waiting for what has been. */
class ReadingPausesTest {
    /** A session whose answers another thread changes just after they were given. */
    private static final class FakeReader implements ReadingPauses.Reader {
        private final ReadingPauses pauses = new ReadingPauses(this);
        private boolean congested;
        private boolean paused;
        private Runnable afterTheQuestion = () -> {};
        private Runnable afterThePause = () -> {};
        private Runnable whenItMayRead = () -> {};

        @Override
        public boolean isCongested() {
            boolean answer = congested;
            Runnable meanwhile = afterTheQuestion;
            afterTheQuestion = () -> {};
            meanwhile.run();
            return answer;
        }

        @Override
        public void setReadingPaused(boolean newPaused) {
            paused = newPaused;
            Runnable meanwhile = afterThePause;
            afterThePause = () -> {};
            meanwhile.run();
        }

        @Override
        public void readingChanged() {
            if (!paused) {
                whenItMayRead.run();
            }
        }

        void relieve() {
            congested = false;
            pauses.relieved();
        }
    }

    private final FakeReader source = new FakeReader();
    private final FakeReader target = new FakeReader();
    private final List<FakeReader> turns = new ArrayList<>();

    private void await() {
        source.pauses.await(target.pauses);
    }

    @Test
    void reliefAfterTheQueueWasAskedEndsTheWait() {
        target.congested = true;
        target.afterTheQuestion = target::relieve;
        await();
        assertFalse(source.paused);
    }

    @Test
    void reliefAfterThePauseEndsTheWait() {
        target.congested = true;
        source.afterThePause = target::relieve;
        await();
        assertFalse(source.paused);
    }

    @Test
    void endOfTheTargetAfterTheQueueWasAskedEndsTheWait() {
        target.congested = true;
        target.afterTheQuestion = target.pauses::end;
        await();
        assertFalse(source.paused);
    }

    @Test
    void clearAndANewWaitAfterItDoNotTakeEachOthersNotes() {
        target.congested = true;
        await();
        source.afterThePause = this::await;
        source.pauses.clear();
        target.relieve();
        assertFalse(source.paused);
    }

    @Test
    void congestionThatFollowsAReliefIsWaitedForAgain() {
        target.congested = true;
        await();
        target.relieve();
        assertFalse(source.paused);
        target.congested = true;
        await();
        assertTrue(source.paused);
        target.relieve();
        assertFalse(source.paused);
    }

    @Test
    void thoseWhoWaitTakeTurnsIfOneAloneFillsTheQueue() {
        FakeReader other = new FakeReader();
        for (FakeReader reader : List.of(source, other)) {
            reader.whenItMayRead = () -> {
                target.congested = true;
                reader.pauses.await(target.pauses);
                turns.add(reader);
            };
        }
        target.congested = true;
        await();
        other.pauses.await(target.pauses);
        for (int relief = 1; relief <= 4; relief++) {
            target.relieve();
            assertEquals(relief, turns.size());
            assertTrue(source.paused && other.paused);
        }
        assertEquals(List.of(source, other, source, other), turns);
    }

    @Test
    void oneWhoWaitsReadsOnEvenIfTheQueueIsLongAgainByThen() {
        target.congested = true;
        await();
        target.pauses.relieved();
        assertFalse(source.paused);
    }

    @Test
    void allWhoWaitReadOnWhenTheTargetHasEnded() {
        FakeReader other = new FakeReader();
        target.congested = true;
        await();
        other.pauses.await(target.pauses);
        target.pauses.end();
        assertFalse(source.paused || other.paused);
    }
}
