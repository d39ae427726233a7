package io.millrace.samples;

import io.millrace.client.TcpClient;
import io.millrace.core.Codec;
import io.millrace.core.HeartbeatConfig;
import io.millrace.core.Session;
import io.millrace.core.SessionConfig;
import io.millrace.core.protocol.Protocol;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Simulated devices, each with a connection of its own. All log in and send readings; of each fifty one falls silent
 * now and then, as if its network were gone, and another one switches itself off and comes back.
 *
 * <p>Threading: Thread-safe. One thread, the clock, lets the devices act.
 */
final class DeviceFleet implements AutoCloseable {
    private static final int KINDS = 50;
    private static final int SILENT_KIND = 0;
    private static final int LEAVING_KIND = 25;
    /** Every how many turns a device of these two kinds does that. */
    private static final int TURNS = 3;

    /** Devices come one after the other: all at once they would find no room in the backlog. */
    private static final long ARRIVAL_NANOS = TimeUnit.MICROSECONDS.toNanos(400);

    private static final Duration LOGIN_TIMEOUT = Duration.ofSeconds(10);

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final LongAdder fellSilent = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final long readingNanos;
    private final long silenceNanos;
    private final TcpClient client;
    private volatile String lastFailure = "";

    /** Lets devices come, which send readings about so often, to a gateway with such heartbeats. */
    DeviceFleet(int port, int devices, Duration reading, Duration heartbeat) throws IOException {
        readingNanos = reading.toNanos();
        // Even the shortest silence is longer than the gateway's patience.
        silenceNanos = heartbeat.multipliedBy(8).toNanos();
        // A device looks after its gateway too, with more patience.
        HeartbeatConfig pings = HeartbeatConfig.every(heartbeat.multipliedBy(5));
        client = TcpClient.builder()
                .protocol(Protocol.millrace())
                .endpoint("127.0.0.1", port)
                .sessions(SessionConfig.builder().heartbeat(pings).build())
                .build();
        IntStream.range(0, devices)
                .mapToObj(Device::new)
                .forEach(device -> clock.schedule(device, device.number * ARRIVAL_NANOS, TimeUnit.NANOSECONDS));
    }

    /** One device. Confined to the clock. */
    private final class Device implements Runnable {
        private final int number;
        private @Nullable Session session;
        private boolean silent;
        private int turns;

        Device(int number) {
            this.number = number;
        }

        @Override
        public void run() {
            Session current = session;
            if (current == null || !current.isOpen()) {
                connect();
            } else {
                actAgainAfter(act(current));
            }
        }

        private void connect() {
            silent = false;
            client.connect().thenCompose(this::logIn).whenCompleteAsync(this::loggedIn, clock);
        }

        private CompletableFuture<Session> logIn(Session opened) {
            ByteBuffer name = Codec.utf8().encode("device-" + number);
            return opened.request(name, LOGIN_TIMEOUT).thenApply(welcome -> opened);
        }

        private void loggedIn(@Nullable Session opened, @Nullable Throwable failure) {
            session = opened;
            if (failure != null) {
                failures.increment();
                lastFailure = String.valueOf(failure.getMessage());
            }
            actAgainAfter(readingNanos);
        }

        /** Does the next thing, and returns how long to wait after that. */
        private long act(Session current) {
            boolean special = ++turns % TURNS == 0;
            if (silent) {
                // Back in the network; what has become of the connection it will find out now.
                silent = false;
                current.resumeReading();
            } else if (special && number % KINDS == SILENT_KIND) {
                // Neither reads nor writes, so pings are not answered; the connection stays open.
                silent = true;
                current.pauseReading();
                fellSilent.increment();
                return silenceNanos;
            } else if (special && number % KINDS == LEAVING_KIND) {
                current.close();
            } else {
                current.send(ByteBuffer.allocate(2 * Long.BYTES).putInt(0, number));
            }
            return readingNanos;
        }

        private void actAgainAfter(long nanos) {
            // More or less: devices that keep step make waves.
            long about = ThreadLocalRandom.current().nextLong(nanos / 2, nanos + nanos / 2 + 1);
            clock.schedule(this, about, TimeUnit.NANOSECONDS);
        }
    }

    long fellSilent() {
        return fellSilent.sum();
    }

    /** Returns how often a device could not connect or log in. */
    long failures() {
        return failures.sum();
    }

    String lastFailure() {
        return lastFailure;
    }

    @Override
    public void close() {
        clock.shutdownNow();
        client.close();
    }
}
