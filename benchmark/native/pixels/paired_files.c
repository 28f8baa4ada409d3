#include "paired_files.h"

static Status read_raster(const char *path, PixelKind kind, FileMemory *file, PngMemory *memory,
                          Raster *raster)
{
    Text text;
    Status status = read_whole_file(path, file, &text);
    return status == FINE ? read_png(text, kind, memory, raster) : status;
}

Status count_paired_files(const char *first, const char *second, PixelKind kind,
                          PairMemory *memory, PairCounts *counts)
{
    Raster one, other;
    Status status = read_raster(first, kind, &memory->file, &memory->first, &one);
    if (status == FINE)
        status = read_raster(second, kind, &memory->file, &memory->second, &other);
    if (status != FINE)
        return status;
    if (one.width != other.width || one.height != other.height)
        return UNUSUAL;
    return count_pairs(&one, &other, counts) ? FINE : NO_MEMORY;
}

void free_pair_memory(PairMemory *memory)
{
    free_file_memory(&memory->file);
    free_png_memory(&memory->first);
    free_png_memory(&memory->second);
}
