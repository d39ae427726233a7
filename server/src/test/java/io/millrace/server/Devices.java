package io.millrace.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Many devices that speak the framework's own protocol and share no code with it: one thread, one selector. They introduce
 * themselves with a message, keep the questions they get, and answer when a test tells them to.
 *
 * <p>Not thread-safe.
 */
final class Devices implements AutoCloseable {
    private static final int MESSAGE = 0;
    private static final int REQUEST = 1;
    private static final int REPLY = 2;
    private static final int LONGEST_FRAME = 1 << 10;

    /**
     * A question that a device has got.
     *
     * @param device which device
     * @param token the token to answer with
     * @param payload what was asked
     */
    record Question(int device, long token, byte[] payload) {}

    private final Selector selector;
    private final List<SocketChannel> channels = new ArrayList<>();
    private final Map<Integer, ByteBuffer> received = new HashMap<>();
    private final Deque<Question> questions = new ArrayDeque<>();

    private Devices(Selector selector) {
        this.selector = selector;
    }

    /** Connects devices, numbered from 0; each says its number. */
    static Devices connect(InetSocketAddress server, int count) throws IOException {
        Devices devices = new Devices(Selector.open());
        for (int device = 0; device < count; device++) {
            SocketChannel channel = SocketChannel.open(server);
            devices.channels.add(channel);
            devices.received.put(device, ByteBuffer.allocate(LONGEST_FRAME));
            write(channel, frame(MESSAGE, ByteBuffer.allocate(Integer.BYTES).putInt(0, device)));
            channel.configureBlocking(false);
            channel.register(devices.selector, SelectionKey.OP_READ, device);
        }
        return devices;
    }

    /** Waits until so many questions have come that have not been taken, and takes them. */
    List<Question> takeQuestions(int count) throws IOException {
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (questions.size() < count) {
            if (System.nanoTime() - endNanos > 0) {
                throw new AssertionError("only " + questions.size() + " questions have come, of " + count);
            }
            receive(100);
        }
        List<Question> taken = new ArrayList<>(questions);
        questions.clear();
        return taken;
    }

    /** Takes in what there is; returns how many questions have come that nobody expected. */
    int unexpected() throws IOException {
        receive(0);
        return questions.size();
    }

    private void receive(long waitMillis) throws IOException {
        if (waitMillis == 0) {
            selector.selectNow();
        } else {
            selector.select(waitMillis);
        }
        for (SelectionKey key : selector.selectedKeys()) {
            receive((SocketChannel) key.channel(), (Integer) key.attachment());
        }
        selector.selectedKeys().clear();
    }

    private void receive(SocketChannel channel, int device) throws IOException {
        ByteBuffer in = received.get(device);
        if (channel.read(in) < 0) {
            throw new AssertionError("the server has ended the connection of device " + device);
        }
        in.flip();
        while (in.remaining() >= Integer.BYTES && in.remaining() >= Integer.BYTES + in.getInt(in.position())) {
            byte[] frame = new byte[in.getInt()];
            in.get(frame);
            ByteBuffer content = ByteBuffer.wrap(frame);
            if (content.get() != REQUEST) {
                throw new AssertionError("device " + device + " got a frame of kind " + frame[0]);
            }
            long token = content.getLong();
            byte[] payload = new byte[content.remaining()];
            content.get(payload);
            questions.add(new Question(device, token, payload));
        }
        in.compact();
    }

    /** Answers a question. */
    void answer(Question question, ByteBuffer payload) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(Long.BYTES + payload.remaining())
                .putLong(question.token())
                .put(payload)
                .flip();
        write(channels.get(question.device()), frame(REPLY, content));
    }

    /** Ends the connection of a device. */
    void disconnect(int device) throws IOException {
        channels.get(device).close();
    }

    private static ByteBuffer frame(int kind, ByteBuffer content) {
        return ByteBuffer.allocate(Integer.BYTES + 1 + content.remaining())
                .putInt(1 + content.remaining())
                .put((byte) kind)
                .put(content)
                .flip();
    }

    /** Writes a little, which the socket always has room for. */
    private static void write(SocketChannel channel, ByteBuffer frame) throws IOException {
        while (frame.hasRemaining()) {
            channel.write(frame);
        }
    }

    @Override
    public void close() throws IOException {
        for (SocketChannel channel : channels) {
            channel.close();
        }
        selector.close();
    }
}
