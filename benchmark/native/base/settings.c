#include "settings.h"

#include <math.h>
#include <string.h>

/* numpy.linspace(.5, .95, 10), bit for bit: numpy multiplies the index by the step and sets the
 * last value directly. */
static double threshold_at(int t)
{
    double step = (0.95 - 0.5) / 9;
    return t == THRESHOLDS - 1 ? 0.95 : t * step + 0.5;
}

double size_of(const Evaluation *evaluation, double area, int32_t image)
{
    if (!evaluation->settings.relative)
        return area;
    double whole = (double)evaluation->heights[image] * (double)evaluation->widths[image];
    double part = area / whole;
    return part > 0 ? sqrt(part) : 0;
}

void set_thresholds(Settings *settings, const double *thresholds, size_t count)
{
    settings->least = 1;
    for (size_t t = 0; t < THRESHOLDS; t++) {
        double threshold = thresholds[t < count ? t : count - 1];
        if (threshold > 1 - 1e-10) /* as in pycocotools, equal masks match at a threshold of 1 */
            threshold = 1 - 1e-10;
        settings->thresholds[t] = threshold;
        settings->least = threshold < settings->least ? threshold : settings->least;
    }
}

Status set_recalls(Evaluation *evaluation, const double *recalls, size_t count)
{
    Settings *settings = &evaluation->settings;
    settings->recalls = arena_items(&evaluation->arena, count, sizeof *settings->recalls);
    if (!settings->recalls)
        return NO_MEMORY;
    if (count)
        memcpy(settings->recalls, recalls, count * sizeof *recalls);
    settings->recall_count = count;
    return FINE;
}

Status set_default_settings(Evaluation *evaluation)
{
    static const double BOUNDS[RANGES][2] = {
        {0, 1e10}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e10}};
    static const uint32_t LIMIT[LIMITS] = {1, 10, MOST_DETECTIONS};
    Settings *settings = &evaluation->settings;
    double thresholds[THRESHOLDS], recalls[RECALLS];
    for (int t = 0; t < THRESHOLDS; t++)
        thresholds[t] = threshold_at(t);
    for (int r = 0; r < RECALLS; r++)
        recalls[r] = recall_at(r);
    set_thresholds(settings, thresholds, THRESHOLDS);
    memcpy(settings->ranges, BOUNDS, sizeof BOUNDS);
    memcpy(settings->limits, LIMIT, sizeof LIMIT);
    settings->most = MOST_DETECTIONS;
    return set_recalls(evaluation, recalls, RECALLS);
}
