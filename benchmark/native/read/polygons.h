/* Polygons drawn as pycocotools draws them. */
#ifndef O365SEG_POLYGONS_H
#define O365SEG_POLYGONS_H

#include "../base/core.h"
#include "mask_encoding.h"

/* Pixels from `start` to before `end`, down the columns. */
typedef struct {
    uint32_t start, end;
} Stretch;

/* Where an outline enters or leaves a column of pixels: before `row`. */
typedef struct {
    uint32_t column, row;
} Crossing;

/* Memory of drawing, used again for the next mask. Empty when zeroed. */
typedef struct {
    double *corners; /* x, y of one polygon */
    Crossing *crossings;
    uint32_t *starts, *places; /* by column; of the crossings, in order */
    Stretch *stretches;
    size_t corner_room, crossing_room, start_room, place_room, stretch_room;
    Output text;
} DrawingMemory;

/* Draws the union of a MASK_POLYGONS on an image; `memory->text` has its compressed run lengths, not
 * escaped. UNUSUAL for what Python refuses or draws in another way: a polygon of few points, one
 * that reaches far, a large image. */
Status draw_polygons(const MaskText *mask, int32_t height, int32_t width, DrawingMemory *memory);

void free_drawing(DrawingMemory *memory);

#endif
