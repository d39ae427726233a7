package io.millrace.client.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost:9000",
                "127.0.0.1:1",
                "host.example.com:65535",
                "[::1]:9000",
                "[2001:db8::7]:80",
                "[fe80::1%eth0]:7"
            })
    void whatIsPrintedIsReadAgain(String text) {
        Endpoint endpoint = Endpoint.parse(text);

        assertEquals(text, endpoint.toString());
        assertEquals(endpoint, Endpoint.parse(endpoint.toString()));
    }

    @Test
    void addressInBracketsIsTheSameAsWithout() {
        assertEquals(Endpoint.of("::1", 9), Endpoint.of("[::1]", 9));
        assertEquals("::1", Endpoint.of("[::1]", 9).host());
        assertEquals(Endpoint.of("::1", 9), Endpoint.parse("[::1]:9"));
        assertNotEquals(Endpoint.of("::1", 9), Endpoint.of("::1", 10));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost",
                "localhost:",
                ":80",
                "a:b",
                "::1:9000",
                "[::1]",
                "[::1:9000",
                "::1]:9",
                "a:99999999999"
            })
    void whatIsNoEndpointIsRefusedWithExamples(String text) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(text));

        assertEquals("it must be host:port, such as localhost:9000 or [::1]:9000", refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'[]:1'|host is ''; it must be a name or an address, such as localhost",
                "' :1'|host is ' '; it must be a name or an address, such as localhost",
                "'a b:1'|host is 'a b'; it must be a name or an address, such as localhost",
                "'a,b:1'|host is 'a,b'; it must be a name or an address, such as localhost",
                "'a:0'|port is 0; it must be from 1 to 65535",
                "'a:-1'|port is -1; it must be from 1 to 65535",
                "'a:65536'|port is 65536; it must be from 1 to 65535"
            })
    void partThatCannotBeIsNamed(String text, String message) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> Endpoint.parse(text));

        assertEquals(message, refused.getMessage());
    }

    @Test
    void listIsReadInItsOrder() {
        assertEquals(
                List.of(Endpoint.of("a", 1), Endpoint.of("::1", 2), Endpoint.of("c", 3)),
                Endpoint.parseList("a:1, [::1]:2 ,c:3"));
        assertEquals(List.of(Endpoint.of("a", 1)), Endpoint.parseList("a:1"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'a:1,b'|in 'b': it must be host:port, such as localhost:9000 or [::1]:9000",
                "'a:1,'|in '': it must be host:port, such as localhost:9000 or [::1]:9000",
                "''|in '': it must be host:port, such as localhost:9000 or [::1]:9000",
                "'a:1,b:0'|in 'b:0': port is 0; it must be from 1 to 65535",
                "'a:1,b:2,a:1'|endpoint is a:1; it must be there only once"
            })
    void partOfAListThatCannotBeIsNamed(String text, String message) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> Endpoint.parseList(text));

        assertEquals(message, refused.getMessage());
    }

    @Test
    void hostWithAPortInItIsRefused() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Endpoint.of("localhost:9000", 9000));

        assertEquals(
                "host is 'localhost:9000'; it must be a name or an address, such as localhost; the port is given by"
                        + " itself",
                refused.getMessage());
    }

    @Test
    void fixedSourceGivesItsEndpointsAgainAndAgain() throws Exception {
        EndpointSource source = EndpointSource.of(Endpoint.of("b", 2), Endpoint.of("a", 1));

        assertEquals(List.of(Endpoint.of("b", 2), Endpoint.of("a", 1)), source.endpoints());
        assertSame(source.endpoints(), source.endpoints());
        assertEquals("b:2,a:1", source.toString());
    }

    @Test
    void fixedSourceHasEachEndpointOnceAndAtLeastOne() {
        Endpoint endpoint = Endpoint.of("a", 1);

        assertEquals(
                "endpoints is empty; it must be at least one",
                assertThrows(IllegalArgumentException.class, EndpointSource::of).getMessage());
        assertEquals(
                "endpoint is a:1; it must be there only once",
                assertThrows(IllegalArgumentException.class, () -> EndpointSource.of(endpoint, endpoint))
                        .getMessage());
    }
}
