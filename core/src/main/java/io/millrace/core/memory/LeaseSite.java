package io.millrace.core.memory;

import java.lang.StackWalker.StackFrame;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Where in the code, and on which thread, something was acquired or released. Immutable. */
final class LeaseSite {
    private static final int MOST_FRAMES = 12;
    private static final StackWalker STACK = StackWalker.getInstance();

    /** What stands between the caller and us says nothing. */
    private static final Set<String> OURS = Set.of(
            LeaseSite.class.getName(),
            LeaseTracker.class.getName(),
            BufferPool.class.getName(),
            SizeClass.class.getName(),
            PooledBuffer.class.getName(),
            IoContextPool.class.getName());

    private final String threadName = Thread.currentThread().getName();
    private final List<StackFrame> frames =
            STACK.walk(stack -> stack.dropWhile(frame -> OURS.contains(frame.getClassName()))
                    .limit(MOST_FRAMES)
                    .collect(Collectors.toList()));

    String threadName() {
        return threadName;
    }

    /** Returns the calls alone, innermost first: the same for all that come from one place. */
    String calls() {
        return frames.stream().map(StackFrame::toString).collect(Collectors.joining(" < "));
    }

    @Override
    public String toString() {
        return calls() + " [thread " + threadName + "]";
    }
}
