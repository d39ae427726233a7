package io.millrace.testing;

import io.millrace.testing.Fault.Operation;
import java.nio.channels.AsynchronousSocketChannel;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which operations of a channel meet which {@link Fault}. One plan can serve many channels; each counts for itself.
 *
 * <p>Threading: Not thread-safe while it is made; after that it is only read.
 */
public final class FaultPlan {
    private final Map<Operation, Map<Integer, Fault>> once = new EnumMap<>(Operation.class);
    private final Map<Operation, Fault> always = new EnumMap<>(Operation.class);

    /** Makes a plan without faults. */
    public FaultPlan() {}

    /**
     * Plans a fault of one operation.
     *
     * @param operation which kind
     * @param number which of its kind on its channel, from 1
     * @param fault what happens to it
     * @return this
     * @throws IllegalArgumentException if this kind of operation cannot meet this fault, or the number is not positive
     */
    public FaultPlan at(Operation operation, int number, Fault fault) {
        fault.requireFor(operation);
        if (number < 1) {
            throw new IllegalArgumentException("number is " + number + "; it must be at least 1");
        }
        once.computeIfAbsent(operation, none -> new HashMap<>()).put(number, fault);
        return this;
    }

    /**
     * Plans a fault of every operation that has none of its own.
     *
     * @param operation which kind
     * @param fault what happens to each
     * @return this
     * @throws IllegalArgumentException if this kind of operation cannot meet this fault
     */
    public FaultPlan always(Operation operation, Fault fault) {
        fault.requireFor(operation);
        always.put(operation, fault);
        return this;
    }

    /**
     * Wraps a channel.
     *
     * @param channel the channel that does the work
     * @return a channel with the faults of this plan
     */
    public FaultyChannel over(AsynchronousSocketChannel channel) {
        return new FaultyChannel(channel, this);
    }

    @Nullable
    Fault of(Operation operation, int number) {
        Fault own = once.getOrDefault(operation, Map.of()).get(number);
        return own != null ? own : always.get(operation);
    }

    @Override
    public String toString() {
        return "FaultPlan[" + once + ", always " + always + "]";
    }
}
