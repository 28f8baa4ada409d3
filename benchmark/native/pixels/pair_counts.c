#include "pair_counts.h"

#include <stdlib.h>

#include "../base/memory.h"
#include "bytes.h"

/* End of the run of equal pixels that `at` is in; at most `width`. */
static size_t run_end(const uint8_t *row, size_t bytes, size_t at, size_t width)
{
    size_t byte = first_difference(row, bytes, (at + 1) * bytes, width * bytes);
    size_t pixel = bytes == 1 ? byte : bytes == 2 ? byte / 2 : byte / 3;
    return pixel < width ? pixel : width; /* beyond the row is the next one, or room */
}

static size_t place_of(const PairCounts *counts, uint64_t values)
{
    size_t mask = counts->size - 1;
    size_t at = (size_t)((values * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & mask;
    while (counts->table[at].count && counts->table[at].values != values)
        at = (at + 1) & mask;
    return at;
}

static bool grow(PairCounts *counts)
{
    PairCounts grown = {NULL, counts->used, counts->size ? 4 * counts->size : 256, NULL};
    grown.table = new_items(grown.size, sizeof *grown.table);
    if (!grown.table)
        return false;
    for (size_t i = 0; i < counts->size; i++)
        if (counts->table[i].count)
            grown.table[place_of(&grown, counts->table[i].values)] = counts->table[i];
    free(counts->table);
    *counts = grown;
    return true;
}

static bool add(PairCounts *counts, uint64_t values, int64_t count)
{
    if (2 * counts->used >= counts->size && !grow(counts))
        return false;
    PairCount *pair = &counts->table[place_of(counts, values)];
    counts->used += pair->count == 0;
    pair->values = values;
    pair->count += count;
    return true;
}

bool count_pairs(const Raster *first, const Raster *second, PairCounts *counts)
{
    size_t width = first->width;
    for (size_t y = 0; y < first->height; y++) {
        const uint8_t *one = first->pixels + y * first->stride;
        const uint8_t *other = second->pixels + y * second->stride;
        size_t one_end = 0, other_end = 0;
        for (size_t at = 0; at < width;) {
            if (one_end == at)
                one_end = run_end(one, first->bytes, at, width);
            if (other_end == at)
                other_end = run_end(other, second->bytes, at, width);
            size_t end = one_end < other_end ? one_end : other_end;
            uint64_t values = (uint64_t)pixel_value(one + at * first->bytes, first->bytes) << 32 |
                              pixel_value(other + at * second->bytes, second->bytes);
            if (!add(counts, values, (int64_t)(end - at)))
                return false;
            at = end;
        }
    }
    return true;
}

bool move_pairs(PairCounts *more, PairCounts *counts)
{
    for (size_t i = 0; i < more->size; i++) {
        PairCount *pair = &more->table[i];
        if (pair->count && !add(counts, pair->values, pair->count))
            return false;
        *pair = (PairCount){0};
    }
    more->used = 0;
    return true;
}

static int by_values(const void *one, const void *other)
{
    uint64_t first = ((const PairCount *)one)->values, second = ((const PairCount *)other)->values;
    return (first > second) - (first < second);
}

bool sort_pairs(PairCounts *counts)
{
    counts->sorted = new_items(counts->used, sizeof *counts->sorted);
    if (!counts->sorted)
        return false;
    size_t used = 0;
    for (size_t i = 0; i < counts->size; i++)
        if (counts->table[i].count)
            counts->sorted[used++] = counts->table[i];
    qsort(counts->sorted, used, sizeof *counts->sorted, by_values);
    return true;
}

void free_pairs(PairCounts *counts)
{
    free(counts->table);
    free(counts->sorted);
    *counts = (PairCounts){0};
}
