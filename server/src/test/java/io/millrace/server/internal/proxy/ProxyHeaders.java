package io.millrace.server.internal.proxy;

import io.millrace.testing.Hex;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Writes PROXY headers of version 2, right and wrong ones. */
public final class ProxyHeaders {
    private static final byte[] SIGNATURE = Hex.bytes("0d0a0d0a000d0a515549540a");

    private ProxyHeaders() {}

    /** A header with any command, family and block. */
    public static byte[] binary(int versionAndCommand, int family, byte[] block) {
        byte[] head = {
            (byte) versionAndCommand, (byte) family, (byte) (block.length >> 8), (byte) block.length,
        };
        return join(SIGNATURE, head, block);
    }

    /** A header with IPv4 addresses. */
    public static byte[] ipv4(InetSocketAddress source, InetSocketAddress destination, byte[]... tlvs) {
        byte[] ports = ByteBuffer.allocate(4)
                .putShort((short) source.getPort())
                .putShort((short) destination.getPort())
                .array();
        return binary(
                0x21,
                0x11,
                join(source.getAddress().getAddress(), destination.getAddress().getAddress(), ports, join(tlvs)));
    }

    /** A header with IPv4 addresses and a right checksum between some values and others. */
    public static byte[] withChecksum(byte[] before, byte[] after) {
        byte[] addresses = Hex.bytes("c0000201 c6336407 dcd1 01bb");
        byte[] header = binary(0x21, 0x11, join(addresses, before, tlv(0x03, new byte[4]), after));
        CRC32C crc = new CRC32C();
        crc.update(header);
        ByteBuffer.wrap(header).putInt(header.length - after.length - 4, (int) crc.getValue());
        return header;
    }

    /** A value with its type and length. */
    public static byte[] tlv(int type, byte[] value) {
        return join(new byte[] {(byte) type, (byte) (value.length >> 8), (byte) value.length}, value);
    }

    /** One after the other. */
    public static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
