#ifndef O365SEG_ACCUMULATION_H
#define O365SEG_ACCUMULATION_H

#include "../base/core.h"

/* pycocotools' maxDets. */
extern const uint32_t DETECTION_LIMITS[LIMITS];

/* Where one category's curve at one area range and detection limit goes: precision and scores at
 * [threshold, recall], recall at [threshold], `stride` numbers from one to the next. All come zeroed.
 * Without `precision` only recall is wanted; `scores` may be NULL. */
typedef struct {
    double *precision, *scores, *recall;
    size_t stride;
} Curve;

/* A true positive: its place in the ranking, and the false positives before it. */
typedef struct {
    uint32_t place, wrong;
} Found;

typedef struct {
    Found *found; /* THRESHOLDS lists of `capacity` each */
    double *envelope;
    size_t capacity;
    size_t needed[RECALLS]; /* true positives that each recall takes, of `positives` */
    size_t positives;
} CurveScratch;

/* Ranks each category's predictions, over all images; matching must be done. */
Status rank_categories(Evaluation *evaluation);

/* pycocotools' accumulate for one category that has something to find in the range. */
Status category_curve(const Evaluation *evaluation, Rule rule, size_t category, int range,
                      int limit, CurveScratch *scratch, const Curve *curve);

void free_curve_scratch(CurveScratch *scratch);

#endif
