package io.millrace.core.memory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The diagnosis of a group's leases: who acquired what is leased, who released what was, and who writes to what he has
 * released. For tests and for the hunt of a leak: every lease costs a walk of the stack and a pass over its bytes.
 *
 * <p>Threading: Thread-safe.
 *
 * <p>Lifecycle: made with the pools of a group, asked for its {@link #report} when the group has closed.
 *
 * <p>Errors: a second release throws {@link IllegalStateException}, before anything has changed. A write after release
 * is found when the memory is leased next, logged at ERROR and kept in {@link #faults()}.
 */
public final class LeaseTracker {
    /*
     * A lease is known by the object that was handed out. With a tracker the pools never hand out an object twice (of
     * buffers only the bytes are), so one that is held too long is told from its successor's for certain.
     *
     * What is leased is held strongly, so that a leak is found though its owner was collected; what was released is
     * held weakly: it matters only while someone could release it again, or as long as its bytes wait in the pool.
     *
     * Cannot deadlock: nothing is called under this lock.
     */
    private static final Logger log = LoggerFactory.getLogger(LeaseTracker.class);
    private static final int MOST_FAULTS = 100;
    private static final int MOST_SITES_LOGGED = 10;

    // Guarded by this. The values must not refer to their keys.
    private final IdentityHashMap<Object, Lease> live = new IdentityHashMap<>();
    private final Map<Object, Lease> ended = new WeakHashMap<>();
    private final List<String> faults = new ArrayList<>();

    // Written by whoever wants to hear of leaks, read when the group has closed.
    private volatile BufferLeak.@Nullable Listener listener;

    private record Lease(String kind, int bytes, LeaseSite acquired, @Nullable LeaseSite released) {}

    /** Makes a tracker that knows of nothing. */
    public LeaseTracker() {}

    /** Returns what to hand out for a buffer that was taken from the pool. */
    PooledBuffer acquired(PooledBuffer taken) {
        Lease last;
        synchronized (this) {
            last = ended.get(taken);
        }
        if (last != null) {
            int damaged = Poison.firstDamage(taken.buffer());
            if (damaged >= 0) {
                fault("buffer of " + last.bytes + " bytes was written after its release, at index " + damaged
                        + "; its last owner acquired it at " + last.acquired + " and released it at " + last.released);
            }
        }
        PooledBuffer fresh = taken.renewed();
        begin(fresh, "buffer", fresh.capacity());
        return fresh;
    }

    void acquired(IoContext context) {
        begin(context, "context", 0);
    }

    /** Hears that a buffer is being released, by the one who may still touch it. */
    void released(PooledBuffer buffer) {
        end(buffer);
        Poison.fill(buffer.buffer());
    }

    void released(IoContext context) {
        end(context);
    }

    private void begin(Object leased, String kind, int bytes) {
        Lease lease = new Lease(kind, bytes, new LeaseSite(), null);
        synchronized (this) {
            live.put(leased, lease);
        }
    }

    private void end(Object leased) {
        LeaseSite here = new LeaseSite();
        Lease earlier;
        synchronized (this) {
            Lease lease = live.remove(leased);
            if (lease != null) {
                ended.put(leased, new Lease(lease.kind, lease.bytes, lease.acquired, here));
                return;
            }
            earlier = ended.get(leased);
        }
        if (earlier == null) {
            throw new IllegalStateException("released, but never acquired; released at " + here);
        }
        throw new IllegalStateException(earlier.kind + " of " + earlier.bytes + " bytes released twice; acquired at "
                + earlier.acquired + ", first released at " + earlier.released + ", released again at " + here);
    }

    private void fault(String what) {
        synchronized (this) {
            if (faults.size() < MOST_FAULTS) {
                faults.add(what);
            }
        }
        log.error(what);
    }

    /**
     * Returns which memory was written after its release.
     *
     * @return a sentence for each, oldest first, at most 100
     */
    public synchronized List<String> faults() {
        return List.copyOf(faults);
    }

    /**
     * Sets who hears of leaks besides the log.
     *
     * @param newListener the listener
     */
    public void onLeak(BufferLeak.Listener newListener) {
        listener = newListener;
    }

    /**
     * Lists what is leased now, by the place that acquired it.
     *
     * @return the places, the one with most leases first
     */
    public List<BufferLeak> leased() {
        List<Lease> leases;
        synchronized (this) {
            leases = List.copyOf(live.values());
        }
        Map<String, BufferLeak> byPlace = new HashMap<>();
        for (Lease lease : leases) {
            String site = lease.acquired.calls();
            byPlace.merge(
                    lease.kind + site,
                    new BufferLeak(lease.kind, 1, lease.bytes, site),
                    (one, other) -> new BufferLeak(
                            one.kind(), one.count() + other.count(), one.bytes() + other.bytes(), one.site()));
        }
        return byPlace.values().stream()
                .sorted(Comparator.comparingInt(BufferLeak::count).reversed())
                .toList();
    }

    /**
     * Logs what is leased now, and tells the listener: it leaked, for the group has closed. Called once.
     *
     * @param groupName the name of the group
     */
    public void report(String groupName) {
        List<BufferLeak> leaks = leased();
        if (leaks.isEmpty()) {
            return;
        }
        log.warn(
                "leases were not given back; group={} buffers={} bytes={} contexts={} places={} of {}",
                groupName,
                count(leaks, "buffer"),
                leaks.stream().mapToLong(BufferLeak::bytes).sum(),
                count(leaks, "context"),
                leaks.subList(0, Math.min(leaks.size(), MOST_SITES_LOGGED)),
                leaks.size());
        BufferLeak.Listener hearing = listener;
        if (hearing != null) {
            leaks.forEach(leak -> tell(hearing, groupName, leak));
        }
    }

    private static int count(List<BufferLeak> leaks, String kind) {
        return leaks.stream()
                .filter(leak -> leak.kind().equals(kind))
                .mapToInt(BufferLeak::count)
                .sum();
    }

    private static void tell(BufferLeak.Listener hearing, String groupName, BufferLeak leak) {
        try {
            hearing.leaked(groupName, leak);
        } catch (RuntimeException e) {
            log.error("leak listener failed; group={}", groupName, e);
        }
    }
}
