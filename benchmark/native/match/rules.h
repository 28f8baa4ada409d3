/* The constants of COCO's rules, as pycocotools' Params has them. Here to be inlined: they are asked
 * for a million times. */
#ifndef O365SEG_RULES_H
#define O365SEG_RULES_H

#include "../base/core.h"

/* Overlaps reach at least the lowest threshold or are of no account. */
#define LEAST_IOU 0.5

/* numpy.linspace(.5, .95, 10), to the bit: it multiplies the place by the step and sets the last
 * value itself. */
static inline double threshold_at(int t)
{
    double step = (0.95 - 0.5) / 9;
    return t == THRESHOLDS - 1 ? 0.95 : t * step + 0.5;
}

/* numpy.linspace(0, 1, 101), to the bit. */
static inline double recall_at(int r)
{
    return r == RECALLS - 1 ? 1.0 : r * (1.0 / 100);
}

/* Bit a where an area is outside range a of pycocotools' areaRng; both ends belong to a range. */
static inline uint8_t ranges_outside(double area)
{
    static const double BOUNDS[RANGES][2] = {
        {0, 1e10}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e10}};
    uint8_t outside = 0;
    for (int a = 0; a < RANGES; a++)
        outside |= (uint8_t)((area < BOUNDS[a][0] || area > BOUNDS[a][1]) << a);
    return outside;
}

/* A bit a range as ten bits a range. */
static inline Bits spread_ranges(uint8_t ranges)
{
    Bits spread = 0;
    for (int a = 0; a < RANGES; a++)
        spread |= (ranges >> a & 1) * (ONE_RANGE << (a * THRESHOLDS));
    return spread;
}

#endif
