package io.millrace.samples.resp;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import io.millrace.samples.resp.Request.Refusal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Does what commands say with keys and values that it keeps in memory: a subset of Redis, with its words for what goes
 * wrong. Keys that have expired are forgotten when somebody asks for them, or when there are many.
 *
 * <p>Threading: Confined to one thread at a time; {@link #locked()} is for several.
 */
public final class RespHandler implements MessageHandler {
    private static final long GET = Request.name("GET");
    private static final long COUNT = Request.name("COUNT");
    private static final long QUIT = Request.name("QUIT");
    private static final int SHOWN_CHARACTERS = 128;
    private static final int COMMAND_SLOTS = 256;

    @FunctionalInterface
    interface Action {
        void run() throws Refusal;
    }

    /** A command by its name in small letters; a number of words below 0 means that many at least, the name included. */
    private record Command(long packed, String name, int words, Action action) {}

    private final @Nullable Command[] commands = new Command[COMMAND_SLOTS];
    private final Request request = new Request();
    private final Keyspace keys = new Keyspace(request);
    private final ReplyWriter reply = new ReplyWriter();

    /** Makes an empty database. */
    public RespHandler() {
        command("ping", -1, this::ping);
        command("echo", 2, () -> reply.bulk(request.copy(1)));
        command("quit", -1, reply::ok);
        command("select", 2, this::select);
        command("command", -1, this::describeCommands);
        command("config", -2, this::config);
        command("info", -1, this::info);
        command("flushdb", -1, this::flush);
        command("dbsize", 1, () -> reply.integer(keys.size()));
        new KeyCommands(request, reply, keys).addTo(this);
        new CollectionCommands(request, reply, keys).addTo(this);
    }

    void command(String name, int words, Action action) {
        Command command = new Command(Request.name(name), name, words, action);
        int slot = slot(command.packed);
        while (commands[slot] != null) {
            slot = slot + 1 & COMMAND_SLOTS - 1;
        }
        commands[slot] = command;
    }

    private @Nullable Command command(long packed) {
        int slot = slot(packed);
        Command command = commands[slot];
        while (command != null && command.packed != packed) {
            slot = slot + 1 & COMMAND_SLOTS - 1;
            command = commands[slot];
        }
        return command;
    }

    private static int slot(long packed) {
        return (int) ((packed * 0x9E3779B97F4A7C15L) >>> (Long.SIZE - Byte.SIZE));
    }

    /**
     * Returns this handler for several threads. Commands are done one at a time, as in Redis itself, which also shares
     * nothing but its I/O between threads: one command takes less time than finding out what it may do beside another.
     *
     * @return a handler that locks this one
     */
    public MessageHandler locked() {
        return new MessageHandler() {
            @Override
            public void onMessage(Session session, ByteBuffer message) throws MalformedFrameException {
                synchronized (RespHandler.this) {
                    RespHandler.this.onMessage(session, message);
                }
            }

            @Override
            public void onMalformed(Session session, MalformedFrameException cause) {
                RespHandler.this.onMalformed(session, cause);
            }
        };
    }

    @Override
    public void onMessage(Session session, ByteBuffer message) throws MalformedFrameException {
        request.read(message);
        if (request.count() == 0) {
            return;
        }
        reply.begin(session);
        long packed = request.name(0);
        try {
            Command command = command(packed);
            if (command == null) {
                throw unknownCommand();
            }
            if (command.words < 0 ? request.count() < -command.words : request.count() != command.words) {
                throw wrongNumberOfWords(command.name);
            }
            command.action.run();
        } catch (Refusal refused) {
            reply.error(String.valueOf(refused.getMessage()));
        }
        reply.flush();
        if (packed == QUIT) {
            session.close();
        }
    }

    @Override
    public void onMalformed(Session session, MalformedFrameException cause) {
        session.send(("-ERR " + cause.getMessage() + "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    private Refusal unknownCommand() {
        StringBuilder text = new StringBuilder("ERR unknown command '");
        text.append(shown(0)).append("', with args beginning with: ");
        for (int i = 1; i < request.count() && text.length() < SHOWN_CHARACTERS; i++) {
            text.append('\'').append(shown(i)).append("' ");
        }
        return new Refusal(text.toString());
    }

    private String shown(int word) {
        String text = request.text(word);
        return text.substring(0, Math.min(text.length(), SHOWN_CHARACTERS));
    }

    static Refusal wrongNumberOfWords(String command) {
        return new Refusal("ERR wrong number of arguments for '" + command + "' command");
    }

    private void ping() throws Refusal {
        if (request.count() > 2) {
            throw wrongNumberOfWords("ping");
        }
        if (request.count() == 2) {
            reply.bulk(request.copy(1));
        } else {
            reply.line('+', "PONG");
        }
    }

    private void select() throws Refusal {
        if (request.number(1) != 0) {
            throw new Refusal("ERR DB index is out of range");
        }
        reply.ok();
    }

    private void describeCommands() {
        boolean counts = request.count() > 1 && request.name(1) == COUNT;
        int count = (int) Arrays.stream(commands).filter(Objects::nonNull).count();
        if (counts) {
            reply.integer(count);
        } else if (request.count() > 1) {
            // Nothing is known about any of them but this.
            reply.array(0);
        } else {
            reply.array(count);
            for (Command command : commands) {
                if (command != null) {
                    describe(command);
                }
            }
        }
    }

    /** Name, words, flags, and the places of keys, which are not told. */
    private void describe(Command command) {
        reply.array(6);
        reply.bulk(command.name);
        reply.integer(command.words);
        reply.array(0);
        reply.integer(0);
        reply.integer(0);
        reply.integer(0);
    }

    private void config() throws Refusal {
        if (request.name(1) != GET || request.count() < 3) {
            throw new Refusal("ERR CONFIG knows GET alone, with the name of a parameter");
        }
        String name = request.text(2).toLowerCase(Locale.ROOT);
        String value =
                switch (name) {
                    case "save" -> "";
                    case "appendonly" -> "no";
                    case "databases" -> "1";
                    case "proto-max-bulk-len" -> String.valueOf(RespProtocol.MAX_FRAME_BYTES);
                    default -> null;
                };
        reply.array(value == null ? 0 : 2);
        if (value != null) {
            reply.bulk(name);
            reply.bulk(value);
        }
    }

    private void info() {
        reply.bulk("# Server\r\nredis_version:7.0.0\r\nserver_name:millrace-resp-server\r\n# Keyspace\r\ndb0:keys="
                + keys.size() + "\r\n");
    }

    private void flush() {
        keys.clear();
        reply.ok();
    }
}
