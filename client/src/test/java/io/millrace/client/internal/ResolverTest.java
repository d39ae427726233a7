package io.millrace.client.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.endpoint.NameResolver;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResolverTest {
    private static final int MOST_AT_ONCE = 64;

    private final Names names = new Names();
    private final Resolver resolver = new Resolver(names);

    @AfterEach
    void close() {
        resolver.close();
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(10, TimeUnit.SECONDS);
    }

    private static Throwable failureOf(CompletableFuture<?> future) {
        return assertThrows(ExecutionException.class, () -> get(future)).getCause();
    }

    @Test
    void nameIsLookedUpAnewEachTimeOnAThreadThatMayWait() throws Exception {
        List<InetAddress> first = get(resolver.resolve("a"));

        assertEquals(List.of(InetAddress.getByName("192.0.2.1")), first);
        assertEquals(first, get(resolver.resolve("a")));
        assertEquals(2, names.asked("a"));
        assertTrue(names.lastThread.getName().startsWith("millrace-resolver-"), names.lastThread.getName());
        assertTrue(names.lastThread.isDaemon());
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.7", "255.255.255.255", "0.0.0.0", "::1", "[::1]", "2001:db8::7"})
    void addressesAreNotLookedUp(String host) throws Exception {
        CompletableFuture<List<InetAddress>> found = resolver.resolve(host);

        assertTrue(found.isDone());
        assertEquals(List.of(InetAddress.getByName(host)), get(found));
        assertEquals(0, names.asked(host));
    }

    @ParameterizedTest
    @ValueSource(strings = {"256.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4.example", "localhost"})
    void whatOnlyLooksLikeAnAddressIsAName(String host) throws Exception {
        get(resolver.resolve(host));

        assertEquals(1, names.asked(host));
    }

    @Test
    void whoAsksForANameThatHangsJoinsItsLookup() throws Exception {
        CountDownLatch gate = names.hang("slow");
        CompletableFuture<List<InetAddress>> first = resolver.resolve("slow");
        CompletableFuture<List<InetAddress>> second = resolver.resolve("slow");

        assertSame(first, second);
        assertEquals(1, get(resolver.resolve("quick")).size());
        assertFalse(first.isDone());
        gate.countDown();
        get(first);
        assertEquals(1, names.asked("slow"));
    }

    @Test
    void namesThatHangKeepNoOtherWaitingUntilAllThreadsAreTaken() throws Exception {
        List<CountDownLatch> gates = new ArrayList<>();
        for (int i = 0; i < MOST_AT_ONCE - 1; i++) {
            gates.add(names.hang("slow-" + i));
            resolver.resolve("slow-" + i);
        }
        get(resolver.resolve("quick"));
        gates.add(names.hang("last"));
        resolver.resolve("last");
        names.awaitHanging(MOST_AT_ONCE);

        CompletableFuture<List<InetAddress>> one = resolver.resolve("one");
        CompletableFuture<List<InetAddress>> other = resolver.resolve("other");

        assertSame(one, resolver.resolve("one"));
        assertFalse(one.isDone());
        gates.get(0).countDown();
        get(one);
        get(other);
        gates.forEach(CountDownLatch::countDown);
    }

    @Test
    void namesThatWaitAreBounded() throws Exception {
        for (int i = 0; i < MOST_AT_ONCE; i++) {
            names.hang("slow-" + i);
            resolver.resolve("slow-" + i);
        }
        for (int i = 0; i < 1_024; i++) {
            assertFalse(resolver.resolve("waits-" + i).isDone());
        }

        Throwable refused = failureOf(resolver.resolve("one more"));

        assertEquals("not looked up: 64 lookups of other names hang, and 1024 names wait", refused.getMessage());
    }

    @Test
    void nameWithoutAddressesAndResolverThatThrowsFail() {
        names.answer("empty", List.of());

        assertEquals(
                "empty has no address", failureOf(resolver.resolve("empty")).getMessage());
        assertInstanceOf(NullPointerException.class, failureOf(resolver.resolve("broken")));
        assertInstanceOf(NullPointerException.class, failureOf(resolver.resolve("broken")));
    }

    @Test
    void closeInterruptsWhatHangsAndFailsWhatWaitsAndWhatComes() throws Exception {
        CompletableFuture<List<InetAddress>> hanging = null;
        for (int i = 0; i < MOST_AT_ONCE; i++) {
            names.hang("slow-" + i);
            hanging = resolver.resolve("slow-" + i);
        }
        names.awaitHanging(MOST_AT_ONCE);
        CompletableFuture<List<InetAddress>> waiting = resolver.resolve("waits");

        resolver.close();

        assertInstanceOf(InterruptedIOException.class, failureOf(hanging));
        assertEquals("the client is closed", failureOf(waiting).getMessage());
        assertEquals("the client is closed", failureOf(resolver.resolve("late")).getMessage());
        assertInstanceOf(UnknownHostException.class, failureOf(resolver.resolve("late")));
    }

    /** A resolver whose every name is at 192.0.2.1, unless a test says otherwise. */
    private static final class Names implements NameResolver {
        private final Map<String, AtomicInteger> asked = new ConcurrentHashMap<>();
        private final Map<String, CountDownLatch> gates = new ConcurrentHashMap<>();
        private final Map<String, List<InetAddress>> answers = new ConcurrentHashMap<>();
        private volatile Thread lastThread;

        // Guarded by this.
        private int hanging;

        CountDownLatch hang(String host) {
            CountDownLatch gate = new CountDownLatch(1);
            gates.put(host, gate);
            return gate;
        }

        void answer(String host, List<InetAddress> addresses) {
            answers.put(host, addresses);
        }

        int asked(String host) {
            return asked.getOrDefault(host, new AtomicInteger()).get();
        }

        synchronized void awaitHanging(int count) throws InterruptedException {
            long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (hanging < count && System.nanoTime() - endNanos < 0) {
                wait(100);
            }
            assertEquals(count, hanging);
        }

        private synchronized void hangs() {
            hanging++;
            notifyAll();
        }

        @Override
        public List<InetAddress> resolve(String host) throws IOException {
            lastThread = Thread.currentThread();
            asked.computeIfAbsent(host, name -> new AtomicInteger()).incrementAndGet();
            CountDownLatch gate = gates.get(host);
            if (gate != null) {
                hangs();
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException("closed");
                }
            }
            if (host.equals("broken")) {
                throw new NullPointerException("on purpose");
            }
            List<InetAddress> answer = answers.get(host);
            return answer != null ? answer : List.of(InetAddress.getByName("192.0.2.1"));
        }
    }
}
