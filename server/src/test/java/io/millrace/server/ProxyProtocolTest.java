package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.core.Settings;
import io.millrace.core.SettingsException;
import io.millrace.server.admission.Cidr;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class ProxyProtocolTest {
    @Test
    void onlyAddressesInTheBlocksAreTrusted() throws Exception {
        ProxyProtocol config = ProxyProtocol.trusting("10.0.0.0/8", "2001:db8::/32");

        assertTrue(config.isTrusted(InetAddress.getByName("10.255.0.1")));
        assertTrue(config.isTrusted(InetAddress.getByName("::ffff:10.1.2.3")));
        assertTrue(config.isTrusted(InetAddress.getByName("2001:db8:1::1")));
        assertFalse(config.isTrusted(InetAddress.getByName("11.0.0.1")));
        assertFalse(config.isTrusted(InetAddress.getByName("::1")));
    }

    @Test
    void defaultsAreFiveSecondsAndNobodyDirect() {
        ProxyProtocol config = ProxyProtocol.trusting("::1");

        assertEquals(Duration.ofSeconds(5), config.headerTimeout());
        assertFalse(config.isDirectAllowed());
        assertEquals(
                config.toString(),
                config.toBuilder().headerTimeout(Duration.ofSeconds(5)).build().toString());
    }

    @Test
    void whatCannotBeIsNamed() {
        assertMessage(
                "trusted is empty; it must be at least one block of addresses of proxies", ProxyProtocol.builder());
        for (Duration timeout : List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofDays(366))) {
            assertMessage(
                    "headerTimeout is " + timeout + "; it must be more than zero, to 365 days",
                    ProxyProtocol.builder().trust("::1").headerTimeout(timeout));
        }
        assertThrows(IllegalArgumentException.class, () -> ProxyProtocol.trusting("proxy.example"));
    }

    private static void assertMessage(String message, ProxyProtocol.Builder builder) {
        assertEquals(
                message,
                assertThrows(IllegalArgumentException.class, builder::build).getMessage());
    }

    @Test
    void settingsReplaceWhatIsTrustedAndKeepTheRest() {
        Properties properties = new Properties();
        properties.setProperty("trusted", "10.0.0.0/8, 192.0.2.1");
        properties.setProperty("headerTimeout", "3s");

        ProxyProtocol config = ProxyProtocol.builder()
                .trust("::1")
                .allowDirect(true)
                .settings(Settings.of(properties, "test"))
                .build();

        assertEquals(List.of(Cidr.parse("10.0.0.0/8"), Cidr.parse("192.0.2.1")), config.trusted());
        assertEquals(Duration.ofSeconds(3), config.headerTimeout());
        assertTrue(config.isDirectAllowed());
    }

    @Test
    void serverSettingsNameEveryKeyThatCannotBe() {
        Properties properties = new Properties();
        properties.setProperty("server.proxyProtocol.trusted", "10.0.0.0/33");
        properties.setProperty("server.proxyProtocol.headerTimeout", "0");
        properties.setProperty("server.proxyProtocol.alowDirect", "true");
        Settings section = Settings.of(properties, "test").section("server");

        SettingsException refused =
                assertThrows(SettingsException.class, () -> TcpServer.builder().settings(section));

        assertEquals(3, refused.problems().size(), refused::getMessage);
        for (String key : List.of("trusted", "headerTimeout", "allowDirect")) {
            assertTrue(refused.getMessage().contains("server.proxyProtocol." + key), refused::getMessage);
        }
    }

    @Test
    void serverSettingsThatTrustNobodyAreRefused() {
        Properties properties = new Properties();
        properties.setProperty("proxyProtocol.allowDirect", "true");

        SettingsException refused = assertThrows(
                SettingsException.class, () -> TcpServer.builder().settings(Settings.of(properties, "test")));

        assertTrue(refused.getMessage().contains("trusted is empty"), refused::getMessage);
    }
}
