package io.millrace.server.internal.proxy;

import io.millrace.core.MalformedFrameException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * Who has connected to whom, according to a header.
 *
 * @param source the client
 * @param destination what the client has connected to
 */
record Addresses(InetSocketAddress source, InetSocketAddress destination) {

    /**
     * Reads the addresses of a binary header.
     *
     * @param in where they begin; behind them afterwards
     * @param bytes how many bytes one address has: 4 or 16
     */
    static Addresses read(ByteBuffer in, int bytes) throws MalformedFrameException {
        byte[] source = new byte[bytes];
        byte[] destination = new byte[bytes];
        in.get(source).get(destination);
        int sourcePort = in.getShort() & 0xffff;
        int destinationPort = in.getShort() & 0xffff;
        return new Addresses(address(source, sourcePort), address(destination, destinationPort));
    }

    /** An IPv4 address in the form of an IPv6 one becomes what it is, as the JDK does with those of sockets. */
    static InetSocketAddress address(byte[] address, int port) throws MalformedFrameException {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address), port);
        } catch (UnknownHostException wrongLength) {
            throw new MalformedFrameException("an address has " + address.length + " bytes");
        }
    }
}
