package io.millrace.server.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class AddressFilterTest {
    private static final Cidr TEN = Cidr.parse("10.0.0.0/8");
    private static final Cidr TEN_ONE = Cidr.parse("10.1.0.0/16");
    private static final Cidr DOCUMENTATION = Cidr.parse("2001:db8::/32");

    private final AddressFilter filter = new AddressFilter();

    @Test
    void newFilterLetsEverybodyIn() {
        assertTrue(allows("10.1.2.3"));
        assertTrue(allows("2001:db8::1"));
        assertEquals("everybody", filter.toString());
    }

    @Test
    void deniedBlockIsKeptOutAndNobodyElse() {
        filter.deny(TEN_ONE, DOCUMENTATION);

        assertFalse(allows("10.1.2.3"));
        assertFalse(allows("::ffff:10.1.2.3"));
        assertFalse(allows("2001:db8::1"));
        assertTrue(allows("10.2.2.3"));
        assertTrue(allows("2001:db9::1"));
    }

    @Test
    void allowedBlocksKeepEverybodyElseOut() {
        filter.allow(TEN);

        assertTrue(allows("10.1.2.3"));
        assertFalse(allows("11.1.2.3"));
        assertFalse(allows("2001:db8::1"));
    }

    @Test
    void deniedBlockWinsOverAnAllowedOne() {
        filter.allow(TEN, TEN_ONE).deny(TEN_ONE);

        assertTrue(allows("10.2.2.3"));
        assertFalse(allows("10.1.2.3"));
    }

    @Test
    void removedBlocksAndClearedListsCountNoMore() {
        filter.allow(TEN).deny(TEN_ONE);

        filter.remove(TEN_ONE);
        assertTrue(allows("10.1.2.3"));
        assertFalse(allows("11.1.2.3"));

        filter.remove(TEN);
        assertTrue(allows("11.1.2.3"));

        filter.allow(TEN).deny(TEN_ONE).clear();
        assertTrue(allows("10.1.2.3"));
        assertTrue(allows("11.1.2.3"));
        assertEquals(Set.of(), filter.denied());
    }

    @Test
    void listsAreShownAsTheyAreAtOneMoment() {
        filter.allow(TEN);
        Set<Cidr> before = filter.allowed();

        filter.allow(DOCUMENTATION);

        assertEquals(Set.of(TEN), before);
        assertEquals(Set.of(TEN, DOCUMENTATION), filter.allowed());
    }

    @Test
    void addressesThatNoChangeIsAboutAreJudgedAlikeThroughout() throws Exception {
        // Whatever else changes, one stays allowed and the other does not.
        filter.allow(TEN);
        AtomicBoolean done = new AtomicBoolean();
        Thread changes = new Thread(() -> {
            for (int i = 0; i < 2_000; i++) {
                filter.allow(DOCUMENTATION)
                        .remove(DOCUMENTATION)
                        .deny(DOCUMENTATION)
                        .remove(DOCUMENTATION);
            }
            done.set(true);
        });
        changes.start();

        int refused = 0;
        while (!done.get()) {
            refused += allows("10.1.2.3") && !allows("11.0.0.1") ? 0 : 1;
        }

        changes.join();
        assertEquals(0, refused);
    }

    private boolean allows(String address) {
        try {
            return filter.isAllowed(InetAddress.getByName(address));
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
