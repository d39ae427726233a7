package io.millrace.benchmarks.child;

import com.sun.management.ThreadMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.stream.LongStream;

/**
 * What a JVM knows of its own memory.
 *
 * @param allocatedBytes what its living threads have allocated so far, except the one that asks
 * @param heapBytes what is in use on the heap; asked after a collection: what is alive
 * @param directBytes what direct buffers hold
 */
public record JvmFigures(long allocatedBytes, long heapBytes, long directBytes) {
    /** Reads them now. */
    public static JvmFigures now() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] others = LongStream.of(threads.getAllThreadIds())
                .filter(id -> id != Thread.currentThread().getId())
                .toArray();
        long allocated = 0;
        for (long bytes : threads.getThreadAllocatedBytes(others)) {
            allocated += Math.max(0, bytes);
        }
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        return new JvmFigures(allocated, heap, direct);
    }

    /** Collects garbage, then reads them. */
    public static JvmFigures afterCollection() {
        System.gc();
        return now();
    }
}
