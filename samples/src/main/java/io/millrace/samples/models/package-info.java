/**
 * One echo server for each way in which a program can wait for its connections: the rungs of a ladder from a thread per
 * connection to Millrace. Read them in the order of {@code docs/io-models.md}, which says what each costs.
 */
@NullMarked
package io.millrace.samples.models;

import org.jspecify.annotations.NullMarked;
