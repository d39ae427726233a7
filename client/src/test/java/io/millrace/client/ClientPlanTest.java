package io.millrace.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.client.endpoint.Backoff;
import io.millrace.client.endpoint.Endpoint;
import io.millrace.client.endpoint.EndpointPicker;
import io.millrace.client.endpoint.EndpointSource;
import io.millrace.client.pool.ClientStateListener;
import io.millrace.client.pool.PoolConfig;
import io.millrace.client.pool.WhileDown;
import io.millrace.core.Settings;
import io.millrace.core.SettingsException;
import io.millrace.core.protocol.Protocol;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientPlanTest {
    private static final Endpoint A = Endpoint.of("a", 1);
    private static final Endpoint B = Endpoint.of("b", 2);

    private static TcpClientBuilder builder() {
        return TcpClient.builder().protocol(Protocol.millrace());
    }

    private static Settings settings(String... keysAndValues) {
        Properties properties = new Properties();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            properties.setProperty(keysAndValues[i], keysAndValues[i + 1]);
        }
        return Settings.of(properties, "test");
    }

    private static List<String> problems(Settings settings) {
        return assertThrows(SettingsException.class, () -> builder().settings(settings))
                .problems();
    }

    @Test
    void whatIsNotSetHasItsDefault() {
        ClientPlan plan = builder().endpoint("a", 1).plan();

        assertEquals("a:1", plan.endpoints().toString());
        assertEquals("roundRobin", plan.endpointPicker().toString());
        assertSame(Backoff.defaults(), plan.backoff());
        assertEquals(PoolConfig.defaults().toString(), plan.pool().toString());
        assertEquals(WhileDown.FAIL, plan.whileDown());
        assertNull(plan.onState());
    }

    @Test
    void whatIsSetIsPlanned() {
        EndpointSource source = () -> List.of(A);
        EndpointPicker picker = candidates -> 0;
        Backoff backoff = Backoff.defaults().giveUpAfter(1);
        PoolConfig pool = PoolConfig.builder().minIdle(1).build();
        ClientStateListener listener = (from, to, cause) -> {};

        ClientPlan plan = builder()
                .endpoints(source)
                .endpointPicker(picker)
                .backoff(backoff)
                .pool(pool)
                .whileDown(WhileDown.WAIT)
                .onStateChange(listener)
                .plan();

        assertSame(source, plan.endpoints());
        assertSame(picker, plan.endpointPicker());
        assertSame(backoff, plan.backoff());
        assertSame(pool, plan.pool());
        assertEquals(WhileDown.WAIT, plan.whileDown());
        assertSame(listener, plan.onState());
    }

    @Test
    void clientsOfOneBuilderTakeTurnsOfTheirOwnUnlessToldOtherwise() {
        TcpClientBuilder builder = builder().endpoints(A, B);
        assertNotSame(builder.plan().endpointPicker(), builder.plan().endpointPicker());

        builder.settings(settings("endpointPicker", "leastInFlight"));
        assertNotSame(builder.plan().endpointPicker(), builder.plan().endpointPicker());

        EndpointPicker shared = EndpointPicker.roundRobin();
        builder.endpointPicker(shared);
        assertSame(builder.plan().endpointPicker(), builder.plan().endpointPicker());
    }

    @Test
    void endpointsSetLastAreTheOnes() {
        TcpClientBuilder builder = builder().endpoints(A, B).endpoint("c", 3);
        assertEquals("c:3", builder.plan().endpoints().toString());

        builder.endpoints(B, A);
        assertEquals("b:2,a:1", builder.plan().endpoints().toString());

        builder.settings(settings("endpoint", "d:4"));
        assertEquals("d:4", builder.plan().endpoints().toString());
    }

    @Test
    void settingsSetEverythingThatAFileCanSay() {
        ClientPlan plan = builder()
                .settings(settings(
                        "endpoints", "a:1, [::1]:2",
                        "endpointPicker", "leastInFlight",
                        "whileDown", "WAIT",
                        "backoff.firstDelay", "1s",
                        "backoff.giveUpAfter", "3",
                        "pool.maxConnections", "4",
                        "pool.order", "FIFO"))
                .plan();

        assertEquals("a:1,[::1]:2", plan.endpoints().toString());
        assertEquals("leastInFlight", plan.endpointPicker().toString());
        assertEquals(WhileDown.WAIT, plan.whileDown());
        assertEquals(
                "Backoff[firstDelay=PT1S, maxDelay=PT10S, factor=2.0, jitter=1.0, giveUpAfter=3]",
                plan.backoff().toString());
        assertEquals(4, plan.pool().maxConnections());
        assertEquals(4, plan.pool().maxConnectionsPerEndpoint());
    }

    @ParameterizedTest
    @ValueSource(strings = {"roundRobin", "random", "leastInFlight"})
    void pickersGoByTheirNames(String name) {
        ClientPlan plan = builder()
                .endpoint("a", 1)
                .settings(settings("endpointPicker", name))
                .plan();

        assertEquals(name, plan.endpointPicker().toString());
    }

    @Test
    void fileAddsToWhatTheCodeHasSet() {
        ClientPlan plan = builder()
                .pool(PoolConfig.builder().minIdle(2).maxConnections(9).build())
                .backoff(Backoff.defaults().factor(3))
                .settings(settings("endpoint", "a:1", "pool.maxConnections", "5", "backoff.jitter", "0"))
                .plan();

        assertEquals(2, plan.pool().minIdle());
        assertEquals(5, plan.pool().maxConnections());
        assertEquals(3, plan.backoff().factor());
        assertEquals(0, plan.backoff().jitter());
    }

    @Test
    void keysThatAreMisspeltAndValuesThatCannotBeAreNamedTogether() {
        assertEquals(
                List.of(
                        "endpoints = a:1,b: in 'b': it must be host:port, such as localhost:9000 or [::1]:9000",
                        "endpointPicker = fastest: it must be one of roundRobin, random, leastInFlight",
                        "whileDown = sleep: it must be one of FAIL, WAIT",
                        "backoff.*: maxDelay is PT10S; it must be at least firstDelay, PT1M",
                        "pool.*: minIdle is 5; it must be at most maxConnectionsPerEndpoint, 4 connections",
                        "polo.minIdle = 1: it is not known; the closest known key is pool.minIdle"),
                problems(settings(
                        "endpoints", "a:1,b",
                        "endpointPicker", "fastest",
                        "whileDown", "sleep",
                        "backoff.firstDelay", "1min",
                        "pool.maxConnections", "4",
                        "pool.minIdle", "5",
                        "polo.minIdle", "1")));
    }

    @Test
    void misspeltKeyOfASectionIsNamedWithTheSection() {
        assertEquals(
                List.of(
                        "backoff.firstDelays = 1s: it is not known; the closest known key is backoff.firstDelay",
                        "pool.maxIdle = 1: it is not known; the closest known key is pool.minIdle"),
                problems(settings("endpoint", "a:1", "backoff.firstDelays", "1s", "pool.maxIdle", "1")));
    }

    @Test
    void oneEndpointAndSeveralAreNotBothSet() {
        assertEquals(
                List.of("endpoints = b:2: there is endpoint, too; keep one of the two"),
                problems(settings("endpoint", "a:1", "endpoints", "b:2")));
    }
}
