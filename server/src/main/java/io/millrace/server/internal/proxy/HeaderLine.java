package io.millrace.server.internal.proxy;

import io.millrace.core.MalformedFrameException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Reads the line that is a header of version 1. Nothing is looked up, and nothing ambiguous is taken. */
final class HeaderLine {
    private static final int WORDS = 6;
    private static final int GROUPS = 8;
    private static final int HIGHEST_PORT = 65_535;

    private HeaderLine() {}

    /**
     * Reads a line.
     *
     * @param line all of it, without its end
     * @return the addresses, or null if the proxy does not know them
     * @throws MalformedFrameException if it is not exactly what the specification says
     */
    static @Nullable Addresses parse(String line) throws MalformedFrameException {
        String[] words = line.split(" ", -1);
        String family = words.length > 1 ? words[1] : "";
        if (family.equals("UNKNOWN")) {
            // Whatever follows is to be ignored.
            return null;
        }
        if (!family.equals("TCP4") && !family.equals("TCP6")) {
            throw new MalformedFrameException("the protocol must be TCP4, TCP6 or UNKNOWN");
        }
        if (words.length != WORDS) {
            throw new MalformedFrameException("there must be two addresses and two ports, with one space before each");
        }
        byte[] source = address(family, words[2]);
        byte[] destination = address(family, words[3]);
        return new Addresses(Addresses.address(source, port(words[4])), Addresses.address(destination, port(words[5])));
    }

    private static byte[] address(String family, String text) throws MalformedFrameException {
        byte[] address = family.equals("TCP4") ? ipv4(text) : ipv6(text);
        if (address == null) {
            throw new MalformedFrameException("an address of " + family + " is not one");
        }
        return address;
    }

    private static int port(String text) throws MalformedFrameException {
        int port = number(text, HIGHEST_PORT);
        if (port < 0) {
            throw new MalformedFrameException("a port must be a number from 0 to " + HIGHEST_PORT);
        }
        return port;
    }

    /** Returns a decimal number without leading zeros, or -1. */
    private static int number(String text, int most) {
        boolean isNumber = !text.isEmpty()
                && text.length() <= 5
                && text.chars().allMatch(c -> c >= '0' && c <= '9')
                && (text.length() == 1 || text.charAt(0) != '0');
        int number = isNumber ? Integer.parseInt(text) : -1;
        return number <= most ? number : -1;
    }

    private static byte @Nullable [] ipv4(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            return null;
        }
        byte[] address = new byte[4];
        for (int i = 0; i < 4; i++) {
            int part = number(parts[i], 255);
            if (part < 0) {
                return null;
            }
            address[i] = (byte) part;
        }
        return address;
    }

    /** Eight groups, of which a double colon may stand for some; the last two may be written as IPv4. */
    private static byte @Nullable [] ipv6(String text) {
        int gap = text.indexOf("::");
        if (gap < 0) {
            byte[] all = groups(text);
            return all != null && all.length == 2 * GROUPS ? all : null;
        }
        byte[] front = groups(text.substring(0, gap));
        byte[] back = groups(text.substring(gap + 2));
        boolean frontIsIpv4 = text.substring(0, gap).indexOf('.') >= 0;
        if (front == null || back == null || frontIsIpv4 || front.length + back.length >= 2 * GROUPS) {
            return null;
        }
        byte[] address = Arrays.copyOf(front, 2 * GROUPS);
        System.arraycopy(back, 0, address, address.length - back.length, back.length);
        return address;
    }

    private static byte @Nullable [] groups(String text) {
        if (text.isEmpty()) {
            return new byte[0];
        }
        String[] parts = text.split(":", -1);
        if (parts.length > GROUPS) {
            return null;
        }
        byte[] groups = new byte[2 * parts.length + 2];
        int length = 0;
        for (int i = 0; i < parts.length; i++) {
            byte[] group = i == parts.length - 1 && parts[i].indexOf('.') >= 0 ? ipv4(parts[i]) : group(parts[i]);
            if (group == null) {
                return null;
            }
            System.arraycopy(group, 0, groups, length, group.length);
            length += group.length;
        }
        return Arrays.copyOf(groups, length);
    }

    private static byte @Nullable [] group(String text) {
        boolean isGroup = !text.isEmpty()
                && text.length() <= 4
                && text.chars().allMatch(c -> c < 128 && Character.digit(c, 16) >= 0);
        if (!isGroup) {
            return null;
        }
        int group = Integer.parseInt(text, 16);
        return new byte[] {(byte) (group >> 8), (byte) group};
    }
}
