#include "overlaps.h"

#include <math.h>


/* In pycocotools' order of operations: at a threshold the last bit decides. */
double stock_box_iou(const double prediction[4], const double gt[4], bool crowd)
{
    double area = prediction[2] * prediction[3], gt_area = gt[2] * gt[3];
    double width = fmin(prediction[2] + prediction[0], gt[2] + gt[0]) -
                   fmax(prediction[0], gt[0]);
    if (width <= 0)
        return 0;
    double height = fmin(prediction[3] + prediction[1], gt[3] + gt[1]) -
                    fmax(prediction[1], gt[1]);
    if (height <= 0)
        return 0;
    double shared = width * height;
    return shared / (crowd ? area : area + gt_area - shared);
}

double plain_box_iou(const double first[4], const double second[4])
{
    double sides[2];
    for (int i = 0; i < 2; i++) {
        double start = fmax(first[i], second[i]);
        double end = fmin(first[i] + first[i + 2], second[i] + second[i + 2]);
        sides[i] = fmax(end - start, 0);
    }
    double shared = sides[0] * sides[1];
    double both = first[2] * first[3] + second[2] * second[3] - shared;
    return shared > 0 ? shared / both : 0;
}

/* An upper bound of the shared pixels: the area of the smaller mask and the intersection of the
 * boxes. */
static uint64_t most_shared(const Mask *first, const Mask *second)
{
    int64_t sides[2];
    for (int i = 0; i < 2; i++) {
        int64_t start = first->box[i] > second->box[i] ? first->box[i] : second->box[i];
        int64_t end = first->box[i + 2] < second->box[i + 2] ? first->box[i + 2]
                                                              : second->box[i + 2];
        if (end <= start)
            return 0;
        sides[i] = end - start;
    }
    uint64_t most = first->area < second->area ? first->area : second->area;
    uint64_t common = (uint64_t)(sides[0] * sides[1]);
    return common < most ? common : most;
}

/* The length of run `run`. */
static uint32_t run_length(const uint32_t *ends, uint32_t run)
{
    return run ? ends[run] - ends[run - 1] : ends[0];
}

/* pycocotools steps through the runs of both masks and stops when both current runs are used up: at
 * the end, but also where both reach an empty run in the same step. Pixels after that count neither
 * as shared nor as covered. */
static double stock_walk(const uint32_t *first, uint32_t first_runs, const uint32_t *second,
                         uint32_t second_runs, uint32_t crowd_area)
{
    uint32_t i = 0, j = 0, left = run_length(first, 0), other_left = run_length(second, 0);
    uint64_t shared = 0, covered = 0;
    do {
        uint32_t step = left < other_left ? left : other_left;
        if (i % 2 || j % 2)
            covered += step;
        if (i % 2 && j % 2)
            shared += step;
        left -= step;
        other_left -= step;
        if (!left && i + 1 < first_runs)
            left = run_length(first, ++i);
        if (!other_left && j + 1 < second_runs)
            other_left = run_length(second, ++j);
    } while (left || other_left);
    return shared ? (double)shared / (double)(crowd_area ? crowd_area : covered) : 0;
}

/* The number of pixels that two masks of one size share. */
static uint32_t shared_pixels(const uint32_t *first, uint32_t first_runs,
                              const uint32_t *second, uint32_t second_runs)
{
    uint32_t shared = 0, i = 1, j = 1;
    while (i < first_runs && j < second_runs) {
        uint32_t start = first[i - 1] > second[j - 1] ? first[i - 1] : second[j - 1];
        uint32_t end = first[i] < second[j] ? first[i] : second[j];
        if (end > start)
            shared += end - start;
        if (first[i] < second[j])
            i += 2;
        else
            j += 2;
    }
    return shared;
}

double mask_iou(const RunList *list, const Mask *prediction, const RunList *gt_runs,
                const Mask *gt, bool crowd, double least)
{
    uint64_t most = most_shared(prediction, gt), area = prediction->area;
    uint64_t both = area + gt->area;
    const uint32_t *runs = list->ends + prediction->first, *others = gt_runs->ends + gt->first;
    if (most && prediction->hollow && gt->hollow)
        return stock_walk(runs, prediction->runs, others, gt->runs,
                          crowd ? prediction->area : 0);
    /* The upper bound of the IoU, with room for rounding. */
    if (most == 0 || (double)most < (least - 1e-9) * (double)(crowd ? area : both - most))
        return 0;
    uint64_t shared = shared_pixels(runs, prediction->runs, others, gt->runs);
    return shared ? (double)shared / (double)(crowd ? area : both - shared) : 0;
}
