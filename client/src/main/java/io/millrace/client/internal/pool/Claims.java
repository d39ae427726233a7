package io.millrace.client.internal.pool;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The claims that wait for a connection, first come, first served. Guarded by the pool. */
final class Claims {
    /*
     * Those that take any connection and those that need one of their own wait in two lines, so that neither blocks the
     * other. A line keeps its order and lets anyone leave in between at no cost.
     */
    private final LinkedHashSet<Claim> sharing = new LinkedHashSet<>();
    private final LinkedHashSet<Claim> exclusive = new LinkedHashSet<>();
    private long bytes;
    private int peak;
    private long lastPlace;

    void add(Claim claim, boolean needsItsOwn) {
        (needsItsOwn ? exclusive : sharing).add(claim);
        claim.takePlace(++lastPlace);
        bytes += claim.bytes();
        peak = Math.max(peak, size());
    }

    /** Takes a claim out; false if it does not wait any more: whoever gets true settles it. */
    boolean remove(Claim claim) {
        boolean waits = sharing.remove(claim) || exclusive.remove(claim);
        if (waits) {
            bytes -= claim.bytes();
        }
        return waits;
    }

    /** Returns who is next, or null. */
    @Nullable
    Claim first(boolean needsItsOwn) {
        Iterator<Claim> line = (needsItsOwn ? exclusive : sharing).iterator();
        return line.hasNext() ? line.next() : null;
    }

    List<Claim> all() {
        List<Claim> all = new ArrayList<>(size());
        all.addAll(sharing);
        all.addAll(exclusive);
        return all;
    }

    List<Claim> removeAll() {
        List<Claim> all = all();
        sharing.clear();
        exclusive.clear();
        bytes = 0;
        return all;
    }

    int size() {
        return sharing.size() + exclusive.size();
    }

    int size(boolean needsItsOwn) {
        return needsItsOwn ? exclusive.size() : sharing.size();
    }

    boolean isEmpty() {
        return sharing.isEmpty() && exclusive.isEmpty();
    }

    long bytes() {
        return bytes;
    }

    int peak() {
        return peak;
    }
}
