/* PNG's filters undone (PNG specification, chapter 9). */
#ifndef O365SEG_UNFILTER_H
#define O365SEG_UNFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Undoes the filter of a row in its place.
 *
 * Maps of ids are flat, so most filtered bytes are 0: stretches of zeros are copied from above or
 * repeated from the left at once, where the filter amounts to that.
 *
 * `filter` is the row's type, `above` the row above (of zeros for the first), `length` the bytes of
 * a row, a multiple of `bytes`, those of a pixel. False for a type that does not exist. */
bool unfilter(int filter, uint8_t *row, const uint8_t *above, size_t length, size_t bytes);

#endif
