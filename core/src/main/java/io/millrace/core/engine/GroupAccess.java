package io.millrace.core.engine;

import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets Millrace's own modules reach the runtime inside a public group, without a method that users would see. It knows
 * the group as an object only, for this package must not depend on the one that uses it.
 *
 * <p>Threading: Thread-safe.
 */
public final class GroupAccess {
    // Written once, when the class of the group is initialised, which is before there is a group.
    private static volatile @Nullable Function<Object, IoRuntime> opener;
    private static volatile @Nullable BiConsumer<Object, LongSupplier> clockSetter;

    private GroupAccess() {}

    /**
     * Says how to open a group. Called by the group's class.
     *
     * @param groupOpener takes a group, returns its runtime
     * @param groupClockSetter takes a builder of groups, and the clock that its timer goes by
     */
    public static void install(
            Function<Object, IoRuntime> groupOpener, BiConsumer<Object, LongSupplier> groupClockSetter) {
        opener = groupOpener;
        clockSetter = groupClockSetter;
    }

    /**
     * Lets a group that is not started yet go by another clock than the system's.
     *
     * @param builder a builder of groups
     * @param nanoClock nanoseconds since an arbitrary origin; never goes back
     */
    public static void setClock(Object builder, LongSupplier nanoClock) {
        Objects.requireNonNull(clockSetter, "there is no group yet").accept(builder, nanoClock);
    }

    /**
     * Returns the runtime of a group.
     *
     * @param group a group
     * @return its runtime
     */
    public static IoRuntime runtimeOf(Object group) {
        return Objects.requireNonNull(opener, "there is no group yet").apply(group);
    }
}
