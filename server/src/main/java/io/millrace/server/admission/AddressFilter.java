package io.millrace.server.admission;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Which addresses may connect: blocks that are allowed and blocks that are denied, changed while servers run.
 *
 * <p>An address is let in unless a denied block has it, or there are allowed blocks and none of them has it. A new
 * filter lets everybody in. A change counts for connections that come after it; those that are there already can be
 * closed with {@link io.millrace.server.TcpServer#closeDenied()}.
 *
 * <p>Threading: Thread-safe. A connection is judged by the lists as they are at one moment.
 *
 * <p>Lifecycle: made by the application; one filter may serve several servers.
 */
public final class AddressFilter {
    private final Object changes = new Object();
    // Written under changes, read by anyone.
    private volatile Lists lists = new Lists(Set.of(), Set.of());

    /** Makes a filter that lets everybody in. */
    public AddressFilter() {}

    /**
     * Adds blocks to those that are allowed. From the first one on, whoever is in none of them is refused.
     *
     * @param blocks the blocks
     * @return this
     */
    public AddressFilter allow(Cidr... blocks) {
        return change(blocks, (allowed, denied, block) -> allowed.add(block));
    }

    /**
     * Adds blocks to those that are allowed, as {@link #allow(Cidr...)} does.
     *
     * @param blocks as {@link Cidr#parse} reads them, such as {@code 10.0.0.0/8}
     * @return this
     * @throws IllegalArgumentException naming the first that is no block; none is added then
     */
    public AddressFilter allow(String... blocks) {
        return allow(parsed(blocks));
    }

    /**
     * Adds blocks to those that are denied, also where an allowed block has the same address.
     *
     * @param blocks the blocks
     * @return this
     */
    public AddressFilter deny(Cidr... blocks) {
        return change(blocks, (allowed, denied, block) -> denied.add(block));
    }

    /**
     * Adds blocks to those that are denied, as {@link #deny(Cidr...)} does.
     *
     * @param blocks as {@link Cidr#parse} reads them, such as {@code 10.0.0.0/8}
     * @return this
     * @throws IllegalArgumentException naming the first that is no block; none is added then
     */
    public AddressFilter deny(String... blocks) {
        return deny(parsed(blocks));
    }

    /**
     * Takes blocks out of both lists. Without the last allowed block, everybody who is not denied is let in.
     *
     * @param blocks the blocks, as they were added; others are passed over
     * @return this
     */
    public AddressFilter remove(Cidr... blocks) {
        return change(blocks, (allowed, denied, block) -> {
            allowed.remove(block);
            denied.remove(block);
        });
    }

    /**
     * Takes blocks out of both lists, as {@link #remove(Cidr...)} does.
     *
     * @param blocks as {@link Cidr#parse} reads them, such as {@code 10.0.0.0/8}
     * @return this
     * @throws IllegalArgumentException naming the first that is no block; none is taken out then
     */
    public AddressFilter remove(String... blocks) {
        return remove(parsed(blocks));
    }

    private static Cidr[] parsed(String... blocks) {
        return Arrays.stream(blocks).map(Cidr::parse).toArray(Cidr[]::new);
    }

    /**
     * Empties both lists: everybody is let in.
     *
     * @return this
     */
    public AddressFilter clear() {
        synchronized (changes) {
            lists = new Lists(Set.of(), Set.of());
        }
        return this;
    }

    /**
     * Returns whether an address is let in.
     *
     * @param address the address of a client
     * @return false if it is denied, or others are allowed and it is not
     */
    public boolean isAllowed(InetAddress address) {
        return lists.isAllowed(address);
    }

    /** {@return the blocks that are allowed, as a snapshot; empty if everybody is who is not denied} */
    public Set<Cidr> allowed() {
        return lists.allowed.all;
    }

    /** {@return the blocks that are denied, as a snapshot} */
    public Set<Cidr> denied() {
        return lists.denied.all;
    }

    private AddressFilter change(Cidr[] blocks, Change change) {
        List<Cidr> all = List.of(blocks);
        synchronized (changes) {
            Set<Cidr> allowed = new LinkedHashSet<>(lists.allowed.all);
            Set<Cidr> denied = new LinkedHashSet<>(lists.denied.all);
            all.forEach(block -> change.apply(allowed, denied, block));
            lists = new Lists(allowed, denied);
        }
        return this;
    }

    @Override
    public String toString() {
        return lists.toString();
    }

    /** What to do with one block. */
    private interface Change {
        void apply(Set<Cidr> allowed, Set<Cidr> denied, Cidr block);
    }

    /** Both lists at one moment. */
    private static final class Lists {
        private final Blocks allowed;
        private final Blocks denied;

        Lists(Set<Cidr> allowed, Set<Cidr> denied) {
            this.allowed = new Blocks(allowed);
            this.denied = new Blocks(denied);
        }

        boolean isAllowed(InetAddress address) {
            return !denied.have(address) && (allowed.all.isEmpty() || allowed.have(address));
        }

        @Override
        public String toString() {
            return allowed.all.isEmpty() && denied.all.isEmpty()
                    ? "everybody"
                    : "allowed=" + allowed.all + " denied=" + denied.all;
        }
    }

    /** A list of blocks. It is asked once for each length of prefix in it, however many blocks there are. */
    private static final class Blocks {
        private final Set<Cidr> all;
        private final int[] prefixLengths;

        Blocks(Set<Cidr> blocks) {
            this.all = Collections.unmodifiableSet(blocks);
            this.prefixLengths = blocks.isEmpty() ? new int[0] : prefixLengths(blocks);
        }

        private static int[] prefixLengths(Set<Cidr> blocks) {
            return blocks.stream().mapToInt(Cidr::prefixBits).distinct().toArray();
        }

        boolean have(InetAddress address) {
            int most = Cidr.addressBits(address);
            for (int bits : prefixLengths) {
                if (bits <= most && all.contains(Cidr.of(address, bits))) {
                    return true;
                }
            }
            return false;
        }
    }
}
