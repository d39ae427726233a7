package io.millrace.samples;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Commands of Redis by chance, right and wrong ones, and what a server answers to them. */
final class RandomCommands {
    private static final int SECONDS = 30;

    /** Commands asked at once, which stay within what sockets hold. */
    private static final int BATCH = 50;

    /** How far two servers may be apart when they tell how long a key lives. */
    private static final int TTL_STEP = 1_000;

    private static final String[] SHAPES = {
        "SET K V",
        "SET K V",
        "SET K N",
        "SET K N",
        "SET K V O",
        "SET K V O O",
        "SET K V O O O",
        "GET K",
        "GET K",
        "INCR K",
        "DECR K",
        "INCRBY K N",
        "DECRBY K N",
        "MSET K V K N",
        "MSET K V K",
        "MGET K K K",
        "DEL K",
        "DEL K K",
        "EXISTS K K K",
        "EXPIRE K L",
        "EXPIRE K N",
        "TTL K",
        "TTL K",
        "LPUSH K V N V",
        "RPUSH K V V",
        "LPOP K",
        "RPOP K",
        "LPOP K I",
        "RPOP K I",
        "RPOP K N",
        "LRANGE K I I",
        "LRANGE K I N",
        "SADD K V V N",
        "SADD one x",
        "SPOP one",
        "SPOP none",
        "DEL one",
        "GET one",
        "HSET K V V V N",
        "HSET K V N",
        "HSET K V V V",
        "HGET K V",
        "HGET K N",
        "PING",
        "PING V",
        "PING V V",
        "ECHO V",
        "SELECT 0",
        "SELECT -1",
        "SELECT x",
        "nonsense V V",
        "DBSIZE",
        "FLUSHDB",
        "GET"
    };
    private static final String[] KEYS = {"a", "b", "c", "d", "a longer key of 27 letters", ""};
    private static final String[] VALUES = {"x", "y", "", "two words", "line\r\nend", "0123456789".repeat(500)};
    private static final String[] NUMBERS = {
        "0",
        "1",
        "-1",
        "7",
        "100",
        "01",
        "-0",
        "+1",
        " 1",
        "1.0",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "x",
        ""
    };
    private static final String[] INDEXES = {"0", "1", "2", "-1", "-2", "5", "-9", "100"};
    private static final String[] OPTIONS = {
        "NX", "xx", "EX", "px", "100000", "100000", "0", "-5", "Z", "9999999999999999"
    };
    private static final String[] LIFETIMES = {"100000", "300000", "-1", "0", "x", "9223372036854775"};

    /** Real ones take options that ours do not know. */
    private static final Set<String> TAKES_MORE = Set.of("SPOP", "EXPIRE", "SADD");

    private RandomCommands() {}

    /** Makes up commands; the same seed makes the same ones. */
    static List<List<String>> list(long seed, int count) {
        Random random = new Random(seed);
        return Stream.generate(() -> command(random)).limit(count).toList();
    }

    private static List<String> command(Random random) {
        List<String> words = new ArrayList<>();
        for (String part : SHAPES[random.nextInt(SHAPES.length)].split(" ")) {
            words.add(
                    switch (part) {
                        case "K" -> any(random, KEYS);
                        case "V" -> any(random, VALUES);
                        case "N" -> any(random, NUMBERS);
                        case "I" -> any(random, INDEXES);
                        case "O" -> any(random, OPTIONS);
                        case "L" -> any(random, LIFETIMES);
                        default -> part;
                    });
        }
        // Now and then a word too few or too many, and a name in small letters.
        int chance = random.nextInt(40);
        if (chance == 0 && words.size() > 1) {
            words.remove(words.size() - 1);
        } else if (chance == 1 && !TAKES_MORE.contains(words.get(0))) {
            words.add(any(random, VALUES));
        } else if (chance < 10) {
            words.set(0, words.get(0).toLowerCase(Locale.ROOT));
        }
        return words;
    }

    private static String any(Random random, String[] choices) {
        return choices[random.nextInt(choices.length)];
    }

    /** Asks a server these commands, and returns its replies; those that tell a long lifetime are rounded. */
    static List<String> ask(int port, List<List<String>> commands) throws IOException {
        List<String> replies = new ArrayList<>();
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(SECONDS));
            OutputStream out = socket.getOutputStream();
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (int from = 0; from < commands.size(); from += BATCH) {
                List<List<String>> batch = commands.subList(from, Math.min(from + BATCH, commands.size()));
                StringBuilder text = new StringBuilder();
                batch.forEach(words -> append(text, words));
                out.write(text.toString().getBytes(StandardCharsets.ISO_8859_1));
                for (List<String> words : batch) {
                    String reply = reply(in);
                    boolean tells = words.get(0).equalsIgnoreCase("TTL") && reply.matches(":\\d+");
                    replies.add(
                            tells ? "about " + Math.round(Double.parseDouble(reply.substring(1)) / TTL_STEP) : reply);
                }
            }
        }
        return replies;
    }

    private static void append(StringBuilder text, List<String> words) {
        text.append('*').append(words.size()).append("\r\n");
        words.forEach(word -> text.append('$')
                .append(word.length())
                .append("\r\n")
                .append(word)
                .append("\r\n"));
    }

    private static String reply(InputStream in) throws IOException {
        String line = line(in);
        int number = line.startsWith("$") || line.startsWith("*") ? Integer.parseInt(line.substring(1)) : -1;
        StringBuilder reply = new StringBuilder(line);
        if (line.startsWith("$") && number >= 0) {
            reply.append('|').append(new String(in.readNBytes(number), StandardCharsets.ISO_8859_1));
            line(in);
        } else {
            for (int i = 0; i < number; i++) {
                reply.append('|').append(reply(in));
            }
        }
        return reply.toString();
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("after " + line);
            }
            line.append((char) next);
        }
        return line.substring(0, line.length() - 1);
    }
}
