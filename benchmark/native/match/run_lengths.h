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

/* Makes room for `more` runs at the end of `list`; false where there is no memory. */
bool room_for_runs(RunList *list, size_t more);

/* Decodes at the end of `list` (which keeps the mask) and sets all but the box.
 *
 * UNUSUAL where the run lengths are invalid: a character outside the alphabet, cut short, too
 * long, negative, or not of exactly height * width pixels. */
Status decode_mask(const MaskText *text, int32_t height, int32_t width, RunList *list, Mask *mask);

#endif
