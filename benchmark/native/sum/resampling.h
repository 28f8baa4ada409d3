#ifndef O365SEG_RESAMPLING_H
#define O365SEG_RESAMPLING_H

#include "../base/core.h"

/* Means of AP (of an area range, 100 detections) by resample and category, float64 [means,
 * resamples, categories]; -1 if a category has no positives. `weights` is int32 [resamples, images],
 * ≥ 0: how often each image counts. Each of `means` has a bit for each threshold to average over, at
 * least one. */
Status resample_precision(const Evaluation *evaluation, Rule rule, const uint32_t *means,
                          size_t mean_count, int range, size_t resamples, const int32_t *weights,
                          double *precisions);

#endif
