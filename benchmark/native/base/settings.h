/* The parameters of COCO's evaluation: pycocotools' Params. */
#ifndef O365SEG_SETTINGS_H
#define O365SEG_SETTINGS_H

#include "core.h"

/* numpy.linspace(0, 1, 101), bit for bit. */
static inline double recall_at(int r)
{
    return r == RECALLS - 1 ? 1.0 : r * (1.0 / 100);
}

/* pycocotools' defaults, with recalls in the evaluation's arena. */
Status set_default_settings(Evaluation *evaluation);

/* Replaces the recalls, which are ascending. */
Status set_recalls(Evaluation *evaluation, const double *recalls, size_t count);

/* Replaces the IoU thresholds; between one and THRESHOLDS are given. */
void set_thresholds(Settings *settings, const double *thresholds, size_t count);

/* Bit a is set if the area is outside range a; both bounds belong to a range. */
static inline uint8_t ranges_outside(const Settings *settings, double area)
{
    uint8_t outside = 0;
    for (int a = 0; a < RANGES; a++)
        outside |= (uint8_t)((area < settings->ranges[a][0] || area > settings->ranges[a][1]) << a);
    return outside;
}

/* The size of an area that `ranges` bound. */
double size_of(const Evaluation *evaluation, double area, int32_t image);

/* The same of an annotation. */
static inline uint8_t annotation_outside(const Evaluation *evaluation, const Annotation *gt)
{
    return ranges_outside(&evaluation->settings, size_of(evaluation, gt->area, gt->image));
}

/* Repeats the bit of each range for its ten thresholds. */
static inline Bits spread_ranges(uint8_t ranges)
{
    Bits spread = 0;
    for (int a = 0; a < RANGES; a++)
        spread |= (ranges >> a & 1) * (ONE_RANGE << (a * THRESHOLDS));
    return spread;
}

#endif
