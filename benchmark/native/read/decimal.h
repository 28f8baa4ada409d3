#ifndef O365SEG_DECIMAL_H
#define O365SEG_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

/* The JSON number at the start of `text`, rounded to the nearest double, ties to even.
 *
 * Returns the number of characters it takes; 0 where there is none, or a rare one: more than 19
 * significant digits, a value too large or too small for exact 128-bit arithmetic, "-0". */
size_t decimal_to_double(const uint8_t *text, size_t length, double *value);

#endif
