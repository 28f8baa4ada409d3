/* How often two maps of one image have which values at the same pixel. */
#ifndef O365SEG_PAIR_COUNTS_H
#define O365SEG_PAIR_COUNTS_H

#include "png.h"

/* A pair of values: the first in the upper 32 bits, so that pairs are ordered by it first. */
typedef struct {
    uint64_t values;
    int64_t count;
} PairCount;

/* Counts by pair. Empty when zeroed. */
typedef struct {
    PairCount *table; /* open addressing; a count of 0 is free */
    size_t used, size;
    PairCount *sorted; /* by `sort_pairs`: `used` of them */
} PairCounts;

/* Counts the pairs of two rasters of one size, in runs of pixels where neither changes. False when
 * out of memory. */
bool count_pairs(const Raster *first, const Raster *second, PairCounts *counts);

/* Adds the counts of `more`, and empties it. False when out of memory. */
bool move_pairs(PairCounts *more, PairCounts *counts);

/* Sets `sorted`, in order of the values. */
bool sort_pairs(PairCounts *counts);

void free_pairs(PairCounts *counts);

#endif
