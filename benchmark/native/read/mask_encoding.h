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

/* Run lengths being written: each is stored as its difference from the one two before it. */
typedef struct {
    Output *text;
    size_t count;
    int64_t before, last; /* the two latest run lengths */
    bool in_json;         /* backslashes are escaped */
} Runs;

enum { LONGEST_RUN = 32 }; /* characters, with escapes */

/* Writes a run length: five bits a character, least significant first; 0x20 means that more follow.
 * There must be room for LONGEST_RUN characters. Returns the end. */
char *put_run(char *at, Runs *runs, int64_t length);

/* Makes room for so many more characters and returns where; NULL when out of memory. */
char *room_for_text(Output *text, size_t more);

/* Appends characters; false when out of memory. */
bool append(Output *text, const char *chars, size_t length);

/* Appends the run lengths of a mask, down the columns, as the contents of a JSON string.
 * `pixels` are bytes 0 or 1 [height, width], row by row; `scratch` has room for as many. */
bool encode_mask(Output *text, const uint8_t *pixels, size_t height, size_t width,
                 uint8_t *scratch);

#endif
