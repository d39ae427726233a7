package io.millrace.samples.resp;

import io.millrace.samples.resp.Keyspace.Entry;
import io.millrace.samples.resp.Request.Refusal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The commands about keys, and about values that are strings.
 *
 * <p>Threading: Confined to one thread at a time.
 */
final class KeyCommands {
    private static final long NX = Request.name("NX");
    private static final long XX = Request.name("XX");
    private static final long EX = Request.name("EX");
    private static final long PX = Request.name("PX");
    private static final long MILLI = Duration.ofMillis(1).toNanos();
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long MOST_NANOS = Long.MAX_VALUE / 2;

    private final Request request;
    private final ReplyWriter reply;
    private final Keyspace keys;

    KeyCommands(Request request, ReplyWriter reply, Keyspace keys) {
        this.request = request;
        this.reply = reply;
        this.keys = keys;
    }

    /** Adds all of them to those that a handler knows. */
    void addTo(RespHandler handler) {
        handler.command("set", -3, this::set);
        handler.command("get", 2, this::get);
        handler.command("mset", -3, this::setAll);
        handler.command("mget", -2, this::getAll);
        handler.command("del", -2, this::delete);
        handler.command("exists", -2, this::exists);
        handler.command("expire", 3, this::expire);
        handler.command("ttl", 2, this::timeToLive);
        handler.command("incr", 2, () -> add(1));
        handler.command("decr", 2, () -> add(-1));
        handler.command("incrby", 3, () -> add(request.number(2)));
        handler.command("decrby", 3, this::subtract);
    }

    private void set() throws Refusal {
        boolean ifAbsent = false;
        boolean ifPresent = false;
        long nanos = 0;
        for (int i = 3; i < request.count(); i++) {
            long option = request.name(i);
            if (option == NX && !ifPresent) {
                ifAbsent = true;
            } else if (option == XX && !ifAbsent) {
                ifPresent = true;
            } else if ((option == EX || option == PX) && nanos == 0 && i + 1 < request.count()) {
                nanos = lifetime(++i, option == EX ? SECOND : MILLI, "set");
                if (nanos <= 0) {
                    throw invalidLifetime("set");
                }
            } else {
                throw Refusal.syntax();
            }
        }
        Entry<Object> entry = keys.find(1);
        if (entry == null ? ifPresent : ifAbsent) {
            reply.nothing();
            return;
        }
        Entry<Object> stored = keys.put(entry, 1, 2);
        if (nanos > 0) {
            expireAfter(stored, nanos);
        }
        reply.ok();
    }

    private long lifetime(int word, long unit, String command) throws Refusal {
        long count = request.number(word);
        if (Math.abs(count / 2) > MOST_NANOS / 2 / unit) {
            throw invalidLifetime(command);
        }
        return count * unit;
    }

    private static Refusal invalidLifetime(String command) {
        return new Refusal("ERR invalid expire time in '" + command + "' command");
    }

    private static void expireAfter(Entry<Object> entry, long nanos) {
        entry.deadline = System.nanoTime() + nanos;
        entry.expires = true;
    }

    private void get() throws Refusal {
        byte[] value = keys.find(1, byte[].class);
        if (value == null) {
            reply.nothing();
        } else {
            reply.bulk(value);
        }
    }

    private void setAll() throws Refusal {
        if (request.count() % 2 == 0) {
            throw RespHandler.wrongNumberOfWords("mset");
        }
        for (int i = 1; i < request.count(); i += 2) {
            keys.put(keys.find(i), i, i + 1);
        }
        reply.ok();
    }

    private void getAll() {
        reply.array(request.count() - 1);
        for (int i = 1; i < request.count(); i++) {
            Entry<Object> entry = keys.find(i);
            if (entry != null && entry.value instanceof byte[] value) {
                reply.bulk(value);
            } else {
                reply.nothing();
            }
        }
    }

    private void delete() {
        int deleted = 0;
        for (int i = 1; i < request.count(); i++) {
            Entry<Object> entry = keys.find(i);
            if (entry != null) {
                keys.remove(entry);
                deleted++;
            }
        }
        reply.integer(deleted);
    }

    private void exists() {
        int found = 0;
        for (int i = 1; i < request.count(); i++) {
            found += keys.find(i) == null ? 0 : 1;
        }
        reply.integer(found);
    }

    private void expire() throws Refusal {
        long nanos = lifetime(2, SECOND, "expire");
        Entry<Object> entry = keys.find(1);
        if (entry != null && nanos > 0) {
            expireAfter(entry, nanos);
        } else if (entry != null) {
            keys.remove(entry);
        }
        reply.integer(entry == null ? 0 : 1);
    }

    private void timeToLive() {
        Entry<Object> entry = keys.find(1);
        if (entry == null) {
            reply.integer(-2);
        } else {
            reply.integer(entry.expires ? (entry.deadline - System.nanoTime() + SECOND / 2) / SECOND : -1);
        }
    }

    private void add(long delta) throws Refusal {
        Entry<Object> entry = keys.find(1);
        long sum;
        try {
            sum = Math.addExact(entry == null ? 0 : Request.number(Keyspace.as(entry.value, byte[].class)), delta);
        } catch (ArithmeticException e) {
            throw new Refusal("ERR increment or decrement would overflow");
        }
        byte[] digits = Long.toString(sum).getBytes(StandardCharsets.US_ASCII);
        if (entry == null) {
            keys.add(1, digits);
        } else {
            entry.value = digits;
        }
        reply.integer(sum);
    }

    private void subtract() throws Refusal {
        long amount = request.number(2);
        if (amount == Long.MIN_VALUE) {
            throw new Refusal("ERR decrement would overflow");
        }
        add(-amount);
    }
}
