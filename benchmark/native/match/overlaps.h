#ifndef O365SEG_OVERLAPS_H
#define O365SEG_OVERLAPS_H

#include "../base/core.h"
#include "run_lengths.h"

/* pycocotools' bbIou of two boxes (x, y, width, height); of a crowd, over the first's area. */
double stock_box_iou(const double prediction[4], const double truth[4], bool crowd);

/* benchmark.average_precision.skip_rule.box_iou of two boxes (x, y, width, height). */
double plain_box_iou(const double first[4], const double second[4]);

/* pycocotools' IoU of two masks of one size, or 0 where it is sure to be below LEAST_IOU. */
double mask_iou(const RunList *list, const Mask *prediction, const RunList *truths,
                const Mask *truth, bool crowd);

#endif
