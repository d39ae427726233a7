package io.millrace.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/** Has {@link OracleExtension} watch every test of a class. */
@Documented
@Inherited
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(OracleExtension.class)
public @interface NetworkTest {
    /** How long a test may run before all threads are shown, by default: in seconds. */
    int DUMP_AFTER_SECONDS = 30;

    /**
     * Returns how long a test may run before all threads are shown; it goes on after that.
     *
     * @return seconds, at least 1
     */
    int dumpAfterSeconds() default DUMP_AFTER_SECONDS;
}
