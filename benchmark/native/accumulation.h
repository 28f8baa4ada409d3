#ifndef O365SEG_ACCUMULATION_H
#define O365SEG_ACCUMULATION_H

#include "core.h"

/* pycocotools' maxDets. */
extern const uint32_t DETECTION_LIMITS[LIMITS];

/* One category at one area range and detection limit; -1 where there is nothing to find. */
typedef struct {
    double precision[THRESHOLDS][RECALLS];
    double scores[THRESHOLDS][RECALLS];
    double recall[THRESHOLDS];
} Curve;

/* A true positive: its place in the ranking, and the false positives before it. */
typedef struct {
    uint32_t place, wrong;
} Found;

typedef struct {
    Found *found; /* THRESHOLDS lists of `capacity` each */
    double *envelope;
    size_t capacity;
} CurveScratch;

/* Ranks each category's predictions, over all images; matching must be done. */
Status rank_categories(Evaluation *evaluation);

/* pycocotools' accumulate for one category. */
Status category_curve(const Evaluation *evaluation, Rule rule, size_t category, int range,
                      int limit, CurveScratch *scratch, Curve *curve);

void free_curve_scratch(CurveScratch *scratch);

#endif
