package io.millrace.client.endpoint;

import java.util.List;
import java.util.stream.Collectors;

/** Endpoints that never change. Immutable. */
record FixedEndpoints(List<Endpoint> endpoints) implements EndpointSource {
    @Override
    public boolean isFixed() {
        return true;
    }

    @Override
    public String toString() {
        return endpoints.stream().map(Endpoint::toString).collect(Collectors.joining(","));
    }
}
