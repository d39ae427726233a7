package io.millrace.samples.resp;

import io.millrace.core.MalformedFrameException;
import io.millrace.core.MessageHandler;
import io.millrace.core.Session;
import io.millrace.samples.resp.Call.Refusal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Does what commands say with keys and values that it keeps in memory: a subset of Redis, with its words for what goes
 * wrong.
 *
 * <p>Threading: Confined to one thread at a time, or thread-safe, as it was made.
 */
public final class RespHandler implements MessageHandler {
    private static final int SHOWN_CHARACTERS = 128;

    @FunctionalInterface
    interface Action {
        void run(Call call) throws Refusal;
    }

    /** A command by its name in small letters; a number of words below 0 means that many at least, the name included. */
    private record Command(String name, int words, Action action) {
        long packedName() {
            return Call.packed(name);
        }
    }

    /** In the order of {@link #packedNames}. */
    private final List<Command> commands = new ArrayList<>();

    private final long[] packedNames;

    private final boolean isShared;
    private final Call call = new Call();
    private final Keyspace keys = new Keyspace();

    /**
     * Makes an empty database.
     *
     * @param threads how many threads may call it at the same time. Several take turns, command by command, as in Redis
     *     itself: a command takes less time than finding out what it may do beside another
     */
    public RespHandler(int threads) {
        isShared = threads > 1;
        command("ping", -1, RespHandler::ping);
        command("echo", 2, echo -> echo.replyBulk(echo.copy(1)));
        command("quit", -1, Call::replyOk);
        command("select", 2, RespHandler::select);
        command("command", -1, this::describeCommands);
        command("config", -2, RespHandler::config);
        command("info", -1, this::info);
        keys.addTo(this);
        new CollectionCommands(keys).addTo(this);
        commands.sort(Comparator.comparingLong(Command::packedName));
        packedNames = commands.stream().mapToLong(Command::packedName).toArray();
    }

    void command(String name, int words, Action action) {
        commands.add(new Command(name, words, action));
    }

    @Override
    public void onMessage(Session session, ByteBuffer message) throws MalformedFrameException {
        if (isShared) {
            synchronized (this) {
                answer(session, message);
            }
        } else {
            answer(session, message);
        }
    }

    private void answer(Session session, ByteBuffer message) throws MalformedFrameException {
        call.read(session, message);
        if (call.count() == 0) {
            return;
        }
        Command command = find();
        try {
            if (command == null) {
                throw unknownCommand();
            }
            if (command.words < 0 ? call.count() < -command.words : call.count() != command.words) {
                throw Refusal.wrongNumberOfWords(command.name);
            }
            command.action.run(call);
        } catch (Refusal refused) {
            call.replyLine('-', String.valueOf(refused.getMessage()));
        }
        call.send();
        if (command != null && command.name.equals("quit")) {
            session.close();
        }
    }

    private @Nullable Command find() {
        int index = Arrays.binarySearch(packedNames, call.packed(0));
        return index < 0 ? null : commands.get(index);
    }

    @Override
    public void onMalformed(Session session, MalformedFrameException cause) {
        session.send(("-ERR " + cause.getMessage() + "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    private Refusal unknownCommand() {
        StringBuilder shown = new StringBuilder();
        for (int i = 1; i < call.count() && shown.length() < SHOWN_CHARACTERS; i++) {
            String word = start(i, SHOWN_CHARACTERS - shown.length());
            shown.append('\'').append(word).append("' ");
        }
        return new Refusal(
                "ERR unknown command '" + start(0, SHOWN_CHARACTERS) + "', with args beginning with: " + shown);
    }

    private String start(int word, int characters) {
        String text = call.text(word);
        return text.substring(0, Math.min(text.length(), characters));
    }

    private static void ping(Call call) throws Refusal {
        if (call.count() > 2) {
            throw Refusal.wrongNumberOfWords("ping");
        }
        if (call.count() == 2) {
            call.replyBulk(call.copy(1));
        } else {
            call.replyLine('+', "PONG");
        }
    }

    private static void select(Call call) throws Refusal {
        if (call.number(1) != 0) {
            throw new Refusal("ERR DB index is out of range");
        }
        call.replyOk();
    }

    /** Tells of each command its name, words, flags, and the places of keys, of which the last four are not told. */
    private void describeCommands(Call call) {
        if (call.count() > 1 && call.text(1).equalsIgnoreCase("COUNT")) {
            call.replyInteger(commands.size());
            return;
        }
        // Nothing more is known about any of them.
        List<Command> told = call.count() > 1 ? List.of() : commands;
        call.replyArray(told.size());
        for (Command command : told) {
            call.replyArray(6);
            call.replyBulk(command.name);
            call.replyInteger(command.words);
            call.replyArray(0);
            call.replyInteger(0);
            call.replyInteger(0);
            call.replyInteger(0);
        }
    }

    private static void config(Call call) throws Refusal {
        if (!call.text(1).equalsIgnoreCase("GET") || call.count() < 3) {
            throw new Refusal("ERR CONFIG knows GET alone, with the name of a parameter");
        }
        String name = call.text(2).toLowerCase(Locale.ROOT);
        String value =
                switch (name) {
                    case "save" -> "";
                    case "appendonly" -> "no";
                    case "databases" -> "1";
                    case "proto-max-bulk-len" -> String.valueOf(RespProtocol.MAX_FRAME_BYTES);
                    default -> null;
                };
        call.replyArray(value == null ? 0 : 2);
        if (value != null) {
            call.replyBulk(name);
            call.replyBulk(value);
        }
    }

    private void info(Call call) {
        call.replyBulk("# Server\r\nredis_version:7.0.0\r\nserver_name:millrace-resp-server\r\n# Keyspace\r\ndb0:keys="
                + keys.size() + "\r\n");
    }
}
