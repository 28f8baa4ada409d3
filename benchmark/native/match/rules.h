/* The constants of COCO's rules, as in pycocotools' Params. Inline, because they are used millions
 * of times. */
#ifndef O365SEG_RULES_H
#define O365SEG_RULES_H

#include "../base/core.h"

/* The lowest IoU threshold; overlaps below it are not recorded. */
#define LEAST_IOU 0.5

/* numpy.linspace(.5, .95, 10), bit for bit: numpy multiplies the index by the step and sets the
 * last value directly. */
static inline double threshold_at(int t)
{
    double step = (0.95 - 0.5) / 9;
    return t == THRESHOLDS - 1 ? 0.95 : t * step + 0.5;
}

/* numpy.linspace(0, 1, 101), bit for bit. */
static inline double recall_at(int r)
{
    return r == RECALLS - 1 ? 1.0 : r * (1.0 / 100);
}

/* Bit a is set if the area is outside range a of pycocotools' areaRng; both bounds belong to a
 * range. */
static inline uint8_t ranges_outside(double area)
{
    static const double BOUNDS[RANGES][2] = {
        {0, 1e10}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e10}};
    uint8_t outside = 0;
    for (int a = 0; a < RANGES; a++)
        outside |= (uint8_t)((area < BOUNDS[a][0] || area > BOUNDS[a][1]) << a);
    return outside;
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
