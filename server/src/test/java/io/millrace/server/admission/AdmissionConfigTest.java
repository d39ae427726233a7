package io.millrace.server.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.millrace.core.Settings;
import io.millrace.core.SettingsException;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AdmissionConfigTest {
    @Test
    void defaultsLimitTheTotalAndLetEverybodyWait() {
        AdmissionConfig config = AdmissionConfig.defaults();

        assertEquals(
                "AdmissionConfig[maxConnections=100000, maxConnectionsPerAddress=0, ipv4PrefixBits=32,"
                        + " ipv6PrefixBits=64, acceptsPerSecond=0, acceptBurst=0, policy=STOP_ACCEPTING,"
                        + " filter=everybody, refusalMessage=none]",
                config.toString());
    }

    @Test
    void copyHasAllValuesAndTheSameFilter() {
        AdmissionConfig config = AdmissionConfig.builder()
                .maxConnections(7)
                .maxConnectionsPerAddress(3)
                .prefixBits(24, 48)
                .acceptRate(10, 20)
                .policy(AdmissionPolicy.ACCEPT_AND_REFUSE)
                .refusalMessage(reason -> null)
                .build();

        AdmissionConfig copy = config.toBuilder().build();

        assertEquals(config.toString(), copy.toString());
        assertSame(config.filter(), copy.filter());
        assertSame(config.refusalMessage(), copy.refusalMessage());
    }

    @Test
    void valuesOutOfRangeAreNamedWithTheRange() {
        assertEquals(
                "maxConnections is 0; it must be from 1 to 100000000 connections",
                refusal(AdmissionConfig.builder().maxConnections(0)));
        assertEquals(
                "maxConnectionsPerAddress is -1; it must be from 0 to 100000000 connections",
                refusal(AdmissionConfig.builder().maxConnectionsPerAddress(-1)));
        assertEquals(
                "ipv4PrefixBits is 33; it must be from 0 to 32 bits",
                refusal(AdmissionConfig.builder().prefixBits(33, 64)));
        assertEquals(
                "ipv6PrefixBits is 129; it must be from 0 to 128 bits",
                refusal(AdmissionConfig.builder().prefixBits(32, 129)));
        assertEquals(
                "acceptsPerSecond is 10000001; it must be from 0 to 10000000 connections",
                refusal(AdmissionConfig.builder().acceptRate(10_000_001, 1)));
        assertEquals(
                "acceptBurst is -1; it must be from 0 to 10000000 connections",
                refusal(AdmissionConfig.builder().acceptRate(1, -1)));
        assertEquals(
                "acceptBurst is 5; it must be 0, for there is no accept rate: set acceptsPerSecond too",
                refusal(AdmissionConfig.builder().acceptRate(0, 5)));
    }

    @Test
    void settingsSetEverythingButTheMessage() {
        Properties properties = new Properties();
        properties.setProperty("maxConnections", "7");
        properties.setProperty("maxConnectionsPerAddress", "3");
        properties.setProperty("ipv4PrefixBits", "24");
        properties.setProperty("ipv6PrefixBits", "48");
        properties.setProperty("acceptsPerSecond", "10");
        properties.setProperty("acceptBurst", "20");
        properties.setProperty("policy", "ACCEPT_AND_REFUSE");
        properties.setProperty("allow", "10.0.0.0/8, 2001:db8::/32");
        properties.setProperty("deny", "10.1.0.0/16");

        AdmissionConfig config = AdmissionConfig.builder()
                .settings(Settings.of(properties, "test"))
                .build();

        assertEquals(
                Set.of(Cidr.parse("10.0.0.0/8"), Cidr.parse("2001:db8::/32")),
                config.filter().allowed());
        assertEquals(Set.of(Cidr.parse("10.1.0.0/16")), config.filter().denied());
        assertEquals(
                AdmissionConfig.builder()
                        .maxConnections(7)
                        .maxConnectionsPerAddress(3)
                        .prefixBits(24, 48)
                        .acceptRate(10, 20)
                        .policy(AdmissionPolicy.ACCEPT_AND_REFUSE)
                        .filter(config.filter())
                        .build()
                        .toString(),
                config.toString());
    }

    @Test
    void settingThatIsNoBlockIsNamed() {
        Properties properties = new Properties();
        properties.setProperty("deny", "10.0.0.0/8, localhost");

        SettingsException refused = assertThrows(
                SettingsException.class, () -> AdmissionConfig.builder().settings(Settings.of(properties, "test")));

        assertEquals(
                List.of("deny = 10.0.0.0/8, localhost: CIDR block is \"localhost\"; it must be a numeric address,"
                        + " alone or with a prefix length, such as 10.0.0.0/8 or 2001:db8::/32"),
                refused.problems());
    }

    private static String refusal(AdmissionConfig.Builder builder) {
        return assertThrows(IllegalArgumentException.class, builder::build).getMessage();
    }
}
