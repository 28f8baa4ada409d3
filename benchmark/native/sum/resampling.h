#ifndef O365SEG_RESAMPLING_H
#define O365SEG_RESAMPLING_H

#include "../base/core.h"

/* AP (all areas, 100 detections) per resample and category, float64 [resamples, categories]: an
 * image of weight w counts w times. `weights` is int32 [resamples, images], none negative; -1 where
 * a category has nothing to find. `thresholds` has a bit for each that the mean is taken over. */
Status resample_precision(const Evaluation *evaluation, Rule rule, Bits thresholds,
                          size_t resamples, const int32_t *weights, double *precisions);

#endif
