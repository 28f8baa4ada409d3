/* PNGs whose pixels are ids or labels. */
#ifndef O365SEG_PNG_H
#define O365SEG_PNG_H

#include "../base/core.h"
#include "crc.h"

/* What the values of the pixels are. */
typedef enum {
    SEGMENT_IDS, /* 8-bit RGB: red + 256 green + 65536 blue */
    LABELS       /* grey of 8 or 16 bits, or the indices of an 8-bit palette */
} PixelKind;

/* Rows of pixels; 16 bytes after the last may be read. */
typedef struct {
    const uint8_t *pixels;
    size_t stride; /* bytes from row to row */
    uint32_t width, height;
    size_t bytes; /* of a pixel: 1, 2 or 3 */
} Raster;

/* Memory that is used again from image to image. Empty when zeroed. */
typedef struct {
    uint8_t *compressed, *pixels;
    size_t compressed_room, pixels_room;
    CrcTables crc;
} PngMemory;

/* Decodes a PNG; `memory` owns the pixels until it is used again.
 *
 * UNUSUAL for a file that is damaged, of another kind, interlaced, animated, above MOST_PIXELS, or
 * has chunks other than those that most writers write. */
Status read_png(Text file, PixelKind kind, PngMemory *memory, Raster *raster);

enum { MOST_PIXELS = 89478485 }; /* of Pillow: larger ones may be decompression bombs */

void free_png_memory(PngMemory *memory);

/* The value of a pixel. */
static inline uint32_t pixel_value(const uint8_t *pixel, size_t bytes)
{
    if (bytes == 1)
        return pixel[0];
    if (bytes == 2)
        return (uint32_t)pixel[0] << 8 | pixel[1];
    return (uint32_t)pixel[0] | (uint32_t)pixel[1] << 8 | (uint32_t)pixel[2] << 16;
}

#endif
