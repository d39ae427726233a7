package io.millrace.core;

/** Shows the counters of a group to JMX. */
record GroupBean(IoGroup group, String name) implements IoGroupMXBean {
    @Override
    public String getName() {
        return name;
    }

    @Override
    public int getThreads() {
        return group.stats().threads();
    }

    @Override
    public int getBlockedThreads() {
        return group.stats().blockedThreads();
    }

    @Override
    public long getBlockedIncidents() {
        return group.stats().blockedIncidents();
    }

    @Override
    public int getLostThreads() {
        return group.stats().lostThreads();
    }

    @Override
    public int getBuffersLeased() {
        return group.stats().buffersLeased();
    }

    @Override
    public long getBufferBytesLeased() {
        return group.stats().bufferBytesLeased();
    }

    @Override
    public long getBufferBytesHeld() {
        return group.stats().bufferBytesHeld();
    }

    @Override
    public long getBufferBytesLimit() {
        return group.stats().bufferBytesLimit();
    }

    @Override
    public long getBufferMisses() {
        return group.stats().bufferMisses();
    }

    @Override
    public int getContextsLeased() {
        return group.stats().contextsLeased();
    }

    @Override
    public int getContextsPeak() {
        return group.stats().contextsPeak();
    }

    @Override
    public int getBuffersPeak() {
        return group.stats().buffersPeak();
    }

    @Override
    public long getBufferBlocksReclaimed() {
        return group.stats().bufferBlocksReclaimed();
    }

    @Override
    public long getForeignBytes() {
        return group.stats().foreignBytes();
    }
}
