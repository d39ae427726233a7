package io.millrace.client.endpoint;

/** Picks the candidate with the fewest requests in flight, and of several such the next after the last pick. */
final class LeastInFlight implements EndpointPicker {
    // Racy on purpose: two threads that start at the same place pick the same once, and then its count tells them
    // apart.
    private volatile int last = -1;

    @Override
    public int pick(Candidates candidates) {
        int size = candidates.size();
        int best = (last + 1) % size;
        int fewest = candidates.requestsInFlight(best);
        int index = best;
        for (int left = size - 1; left > 0 && fewest > 0; left--) {
            index = index + 1 == size ? 0 : index + 1;
            int inFlight = candidates.requestsInFlight(index);
            if (inFlight < fewest) {
                fewest = inFlight;
                best = index;
            }
        }
        last = best;
        return best;
    }

    @Override
    public String toString() {
        return "leastInFlight";
    }
}
