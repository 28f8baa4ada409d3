/* Masks of pixels as COCO's compressed run lengths. */
#ifndef O365SEG_MASK_ENCODING_H
#define O365SEG_MASK_ENCODING_H

#include "../base/core.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text that grows. Empty when zeroed; `free` the characters. */
typedef struct {
    char *chars;
    size_t length, capacity;
} Output;

/* Appends characters; false when out of memory. */
bool append(Output *text, const char *chars, size_t length);

/* Appends the run lengths of a mask, down the columns, as the contents of a JSON string.
 * `pixels` are bytes 0 or 1 [height, width], row by row; `scratch` has room for as many. */
bool encode_mask(Output *text, const uint8_t *pixels, size_t height, size_t width,
                 uint8_t *scratch);

#endif
