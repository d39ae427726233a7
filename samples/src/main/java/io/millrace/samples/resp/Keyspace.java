package io.millrace.samples.resp;

import io.millrace.samples.resp.Call.Refusal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The keys of the database, with the commands about them and about those whose values are strings. Keys that have
 * expired are forgotten when somebody asks for them, or when there are many.
 *
 * <p>Threading: Confined to one thread at a time.
 */
final class Keyspace {
    private static final long NEVER = Long.MAX_VALUE;
    private static final long SECOND_MILLIS = 1_000;
    private static final int LEAST_BEFORE_PURGE = 1_024;

    private static final class Entry {
        Object value;
        long deadlineMillis = NEVER;

        Entry(Object value) {
            this.value = value;
        }

        boolean isOver() {
            return deadlineMillis != NEVER && now() >= deadlineMillis;
        }
    }

    // A key is looked up where it lies in the call: buffers are equal if their bytes are. Only a new one is copied.
    private final Map<ByteBuffer, Entry> entries = new HashMap<>();
    private int purgeAt = LEAST_BEFORE_PURGE;

    /** Adds the commands to those that a handler knows. */
    void addTo(RespHandler handler) {
        handler.command("set", -3, this::set);
        handler.command("get", 2, this::get);
        handler.command("mset", -3, this::setAll);
        handler.command("mget", -2, this::getAll);
        handler.command("incr", 2, call -> add(call, 1));
        handler.command("decr", 2, call -> add(call, -1));
        handler.command("incrby", 3, call -> add(call, call.number(2)));
        handler.command("decrby", 3, this::subtract);
        handler.command("del", -2, this::delete);
        handler.command("exists", -2, this::exists);
        handler.command("expire", 3, this::expire);
        handler.command("ttl", 2, this::timeToLive);
        handler.command("flushdb", -1, this::clear);
        handler.command("dbsize", 1, call -> call.replyInteger(size()));
    }

    int size() {
        return entries.size();
    }

    /** Finds what the key that is a word of the call holds. */
    <T> @Nullable T find(Call call, int word, Class<T> type) throws Refusal {
        Entry entry = entry(call, word);
        return entry == null ? null : as(type, entry.value);
    }

    private static <T> T as(Class<T> type, Object value) throws Refusal {
        if (!type.isInstance(value)) {
            throw new Refusal("WRONGTYPE Operation against a key holding the wrong kind of value");
        }
        return type.cast(value);
    }

    <T> T findOrAdd(Call call, int word, Class<T> type, Supplier<T> maker) throws Refusal {
        T found = find(call, word, type);
        if (found != null) {
            return found;
        }
        T made = maker.get();
        add(call, word, made);
        return made;
    }

    void remove(Call call, int word) {
        entries.remove(call.word(word));
    }

    private @Nullable Entry entry(Call call, int word) {
        Entry entry = entries.get(call.word(word));
        if (entry != null && entry.isOver()) {
            remove(call, word);
            return null;
        }
        return entry;
    }

    private Entry add(Call call, int word, Object value) {
        if (entries.size() >= purgeAt) {
            entries.values().removeIf(Entry::isOver);
            purgeAt = Math.max(LEAST_BEFORE_PURGE, 2 * entries.size());
        }
        Entry entry = new Entry(value);
        entries.put(ByteBuffer.wrap(call.copy(word)), entry);
        return entry;
    }

    /** Gives a key its value, in the old one's place if that fits. */
    private Entry put(Call call, @Nullable Entry entry, int keyWord, int valueWord) {
        if (entry == null) {
            return add(call, keyWord, call.copy(valueWord));
        }
        ByteBuffer word = call.word(valueWord);
        int length = word.remaining();
        if (entry.value instanceof byte[] old && old.length == length && length <= Call.COPIED_BYTES) {
            word.get(old);
        } else {
            entry.value = call.copy(valueWord);
        }
        entry.deadlineMillis = NEVER;
        return entry;
    }

    private void set(Call call) throws Refusal {
        boolean ifAbsent = false;
        boolean ifPresent = false;
        long unitMillis = 0;
        int lifetimeWord = 0;
        for (int i = 3; i < call.count(); i++) {
            String option = call.text(i).toUpperCase(Locale.ROOT);
            long unit = option.equals("EX") ? SECOND_MILLIS : option.equals("PX") ? 1 : 0;
            if (unit > 0 && (unitMillis == 0 || unitMillis == unit) && i + 1 < call.count()) {
                unitMillis = unit;
                lifetimeWord = ++i;
            } else if (option.equals("NX") && !ifPresent) {
                ifAbsent = true;
            } else if (option.equals("XX") && !ifAbsent) {
                ifPresent = true;
            } else {
                throw Refusal.syntax();
            }
        }
        if (unitMillis > 0 && call.number(lifetimeWord) <= 0) {
            throw invalidLifetime("set");
        }
        long deadline = unitMillis > 0 ? deadline(call.number(lifetimeWord), unitMillis, "set") : NEVER;
        Entry entry = entry(call, 1);
        if (entry == null ? ifPresent : ifAbsent) {
            call.replyNothing();
        } else {
            put(call, entry, 1, 2).deadlineMillis = deadline;
            call.replyOk();
        }
    }

    /** Returns when a lifetime that begins now ends. */
    private static long deadline(long lifetime, long unitMillis, String command) throws Refusal {
        try {
            return Math.addExact(now(), Math.multiplyExact(lifetime, unitMillis));
        } catch (ArithmeticException e) {
            throw invalidLifetime(command);
        }
    }

    private static Refusal invalidLifetime(String command) {
        return new Refusal("ERR invalid expire time in '" + command + "' command");
    }

    private static long now() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    private void get(Call call) throws Refusal {
        byte[] value = find(call, 1, byte[].class);
        if (value == null) {
            call.replyNothing();
        } else {
            call.replyBulk(value);
        }
    }

    private void setAll(Call call) throws Refusal {
        if (call.count() % 2 == 0) {
            throw Refusal.wrongNumberOfWords("mset");
        }
        for (int i = 1; i < call.count(); i += 2) {
            put(call, entry(call, i), i, i + 1);
        }
        call.replyOk();
    }

    private void getAll(Call call) {
        call.replyArray(call.count() - 1);
        for (int i = 1; i < call.count(); i++) {
            Entry entry = entry(call, i);
            if (entry != null && entry.value instanceof byte[] value) {
                call.replyBulk(value);
            } else {
                call.replyNothing();
            }
        }
    }

    private void add(Call call, long delta) throws Refusal {
        Entry entry = entry(call, 1);
        long sum;
        try {
            sum = Math.addExact(entry == null ? 0 : Call.number(as(byte[].class, entry.value)), delta);
        } catch (ArithmeticException e) {
            throw new Refusal("ERR increment or decrement would overflow");
        }
        byte[] digits = Long.toString(sum).getBytes(StandardCharsets.US_ASCII);
        if (entry == null) {
            add(call, 1, digits);
        } else {
            entry.value = digits;
        }
        call.replyInteger(sum);
    }

    private void subtract(Call call) throws Refusal {
        long amount = call.number(2);
        if (amount == Long.MIN_VALUE) {
            throw new Refusal("ERR decrement would overflow");
        }
        add(call, -amount);
    }

    private void delete(Call call) {
        int deleted = 0;
        for (int i = 1; i < call.count(); i++) {
            Entry entry = entries.remove(call.word(i));
            deleted += entry == null || entry.isOver() ? 0 : 1;
        }
        call.replyInteger(deleted);
    }

    private void exists(Call call) {
        int found = 0;
        for (int i = 1; i < call.count(); i++) {
            found += entry(call, i) == null ? 0 : 1;
        }
        call.replyInteger(found);
    }

    private void expire(Call call) throws Refusal {
        long deadline = deadline(call.number(2), SECOND_MILLIS, "expire");
        Entry entry = entry(call, 1);
        if (entry != null) {
            entry.deadlineMillis = deadline;
            // One that is over already is gone at once.
            entry(call, 1);
        }
        call.replyInteger(entry == null ? 0 : 1);
    }

    private void timeToLive(Call call) {
        Entry entry = entry(call, 1);
        if (entry == null) {
            call.replyInteger(-2);
        } else if (entry.deadlineMillis == NEVER) {
            call.replyInteger(-1);
        } else {
            call.replyInteger((entry.deadlineMillis - now() + SECOND_MILLIS / 2) / SECOND_MILLIS);
        }
    }

    private void clear(Call call) throws Refusal {
        if (call.count() > 2 || (call.count() == 2 && !call.text(1).matches("(?i)a?sync"))) {
            throw Refusal.syntax();
        }
        entries.clear();
        call.replyOk();
    }
}
