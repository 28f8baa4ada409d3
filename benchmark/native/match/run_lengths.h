#ifndef O365SEG_RUN_LENGTHS_H
#define O365SEG_RUN_LENGTHS_H

#include "../base/core.h"

/* Decoded masks, one after the other in one growing list: the end of each run, cumulative, in
 * column-major order, background first. The runs of a mask start at its `first`. */
typedef struct {
    uint32_t *ends;
    size_t used, capacity;
} RunList;

/* A decoded mask. `box` is x0, y0, x1, y1; x1 and y1 are exclusive. */
typedef struct {
    size_t first;
    uint32_t runs, area;
    int32_t box[4];
    bool hollow; /* has an empty run after the first */
} Mask;

/* Makes room for `more` runs at the end of `list`; false when out of memory. */
bool room_for_runs(RunList *list, size_t more);

/* Decodes a mask at the end of `list`, which owns the runs, and sets all of `mask` but its box.
 *
 * UNUSUAL if the run lengths are invalid: an invalid character, truncated, too long, negative, or
 * not of exactly height * width pixels. */
Status decode_mask(const MaskText *text, int32_t height, int32_t width, RunList *list, Mask *mask);

/* As decode_mask, but of `mask` only the area is meaningful: half the work. `list` is for scratch. */
Status measure_mask(const MaskText *text, int32_t height, int32_t width, RunList *list, Mask *mask);

#endif
