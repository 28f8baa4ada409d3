/* The boundary of a mask is what erosion takes away: its pixels with a pixel outside the mask, or
 * outside the image, within `distance` in both x and y. Erosion down the columns shortens runs.
 * Erosion along the rows is the AND of 2 * distance + 1 columns, of which each step doubles the
 * number: columns are words of bits, so that a step takes 64 pixels at once. */
#include "boundary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "mask_boxes.h"

enum { WORD = 64 };

int32_t boundary_distance(int32_t height, int32_t width, double ratio)
{
    double h = height, w = width;
    double distance = rint(ratio * sqrt(h * h + w * w)); /* halves to the even, as in Python */
    return distance < 1 ? 1 : distance > INT32_MAX / 4 ? INT32_MAX / 4 : (int32_t)distance;
}

static uint32_t count_bits(uint64_t word)
{
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (uint32_t)(word * UINT64_C(0x0101010101010101) >> 56);
}

/* Sets the bits of rows `from` to `to` (exclusive, and after `from`) of a column. */
static void set_rows(uint64_t *column, uint32_t from, uint32_t to)
{
    uint32_t first = from / WORD, last = (to - 1) / WORD;
    uint64_t start = ~UINT64_C(0) << from % WORD, end = ~UINT64_C(0) >> (WORD - 1 - (to - 1) % WORD);
    if (first == last) {
        column[first] |= start & end;
        return;
    }
    column[first] |= start;
    for (uint32_t word = first + 1; word < last; word++)
        column[word] = ~UINT64_C(0);
    column[last] |= end;
}

/* Draws the mask, and the mask eroded down its columns. */
static void draw_columns(const RunList *runs, const Mask *mask, uint32_t height, uint32_t distance,
                         const Band *band, uint64_t *pixels, uint64_t *eroded)
{
    const uint32_t *ends = runs->ends + mask->first;
    uint32_t top = (uint32_t)band->first_word * WORD, x = (uint32_t)band->left, column = x * height;
    for (uint32_t j = 1; j < mask->runs; j += 2) {
        uint32_t start = ends[j - 1];
        while (j + 2 < mask->runs && ends[j + 1] == ends[j]) /* an empty run parts nothing */
            j += 2;
        uint32_t end = ends[j];
        while (start < end) {
            if (start - column >= height) {
                x = start - column < 2 * (uint64_t)height ? x + 1 : start / height;
                column = x * height;
            }
            uint32_t stop = end - column < height ? end - column : height;
            uint32_t from = start - column;
            size_t offset = (size_t)(x - (uint32_t)band->left) * (size_t)band->words;
            set_rows(pixels + offset, from - top, stop - top);
            if (stop - from > 2 * distance)
                set_rows(eroded + offset, from + distance - top, stop - distance - top);
            start = column + stop;
        }
    }
}

/* Replaces each column by the AND of `length` columns from it on; returns how many there are. */
static int32_t erode_rows(uint64_t *eroded, int32_t columns, int32_t words, int32_t length)
{
    int32_t joined = 1;
    if (length > columns)
        return 0;
    while (joined < length) {
        int32_t step = length - joined < joined ? length - joined : joined;
        joined += step;
        size_t ahead = (size_t)step * (size_t)words;
        size_t count = (size_t)(columns - joined + 1) * (size_t)words;
        for (size_t i = 0; i < count; i++)
            eroded[i] &= eroded[i + ahead];
    }
    return columns - length + 1;
}

Status draw_band(const RunList *runs, Mask *mask, int32_t height, int32_t distance,
                 BandList *list, Band *band)
{
    memset(band, 0, sizeof *band);
    band->drawn = true;
    band->bits = list->used;
    tight_box(runs, mask, height);
    if (mask->area == 0)
        return FINE;
    band->left = mask->box[0];
    band->columns = mask->box[2] - mask->box[0];
    band->first_word = mask->box[1] / WORD;
    band->words = (mask->box[3] - 1) / WORD - band->first_word + 1;
    size_t count = (size_t)band->columns * (size_t)band->words;
    if (!room_for((void **)&list->words, &list->capacity, list->used + count,
                  sizeof *list->words) ||
        !room_for((void **)&list->eroded, &list->eroded_capacity, count, sizeof *list->eroded))
        return NO_MEMORY;
    uint64_t *pixels = list->words + list->used;
    memset(pixels, 0, count * sizeof *pixels);
    memset(list->eroded, 0, count * sizeof *list->eroded);
    draw_columns(runs, mask, (uint32_t)height, (uint32_t)distance, band, pixels, list->eroded);
    int32_t inner = erode_rows(list->eroded, band->columns, band->words, 2 * distance + 1);
    if (inner > 0) {
        uint64_t *middle = pixels + (size_t)distance * (size_t)band->words;
        for (size_t i = 0; i < (size_t)inner * (size_t)band->words; i++)
            middle[i] &= ~list->eroded[i];
    }
    for (size_t i = 0; i < count; i++)
        band->area += count_bits(pixels[i]);
    list->used += count;
    return FINE;
}

double band_iou(const BandList *list, const Band *first, const BandList *other_list,
                const Band *second)
{
    int32_t left = first->left > second->left ? first->left : second->left;
    int32_t right = smaller(first->left + first->columns, second->left + second->columns);
    int32_t top = first->first_word > second->first_word ? first->first_word : second->first_word;
    int32_t bottom = smaller(first->first_word + first->words, second->first_word + second->words);
    uint32_t shared = 0;
    for (int32_t x = left; x < right && top < bottom; x++) {
        const uint64_t *column = list->words + first->bits +
            (size_t)(x - first->left) * (size_t)first->words + (top - first->first_word);
        const uint64_t *other = other_list->words + second->bits +
            (size_t)(x - second->left) * (size_t)second->words + (top - second->first_word);
        for (int32_t i = 0; i < bottom - top; i++)
            shared += count_bits(column[i] & other[i]);
    }
    double both = (double)first->area + (double)second->area;
    return shared ? (double)shared / (both - (double)shared) : 0;
}

void free_bands(BandList *list)
{
    free(list->words);
    free(list->eroded);
}
