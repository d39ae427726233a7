package io.millrace.samples.resp;

import io.millrace.samples.resp.Keyspace.Entry;
import io.millrace.samples.resp.Keyspace.Table;
import io.millrace.samples.resp.Request.Refusal;
import java.util.ArrayDeque;
import java.util.Iterator;

/**
 * The commands about lists, sets and hashes.
 *
 * <p>Threading: Confined to one thread at a time.
 */
final class CollectionCommands {
    // What keys hold; they are never empty.
    private record Items(ArrayDeque<byte[]> queue) {}

    private record Members(Table<Boolean> set) {}

    private record Fields(Table<byte[]> map) {}

    private final Request request;
    private final ReplyWriter reply;
    private final Keyspace keys;

    CollectionCommands(Request request, ReplyWriter reply, Keyspace keys) {
        this.request = request;
        this.reply = reply;
        this.keys = keys;
    }

    /** Adds all of them to those that a handler knows. */
    void addTo(RespHandler handler) {
        handler.command("lpush", -3, () -> push(true));
        handler.command("rpush", -3, () -> push(false));
        handler.command("lpop", -2, () -> pop(true));
        handler.command("rpop", -2, () -> pop(false));
        handler.command("lrange", 4, this::range);
        handler.command("sadd", -3, this::addMembers);
        handler.command("spop", 2, this::popMember);
        handler.command("hset", -4, this::setFields);
        handler.command("hget", 3, this::getField);
    }

    private void push(boolean atHead) throws Refusal {
        ArrayDeque<byte[]> items = keys.findOrAdd(1, Items.class, () -> new Items(new ArrayDeque<>())).queue;
        for (int i = 2; i < request.count(); i++) {
            if (atHead) {
                items.addFirst(request.copy(i));
            } else {
                items.addLast(request.copy(i));
            }
        }
        reply.integer(items.size());
    }

    private void pop(boolean atHead) throws Refusal {
        if (request.count() > 3) {
            throw Refusal.syntax();
        }
        boolean several = request.count() == 3;
        long most = several ? request.number(2) : 1;
        if (most < 0) {
            throw new Refusal("ERR value is out of range, must be positive");
        }
        Items items = keys.find(1, Items.class);
        if (items == null) {
            if (several) {
                reply.line('*', "-1");
            } else {
                reply.nothing();
            }
            return;
        }
        int count = (int) Math.min(most, items.queue.size());
        if (several) {
            reply.array(count);
        }
        for (int i = 0; i < count; i++) {
            reply.bulk(atHead ? items.queue.removeFirst() : items.queue.removeLast());
        }
        if (items.queue.isEmpty()) {
            keys.remove(1);
        }
    }

    private void range() throws Refusal {
        long from = request.number(2);
        long to = request.number(3);
        Items items = keys.find(1, Items.class);
        int size = items == null ? 0 : items.queue.size();
        long first = Math.max(0, from < 0 ? from + size : from);
        long last = Math.min(size - 1, to < 0 ? to + size : to);
        if (items == null || first > last) {
            reply.array(0);
            return;
        }
        reply.array((int) (last - first + 1));
        Iterator<byte[]> each = items.queue.iterator();
        for (long i = 0; i <= last; i++) {
            byte[] item = each.next();
            if (i >= first) {
                reply.bulk(item);
            }
        }
    }

    private void addMembers() throws Refusal {
        Table<Boolean> set = keys.findOrAdd(1, Members.class, () -> new Members(new Table<>())).set;
        int before = set.size();
        for (int i = 2; i < request.count(); i++) {
            if (set.find(request, i) == null) {
                set.add(request, i, true);
            }
        }
        reply.integer(set.size() - before);
    }

    private void popMember() throws Refusal {
        Members members = keys.find(1, Members.class);
        Entry<Boolean> any = members == null ? null : members.set.any();
        if (members == null || any == null) {
            reply.nothing();
            return;
        }
        members.set.remove(any);
        if (members.set.size() == 0) {
            keys.remove(1);
        }
        reply.bulk(any.key);
    }

    private void setFields() throws Refusal {
        if (request.count() % 2 != 0) {
            throw RespHandler.wrongNumberOfWords("hset");
        }
        Table<byte[]> map = keys.findOrAdd(1, Fields.class, () -> new Fields(new Table<>())).map;
        int before = map.size();
        for (int i = 2; i < request.count(); i += 2) {
            Entry<byte[]> field = map.find(request, i);
            if (field == null) {
                map.add(request, i, request.copy(i + 1));
            } else {
                field.value = request.copy(i + 1);
            }
        }
        reply.integer(map.size() - before);
    }

    private void getField() throws Refusal {
        Fields fields = keys.find(1, Fields.class);
        Entry<byte[]> field = fields == null ? null : fields.map.find(request, 2);
        if (field == null) {
            reply.nothing();
        } else {
            reply.bulk(field.value);
        }
    }
}
