/* zlib's format (RFC 1950 and 1951), decompressed. */
#ifndef O365SEG_INFLATE_H
#define O365SEG_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    READ_BEYOND = 16,    /* bytes after the input that may be read */
    WRITTEN_BEYOND = 16  /* bytes after the output that may be written */
};

/* Decompresses a zlib stream of `wanted` bytes. `input` is followed by READ_BEYOND bytes of 0,
 * `output` by room for WRITTEN_BEYOND.
 *
 * False where zlib reports an error, or where the stream is of another length. The checksum at
 * its end is not compared: PNG has one of the compressed bytes, which are far fewer. What follows
 * is not looked at. */
bool inflate_exactly(const uint8_t *input, size_t length, uint8_t *output, size_t wanted);

#endif
