/* Polygons drawn as pycocotools draws them. */
#ifndef O365SEG_POLYGONS_H
#define O365SEG_POLYGONS_H

#include "../base/core.h"
#include "run_lengths.h"

/* Memory of drawing, used again for the next mask. Empty when zeroed. */
typedef struct {
    int (*corners)[2]; /* x, y of one polygon, five times as fine as pixels */
    uint32_t *counts, *starts, *rows; /* by column; of the crossings */
    size_t corner_room, count_room, start_room, row_room;
} DrawingMemory;

/* Whether an image of this size is drawn on; others are left to Python. */
bool is_canvas(int32_t height, int32_t width);

/* Draws the union of a MASK_POLYGONS at the end of `list` and sets all of `mask` but its box.
 * UNUSUAL for what is left to Python. */
Status draw_polygons(const MaskText *text, int32_t height, int32_t width, DrawingMemory *memory,
                     RunList *list, Mask *mask);

void free_drawing(DrawingMemory *memory);

#endif
