package io.millrace.client.endpoint;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Picks which endpoint is asked next.
 *
 * <p>Threading: called by many threads at a time, I/O threads among them, once or more per request: it must be
 * thread-safe and fast, and must not block.
 *
 * <p>Ownership: the candidates are borrowed.
 *
 * <p>Errors: after a throw, or an index that no candidate has, the first candidate is taken, and the failure is logged.
 */
@FunctionalInterface
public interface EndpointPicker {
    /**
     * Picks one.
     *
     * @param candidates those to choose from, never empty
     * @return its index, from 0 to below {@link Candidates#size()}
     */
    int pick(Candidates candidates);

    /**
     * Returns a picker that takes one after the other in turn, the first one first.
     *
     * @return a new one, with a turn of its own
     */
    static EndpointPicker roundRobin() {
        return new RoundRobin(0);
    }

    /** {@return a picker that takes any, each as likely as the others} */
    static EndpointPicker random() {
        return new EndpointPicker() {
            @Override
            public int pick(Candidates candidates) {
                return ThreadLocalRandom.current().nextInt(candidates.size());
            }

            @Override
            public String toString() {
                return "random";
            }
        };
    }

    /**
     * Returns a picker that takes the one with the fewest requests in flight; of several such, each in turn.
     *
     * @return a new one, with a turn of its own
     * @apiNote Suits endpoints that are not equally fast: a slow one has more in flight, and is asked less.
     */
    static EndpointPicker leastInFlight() {
        return new LeastInFlight();
    }

    /**
     * The endpoints that may be picked now: those that are backing off are not among them, unless all are. An index is
     * good for one pick only.
     *
     * <p>Threading: Confined to the pick. What it counts may change while it is read.
     */
    interface Candidates {
        /** {@return how many there are, at least 1} */
        int size();

        /**
         * Returns a candidate.
         *
         * @param index from 0 to below {@link #size()}
         * @return the endpoint
         * @throws IndexOutOfBoundsException if there is none
         */
        Endpoint endpoint(int index);

        /**
         * Returns how many requests an endpoint has not answered yet.
         *
         * @param index from 0 to below {@link #size()}
         * @return this client's requests that are in flight there
         * @throws IndexOutOfBoundsException if there is none
         */
        int requestsInFlight(int index);

        /**
         * Returns how many connections to an endpoint there are.
         *
         * @param index from 0 to below {@link #size()}
         * @return this client's connections that are open
         * @throws IndexOutOfBoundsException if there is none
         */
        int connections(int index);
    }
}
