package io.millrace.core.engine;

import java.util.Objects;
import java.util.function.Function;
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

    private GroupAccess() {}

    /**
     * Says how to open a group. Called by the group's class.
     *
     * @param groupOpener takes a group, returns its runtime
     */
    public static void install(Function<Object, IoRuntime> groupOpener) {
        opener = groupOpener;
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
