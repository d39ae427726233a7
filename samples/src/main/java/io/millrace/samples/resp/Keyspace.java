package io.millrace.samples.resp;

import io.millrace.samples.resp.Request.Refusal;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The keys of the database. They are named by the word of the current request that they are. Keys that have expired are
 * forgotten when somebody asks for them, or when there are many.
 *
 * <p>Threading: Confined to one thread at a time.
 */
final class Keyspace {
    private static final int LEAST_BEFORE_PURGE = 1_024;
    private static final long SEED = ThreadLocalRandom.current().nextLong();

    private final Request request;
    private final Table<Object> table = new Table<>();
    private int purgeAt = LEAST_BEFORE_PURGE;

    /** Makes an empty one. */
    Keyspace(Request request) {
        this.request = request;
    }

    int size() {
        return table.size();
    }

    void clear() {
        table.clear();
    }

    @Nullable
    Entry<Object> find(int word) {
        Entry<Object> entry = table.find(request, word);
        if (entry != null && isOver(entry)) {
            table.remove(entry);
            return null;
        }
        return entry;
    }

    private static boolean isOver(Entry<Object> entry) {
        return entry.expires && System.nanoTime() - entry.deadline >= 0;
    }

    <T> @Nullable T find(int word, Class<T> type) throws Refusal {
        Entry<Object> entry = find(word);
        return entry == null ? null : as(entry.value, type);
    }

    static <T> T as(Object value, Class<T> type) throws Refusal {
        if (!type.isInstance(value)) {
            throw Refusal.wrongType();
        }
        return type.cast(value);
    }

    <T> T findOrAdd(int word, Class<T> type, Supplier<T> maker) throws Refusal {
        T found = find(word, type);
        if (found != null) {
            return found;
        }
        T made = maker.get();
        add(word, made);
        return made;
    }

    Entry<Object> add(int word, Object value) {
        if (table.size() >= purgeAt) {
            table.removeIf(Keyspace::isOver);
            purgeAt = Math.max(LEAST_BEFORE_PURGE, 2 * table.size());
        }
        return table.add(request, word, value);
    }

    void remove(int word) {
        Entry<Object> entry = table.find(request, word);
        if (entry != null) {
            table.remove(entry);
        }
    }

    /** Gives a key its value, in the old one's place if that fits. */
    Entry<Object> put(@Nullable Entry<Object> entry, int keyWord, int valueWord) {
        if (entry == null) {
            return add(keyWord, request.copy(valueWord));
        }
        int length = request.length(valueWord);
        if (entry.value instanceof byte[] old && old.length == length && length <= ReplyWriter.COPIED_BYTES) {
            request.copyTo(valueWord, old);
        } else {
            entry.value = request.copy(valueWord);
        }
        entry.expires = false;
        return entry;
    }

    void remove(Entry<Object> entry) {
        table.remove(entry);
    }

    /** An entry, chained to the next one of its slot. */
    static final class Entry<V> {
        final byte[] key;
        final int hash;
        V value;
        /** When it ends, in {@link System#nanoTime()}, if {@link #expires}. */
        long deadline;

        boolean expires;
        private @Nullable Entry<V> next;

        private Entry(byte[] key, int hash, V value, @Nullable Entry<V> next) {
            this.key = key;
            this.hash = hash;
            this.value = value;
            this.next = next;
        }
    }

    /**
     * A hash table whose keys are bytes. They are looked up where they lie in a request, so that only a key that is new
     * is copied. Its hashes are seeded, so that keys that meet in one slot here do not in the next process.
     *
     * @param <V> what the keys stand for
     */
    static final class Table<V> {
        private static final int LEAST_SLOTS = 4;

        /** When this many slots are there for each entry, half of them are given up. */
        private static final int SPARSE = 8;

        private @Nullable Entry<V>[] slots = newSlots(LEAST_SLOTS);
        private int size;

        @SuppressWarnings("unchecked")
        private static <V> @Nullable Entry<V>[] newSlots(int count) {
            return (@Nullable Entry<V>[]) new Entry<?>[count];
        }

        int size() {
            return size;
        }

        @Nullable
        Entry<V> find(Request request, int word) {
            int hash = request.hash(word, SEED);
            Entry<V> entry = slots[hash & slots.length - 1];
            while (entry != null && (entry.hash != hash || !request.isEqual(word, entry.key))) {
                entry = entry.next;
            }
            return entry;
        }

        /** Adds a key that is not there. */
        Entry<V> add(Request request, int word, V value) {
            if (size >= slots.length) {
                resize(2 * slots.length);
            }
            int hash = request.hash(word, SEED);
            int slot = hash & slots.length - 1;
            Entry<V> entry = new Entry<>(request.copy(word), hash, value, slots[slot]);
            slots[slot] = entry;
            size++;
            return entry;
        }

        /** Removes an entry that is there. */
        void remove(Entry<V> entry) {
            int slot = entry.hash & slots.length - 1;
            Entry<V> before = slots[slot];
            if (before == entry) {
                slots[slot] = entry.next;
            } else {
                while (before != null && before.next != entry) {
                    before = before.next;
                }
                if (before != null) {
                    before.next = entry.next;
                }
            }
            size--;
            if (slots.length > LEAST_SLOTS && size * SPARSE <= slots.length) {
                resize(slots.length / 2);
            }
        }

        /** Removes the entries that are to go. */
        void removeIf(Predicate<Entry<V>> condition) {
            for (int slot = 0; slot < slots.length; slot++) {
                Entry<V> entry = slots[slot];
                slots[slot] = null;
                while (entry != null) {
                    Entry<V> next = entry.next;
                    if (condition.test(entry)) {
                        size--;
                    } else {
                        entry.next = slots[slot];
                        slots[slot] = entry;
                    }
                    entry = next;
                }
            }
        }

        /** Returns an entry by chance; null if there is none. */
        @Nullable
        Entry<V> any() {
            int slot = ThreadLocalRandom.current().nextInt(slots.length);
            for (int i = 0; i < slots.length; i++) {
                Entry<V> entry = slots[slot + i & slots.length - 1];
                if (entry != null) {
                    return entry;
                }
            }
            return null;
        }

        void clear() {
            slots = newSlots(LEAST_SLOTS);
            size = 0;
        }

        private void resize(int count) {
            @Nullable Entry<V>[] resized = newSlots(count);
            for (Entry<V> first : slots) {
                Entry<V> entry = first;
                while (entry != null) {
                    Entry<V> next = entry.next;
                    int slot = entry.hash & count - 1;
                    entry.next = resized[slot];
                    resized[slot] = entry;
                    entry = next;
                }
            }
            slots = resized;
        }
    }
}
