package io.millrace.samples.resp;

import io.millrace.samples.resp.Call.Refusal;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The commands about lists, sets and hashes.
 *
 * <p>Threading: Confined to one thread at a time.
 */
final class CollectionCommands {
    // What keys hold; they are never empty.
    private record Items(ArrayDeque<byte[]> queue) {}

    private record Fields(Map<ByteBuffer, byte[]> values) {}

    /** A set of which any member can be taken by chance. */
    private static final class Members {
        final List<byte[]> list = new ArrayList<>();
        final Map<ByteBuffer, Integer> places = new HashMap<>();

        void add(byte[] member) {
            places.put(ByteBuffer.wrap(member), list.size());
            list.add(member);
        }

        /** Takes one out, and puts the last one in its place. */
        byte[] removeAny() {
            int place = ThreadLocalRandom.current().nextInt(list.size());
            byte[] last = list.remove(list.size() - 1);
            byte[] removed = place < list.size() ? list.set(place, last) : last;
            places.put(ByteBuffer.wrap(last), place);
            places.remove(ByteBuffer.wrap(removed));
            return removed;
        }
    }

    private final Keyspace keys;

    CollectionCommands(Keyspace keys) {
        this.keys = keys;
    }

    /** Adds the commands to those that a handler knows. */
    void addTo(RespHandler handler) {
        handler.command("lpush", -3, call -> push(call, true));
        handler.command("rpush", -3, call -> push(call, false));
        handler.command("lpop", -2, call -> pop(call, true));
        handler.command("rpop", -2, call -> pop(call, false));
        handler.command("lrange", 4, this::range);
        handler.command("sadd", -3, this::addMembers);
        handler.command("spop", 2, this::popMember);
        handler.command("hset", -4, this::setFields);
        handler.command("hget", 3, this::getField);
    }

    private void push(Call call, boolean atHead) throws Refusal {
        ArrayDeque<byte[]> items = keys.findOrAdd(call, 1, Items.class, () -> new Items(new ArrayDeque<>())).queue;
        for (int i = 2; i < call.count(); i++) {
            if (atHead) {
                items.addFirst(call.copy(i));
            } else {
                items.addLast(call.copy(i));
            }
        }
        call.replyInteger(items.size());
    }

    private void pop(Call call, boolean atHead) throws Refusal {
        if (call.count() > 3) {
            throw Refusal.wrongNumberOfWords(atHead ? "lpop" : "rpop");
        }
        boolean severalAsked = call.count() == 3;
        long most = severalAsked ? positive(call, 2) : 1;
        Items items = keys.find(call, 1, Items.class);
        if (items == null) {
            if (severalAsked) {
                call.replyArray(-1);
            } else {
                call.replyNothing();
            }
            return;
        }
        int count = (int) Math.min(most, items.queue.size());
        if (severalAsked) {
            call.replyArray(count);
        }
        for (int i = 0; i < count; i++) {
            call.replyBulk(atHead ? items.queue.removeFirst() : items.queue.removeLast());
        }
        if (items.queue.isEmpty()) {
            keys.remove(call, 1);
        }
    }

    private static long positive(Call call, int word) throws Refusal {
        try {
            long number = call.number(word);
            if (number >= 0) {
                return number;
            }
        } catch (Refusal noNumber) {
            // Redis has the same words for both.
        }
        throw new Refusal("ERR value is out of range, must be positive");
    }

    private void range(Call call) throws Refusal {
        long from = call.number(2);
        long to = call.number(3);
        Items items = keys.find(call, 1, Items.class);
        int size = items == null ? 0 : items.queue.size();
        long first = Math.max(0, from < 0 ? from + size : from);
        long last = Math.min(size - 1, to < 0 ? to + size : to);
        if (items == null || first > last) {
            call.replyArray(0);
            return;
        }
        call.replyArray((int) (last - first + 1));
        Iterator<byte[]> each = items.queue.iterator();
        for (long i = 0; i <= last; i++) {
            byte[] item = each.next();
            if (i >= first) {
                call.replyBulk(item);
            }
        }
    }

    private void addMembers(Call call) throws Refusal {
        Members members = keys.findOrAdd(call, 1, Members.class, Members::new);
        int before = members.list.size();
        for (int i = 2; i < call.count(); i++) {
            if (!members.places.containsKey(call.word(i))) {
                members.add(call.copy(i));
            }
        }
        call.replyInteger(members.list.size() - before);
    }

    private void popMember(Call call) throws Refusal {
        Members members = keys.find(call, 1, Members.class);
        if (members == null) {
            call.replyNothing();
            return;
        }
        call.replyBulk(members.removeAny());
        if (members.list.isEmpty()) {
            keys.remove(call, 1);
        }
    }

    private void setFields(Call call) throws Refusal {
        if (call.count() % 2 != 0) {
            throw Refusal.wrongNumberOfWords("hset");
        }
        Map<ByteBuffer, byte[]> values =
                keys.findOrAdd(call, 1, Fields.class, () -> new Fields(new HashMap<>())).values;
        int before = values.size();
        for (int i = 2; i < call.count(); i += 2) {
            byte[] value = call.copy(i + 1);
            if (values.replace(call.word(i), value) == null) {
                values.put(ByteBuffer.wrap(call.copy(i)), value);
            }
        }
        call.replyInteger(values.size() - before);
    }

    private void getField(Call call) throws Refusal {
        Fields fields = keys.find(call, 1, Fields.class);
        byte[] value = fields == null ? null : fields.values.get(call.word(2));
        if (value == null) {
            call.replyNothing();
        } else {
            call.replyBulk(value);
        }
    }
}
