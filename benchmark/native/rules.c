/* The constants of COCO's rules, as pycocotools' Params has them. */
#include "core.h"

const double LEAST_IOU = 0.5;

const double AREA_RANGES[RANGES][2] = {
    {0, 1e10}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e10}};

/* numpy.linspace multiplies the place by the step and sets the last value itself. */
double threshold_at(int t)
{
    double step = (0.95 - 0.5) / 9;
    return t == THRESHOLDS - 1 ? 0.95 : t * step + 0.5;
}

double recall_at(int r)
{
    return r == RECALLS - 1 ? 1.0 : r * (1.0 / 100);
}

uint8_t ranges_outside(double area)
{
    uint8_t outside = 0;
    for (int a = 0; a < RANGES; a++)
        if (area < AREA_RANGES[a][0] || area > AREA_RANGES[a][1])
            outside |= (uint8_t)(1u << a);
    return outside;
}

/* A bit a range as ten bits a range. */
Bits spread_ranges(uint8_t ranges)
{
    Bits spread = 0;
    for (int a = 0; a < RANGES; a++)
        if (ranges >> a & 1)
            spread |= ONE_RANGE << (a * THRESHOLDS);
    return spread;
}
