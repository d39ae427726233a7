package io.millrace.server.admission;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A block of addresses in CIDR notation, such as {@code 10.0.0.0/8} or {@code 2001:db8::/32} (RFC 4632, RFC 4291).
 *
 * <p>IPv4 addresses that are written as IPv6 ones ({@code ::ffff:10.0.0.1}) count as IPv4.
 *
 * <p>Threading: Immutable.
 */
public final class Cidr {
    private final byte[] network;
    private final int prefixBits;

    private Cidr(byte[] network, int prefixBits) {
        this.network = network;
        this.prefixBits = prefixBits;
    }

    /**
     * Reads a block.
     *
     * @param text a numeric address, alone or with a slash and the number of leading bits that count
     * @return the block; bits of the address beyond the prefix are cleared
     * @throws IllegalArgumentException if it is no numeric address (names are not looked up), or the prefix is too long
     */
    public static Cidr parse(String text) {
        int slash = Objects.requireNonNull(text, "text").indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        InetAddress network = numeric(address, text);
        int all = addressBits(network);
        return of(network, slash < 0 ? all : prefix(text.substring(slash + 1), all, text));
    }

    /**
     * Returns the block that an address belongs to.
     *
     * @param address any address of the block
     * @param prefixBits how many leading bits count, from 0 to 32 for IPv4, to 128 for IPv6
     * @return the block
     * @throws IllegalArgumentException if the prefix is out of range
     */
    public static Cidr of(InetAddress address, int prefixBits) {
        byte[] bytes = address.getAddress();
        if (prefixBits < 0 || prefixBits > bytes.length * Byte.SIZE) {
            throw new IllegalArgumentException("prefixBits is " + prefixBits + "; it must be from 0 to "
                    + bytes.length * Byte.SIZE + " for " + address.getHostAddress());
        }
        for (int bit = prefixBits; bit < bytes.length * Byte.SIZE; bit++) {
            bytes[bit / Byte.SIZE] &= (byte) ~(0x80 >>> bit % Byte.SIZE);
        }
        return new Cidr(bytes, prefixBits);
    }

    private static InetAddress numeric(String address, String text) {
        // Only these characters: anything else could be a name, and would be looked up.
        boolean couldBeNumeric = address.matches("[0-9]{1,3}([.][0-9]{1,3}){3}")
                || (address.matches("[0-9a-fA-F:.]+") && address.contains(":"));
        try {
            if (couldBeNumeric) {
                return InetAddress.getByName(address);
            }
        } catch (UnknownHostException e) {
            throw unreadable(text, e);
        }
        throw unreadable(text, null);
    }

    private static int prefix(String digits, int most, String text) {
        int bits = digits.matches("[0-9]{1,3}") ? Integer.parseInt(digits) : -1;
        if (bits < 0 || bits > most) {
            throw new IllegalArgumentException(
                    "CIDR block is \"" + text + "\"; behind its slash there must be a number from 0 to " + most);
        }
        return bits;
    }

    private static IllegalArgumentException unreadable(String text, @Nullable Throwable cause) {
        return new IllegalArgumentException(
                "CIDR block is \"" + text + "\"; it must be a numeric address, alone or"
                        + " with a prefix length, such as 10.0.0.0/8 or 2001:db8::/32",
                cause);
    }

    /**
     * Returns whether an address is in this block.
     *
     * @param address the address
     * @return true if it is of the same family and its leading bits are the same
     */
    public boolean contains(InetAddress address) {
        byte[] bytes = address.getAddress();
        if (bytes.length != network.length) {
            return false;
        }
        int whole = prefixBits / Byte.SIZE;
        if (!Arrays.equals(bytes, 0, whole, network, 0, whole)) {
            return false;
        }
        int rest = prefixBits % Byte.SIZE;
        return rest == 0 || ((bytes[whole] ^ network[whole]) & 0xff) >>> (Byte.SIZE - rest) == 0;
    }

    /** {@return how many leading bits of an address count} */
    public int prefixBits() {
        return prefixBits;
    }

    /** How many bits an address has: the longest prefix of its family. */
    static int addressBits(InetAddress address) {
        return address.getAddress().length * Byte.SIZE;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Cidr cidr && prefixBits == cidr.prefixBits && Arrays.equals(network, cidr.network);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(network) + prefixBits;
    }

    @Override
    public String toString() {
        try {
            return InetAddress.getByAddress(network).getHostAddress() + "/" + prefixBits;
        } catch (UnknownHostException e) {
            throw new AssertionError("an address has 4 or 16 bytes", e);
        }
    }
}
