/** How settings are checked, the same way by every builder of every module. Depends on nothing. */
@NullMarked
package io.millrace.core.config;

import org.jspecify.annotations.NullMarked;
