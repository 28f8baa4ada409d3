#ifndef O365SEG_MATCHES_H
#define O365SEG_MATCHES_H

#include "../base/core.h"

/* The arrays of benchmark.average_precision.matches.CategoryMatches, for n predictions. */
typedef struct {
    int32_t *image;      /* [n], rank of the image's id */
    int64_t *prediction; /* [n], index in the results file */
    double *score;       /* [n] */
    uint8_t *matched;    /* [ranges, thresholds, n] */
    uint8_t *ignored;    /* [ranges, thresholds, n] */
    int32_t *positives;  /* [ranges, images] */
} Matches;

void fill_matches(const Evaluation *evaluation, Rule rule, size_t category, const Matches *out);

/* The number of predictions of each category, int64 [categories], that a skipped instance has ignored
 * at the first threshold, in the first range. */
void count_absorbed(const Evaluation *evaluation, Rule rule, int64_t *counts);

/* Whether a category has annotations to find in an image, of any area: 0 or 1 [categories, images],
 * zeroed by the caller. */
void find_images_with_objects(const Evaluation *evaluation, uint8_t *found);

/* The number of annotations to find, int64 [ranges, images], of all categories. */
void count_image_positives(const Evaluation *evaluation, int64_t *counts);

#endif
