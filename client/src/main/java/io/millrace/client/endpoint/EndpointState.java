package io.millrace.client.endpoint;

/** Whether an endpoint is asked. */
public enum EndpointState {
    /** It is connected to and asked, or would be if it were picked. */
    AVAILABLE,
    /** It failed, and is being tried again, while others are picked. */
    PROBING,
    /** It failed: others are picked, until its time to be tried again has come. */
    BACKING_OFF
}
