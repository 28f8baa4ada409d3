/* Boxes around decoded masks, and the mask of a box. */
#ifndef O365SEG_MASK_BOXES_H
#define O365SEG_MASK_BOXES_H

#include "run_lengths.h"

/* Sets the smallest box around the mask's pixels; zeros for an empty mask. */
void tight_box(const RunList *list, Mask *mask, int32_t height);

/* Sets a cheap bounding box: the columns of the mask at full height. */
void column_box(const RunList *list, Mask *mask, int32_t height);

/* pycocotools' toBbox: x, y, width, height. The mask must have its tight box. */
void stock_box(const Mask *mask, int32_t height, int32_t width, double box[4]);

/* Rasterises a box (x, y, width, height) as pycocotools does. */
Status region_mask(const double box[4], int32_t height, int32_t width, RunList *list, Mask *mask);

#endif
