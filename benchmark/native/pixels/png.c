#include "png.h"

#include <stdlib.h>

#include "../base/memory.h"
#include "bytes.h"
#include "inflate.h"
#include "unfilter.h"

typedef struct {
    const uint8_t *name, *data; /* a name of four letters; `data` is followed by the checksum */
    size_t length;
} Chunk;

/* Reads the chunk at `*at` and moves on to the next; false beyond the end of the file. */
static bool next_chunk(Text file, size_t *at, Chunk *chunk)
{
    enum { AROUND = 12 }; /* length, name and checksum */
    if (file.length - *at < AROUND)
        return false;
    *chunk = (Chunk){file.text + *at + 4, file.text + *at + 8, big_endian(file.text + *at)};
    if (chunk->length > file.length - *at - AROUND)
        return false;
    *at += AROUND + chunk->length;
    return true;
}

static bool is_named(const Chunk *chunk, const char *name)
{
    return memcmp(chunk->name, name, 4) == 0;
}

static bool is_intact(const Chunk *chunk, PngMemory *memory)
{
    if (!memory->crc.of[0][1])
        fill_crc_tables(&memory->crc);
    uint32_t stated = big_endian(chunk->data + chunk->length);
    return crc_of(&memory->crc, chunk->name, chunk->length + 4) == stated;
}

/* Whether a chunk before the pixels changes nothing of a map, and Pillow reads it without objection:
 * it wants some to be of a length. */
static bool is_harmless(const Chunk *chunk)
{
    static const struct {
        char name[5];
        size_t length; /* 0: any */
    } HARMLESS[] = {{"PLTE", 0}, {"tEXt", 0}, {"tIME", 0},  {"bKGD", 0}, {"sBIT", 0},
                    {"pHYs", 9}, {"gAMA", 4}, {"cHRM", 32}, {"sRGB", 1}};
    for (size_t i = 0; i < sizeof HARMLESS / sizeof *HARMLESS; i++)
        if (is_named(chunk, HARMLESS[i].name))
            return !HARMLESS[i].length || chunk->length == HARMLESS[i].length;
    return false;
}

/* Bytes of a pixel; 0 for a header that is none of a `kind`. */
static size_t pixel_bytes(const Chunk *header, PixelKind kind)
{
    enum { GREY, RGB = 2, PALETTE };
    if (!is_named(header, "IHDR") || header->length != 13)
        return 0;
    const uint8_t *rest = header->data + 8; /* depth, colour, compression, filter, interlace */
    if (rest[2] || rest[3] || rest[4])
        return 0;
    int depth = rest[0], colour = rest[1];
    if (kind == SEGMENT_IDS)
        return depth == 8 && colour == RGB ? 3 : 0;
    if (colour == PALETTE)
        return depth == 8 ? 1 : 0;
    return colour == GREY && (depth == 8 || depth == 16) ? (size_t)depth / 8 : 0;
}

/* Joins the chunks of pixels from `chunk` on; `at` is behind it. Returns their length, 0 if one is
 * damaged. */
static size_t join_pixels(Text file, size_t at, Chunk chunk, PngMemory *memory)
{
    size_t used = 0;
    do {
        if (!is_intact(&chunk, memory))
            return 0;
        memcpy(memory->compressed + used, chunk.data, chunk.length);
        used += chunk.length;
    } while (next_chunk(file, &at, &chunk) && is_named(&chunk, "IDAT"));
    memset(memory->compressed + used, 0, READ_BEYOND);
    return used;
}

/* Undoes the filters; `pixels` begins with a row of zeros. */
static bool undo_filters(uint8_t *pixels, const Raster *raster)
{
    size_t length = raster->width * raster->bytes;
    for (size_t y = 1; y <= raster->height; y++) {
        uint8_t *row = pixels + y * raster->stride;
        if (!unfilter(row[0], row + 1, row + 1 - raster->stride, length, raster->bytes))
            return false;
    }
    return true;
}

/* Reads the header, and what comes before the pixels; `*at` is then behind their first chunk. */
static bool read_header(Text file, PixelKind kind, PngMemory *memory, size_t *at, Chunk *chunk,
                        Raster *raster)
{
    static const uint8_t SIGNATURE[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    *at = sizeof SIGNATURE;
    if (file.length < *at || memcmp(file.text, SIGNATURE, *at) != 0 ||
        !next_chunk(file, at, chunk) || !is_intact(chunk, memory))
        return false;
    raster->bytes = pixel_bytes(chunk, kind);
    if (!raster->bytes)
        return false;
    raster->width = big_endian(chunk->data);
    raster->height = big_endian(chunk->data + 4);
    raster->stride = 1 + raster->width * raster->bytes;
    if (!raster->width || !raster->height || raster->width > MOST_PIXELS / raster->height)
        return false;
    do {
        if (!next_chunk(file, at, chunk))
            return false;
        if (is_named(chunk, "IDAT"))
            return true;
    } while (is_harmless(chunk) && is_intact(chunk, memory));
    return false;
}

Status read_png(Text file, PixelKind kind, PngMemory *memory, Raster *raster)
{
    size_t at;
    Chunk chunk;
    if (!read_header(file, kind, memory, &at, &chunk, raster))
        return UNUSUAL;
    size_t size = raster->stride * raster->height;
    if (!room_for((void **)&memory->compressed, &memory->compressed_room,
                  file.length + READ_BEYOND, 1) ||
        !room_for((void **)&memory->pixels, &memory->pixels_room,
                  raster->stride + size + WRITTEN_BEYOND, 1))
        return NO_MEMORY;
    uint8_t *first = memory->pixels + raster->stride;
    memset(memory->pixels, 0, raster->stride);
    raster->pixels = first + 1;
    size_t length = join_pixels(file, at, chunk, memory);
    bool done = inflate_exactly(memory->compressed, length, first, size) &&
                undo_filters(memory->pixels, raster);
    return done ? FINE : UNUSUAL;
}

void free_png_memory(PngMemory *memory)
{
    free(memory->compressed);
    free(memory->pixels);
    *memory = (PngMemory){0};
}
