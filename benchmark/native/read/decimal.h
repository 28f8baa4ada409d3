#ifndef O365SEG_DECIMAL_H
#define O365SEG_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

/* Reads the JSON number at the start of `text`, rounded to the nearest double, ties to even.
 *
 * Returns its length in characters; 0 if there is none or it is rare: more than 19 significant
 * digits, a value too large or too small for exact 128-bit arithmetic, "-0". */
size_t decimal_to_double(const uint8_t *text, size_t length, double *value);

#endif
