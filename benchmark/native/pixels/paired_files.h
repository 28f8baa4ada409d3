/* The two PNGs of an image, from their files to the counts of their pairs. */
#ifndef O365SEG_PAIRED_FILES_H
#define O365SEG_PAIRED_FILES_H

#include "../base/whole_file.h"
#include "pair_counts.h"

/* Memory that is used again from image to image. Empty when zeroed. */
typedef struct {
    FileMemory file;
    PngMemory first, second;
} PairMemory;

/* Counts the pairs of two files. UNUSUAL where one cannot be read, `read_png` leaves it, or their
 * sizes differ; then nothing is counted. */
Status count_paired_files(const char *first, const char *second, PixelKind kind,
                          PairMemory *memory, PairCounts *counts);

void free_pair_memory(PairMemory *memory);

#endif
