#ifndef O365SEG_ACCUMULATION_H
#define O365SEG_ACCUMULATION_H

#include "../base/core.h"

/* The output of one category's curve at one area range and detection limit: precision and scores at
 * [threshold, recall], recall at [threshold], `stride` numbers apart, all zeroed by the caller. If
 * `precision` is NULL, only recall is computed; `scores` may be NULL. */
typedef struct {
    double *precision, *scores, *recall;
    size_t stride;
} Curve;

/* A true positive: its position in the ranking, and the number of false positives before it. */
typedef struct {
    uint32_t position, wrong;
} Found;

typedef struct {
    Found *found; /* [thresholds, capacity] */
    double *envelope;
    size_t capacity;
    size_t *needed; /* true positives that each recall needs, out of `positives` */
    size_t positives;
} CurveScratch;

/* Ranks each category's predictions over all images, after matching. */
Status rank_categories(Evaluation *evaluation);

/* pycocotools' accumulate for one category that has positives in the range. */
Status category_curve(const Evaluation *evaluation, Rule rule, size_t category, int range,
                      int limit, CurveScratch *scratch, const Curve *curve);

void free_curve_scratch(CurveScratch *scratch);

#endif
