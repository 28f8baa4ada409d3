/* Boxes around decoded masks, and the mask of a box. */
#ifndef O365SEG_MASK_BOXES_H
#define O365SEG_MASK_BOXES_H

#include "run_lengths.h"

/* The smallest box around the mask's pixels; zeros for none. */
void tight_box(const RunList *list, Mask *mask, int32_t height);

/* A box around the mask at hardly any cost: its columns in full height. */
void column_box(const RunList *list, Mask *mask, int32_t height);

/* pycocotools' toBbox, x, y, width, height, of a mask whose tight box is known. */
void stock_box(const Mask *mask, int32_t height, int32_t width, double box[4]);

/* The pixels of a box (x, y, width, height) by the rule of pycocotools' rasteriser. */
Status region_mask(const double box[4], int32_t height, int32_t width, RunList *list, Mask *mask);

#endif
