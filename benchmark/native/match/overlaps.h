#ifndef O365SEG_OVERLAPS_H
#define O365SEG_OVERLAPS_H

#include "../base/core.h"
#include "run_lengths.h"

/* pycocotools' bbIou of two boxes (x, y, width, height); for a crowd, relative to the area of the
 * prediction. */
double stock_box_iou(const double prediction[4], const double gt[4], bool crowd);

/* benchmark.average_precision.skip_rule.box_iou of two boxes (x, y, width, height). */
double plain_box_iou(const double first[4], const double second[4]);

/* pycocotools' IoU of two masks of the same size, or 0 if it is certain to be below
 * `least`. */
double mask_iou(const RunList *list, const Mask *prediction, const RunList *gt_runs,
                const Mask *gt, bool crowd, double least);

#endif
