#ifndef O365SEG_RUN_LENGTHS_H
#define O365SEG_RUN_LENGTHS_H

#include "../base/core.h"

/* Decoded masks one after the other in one growing list: where each run ends, cumulated, counted
 * down the columns, background first. Mask k's runs start at its `first`. */
typedef struct {
    uint32_t *ends;
    size_t used, capacity;
} RunList;

/* A decoded mask. `box` is x0, y0, x1, y1, the last two not included. */
typedef struct {
    size_t first;
    uint32_t runs, area;
    int32_t box[4];
    bool hollow; /* has a run of no pixel past the first */
} Mask;

/* Decodes at the end of `list` (which keeps the mask) and sets all but the box.
 *
 * UNUSUAL where the run lengths are unsound: a character outside the alphabet, cut short, too
 * long, negative, or not of exactly height * width pixels. */
Status decode_mask(const MaskText *text, int32_t height, int32_t width, RunList *list, Mask *mask);

/* The smallest box around the mask's pixels; zeros for none. */
void tight_box(const RunList *list, Mask *mask, int32_t height);

/* A box around the mask at hardly any cost: its columns in full height. */
void column_box(const RunList *list, Mask *mask, int32_t height);

/* pycocotools' toBbox, x, y, width, height, of a mask whose tight box is known. */
void stock_box(const Mask *mask, int32_t height, int32_t width, double box[4]);

/* The pixels of a box (x, y, width, height) by the rule of pycocotools' rasteriser. */
Status region_mask(const double box[4], int32_t height, int32_t width, RunList *list, Mask *mask);

/* The number of pixels that two masks of one size share. */
uint32_t shared_pixels(const uint32_t *first, uint32_t first_runs, const uint32_t *second,
                       uint32_t second_runs);

#endif
