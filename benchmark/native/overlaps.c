#include "overlaps.h"

#include <math.h>

/* In pycocotools' order of operations: the last bit decides at a threshold. */
double stock_box_iou(const double prediction[4], const double truth[4], bool crowd)
{
    double area = prediction[2] * prediction[3], truth_area = truth[2] * truth[3];
    double width = fmin(prediction[2] + prediction[0], truth[2] + truth[0]) -
                   fmax(prediction[0], truth[0]);
    if (width <= 0)
        return 0;
    double height = fmin(prediction[3] + prediction[1], truth[3] + truth[1]) -
                    fmax(prediction[1], truth[1]);
    if (height <= 0)
        return 0;
    double shared = width * height;
    return shared / (crowd ? area : area + truth_area - shared);
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

/* No more pixels can be shared than the smaller mask has, nor than the boxes have in common. */
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

/* pycocotools asks its own boxes first, and where those do not meet the IoU is 0. They are the
 * tight ones but for masks with a foreground run of no pixel. */
static bool stock_boxes_meet(const RunList *list, const Mask *prediction, const RunList *truths,
                             const Mask *truth, int32_t height, int32_t width, bool crowd)
{
    double first[4], second[4];
    if (!prediction->hollow && !truth->hollow)
        return true;
    stock_box(list, prediction, height, width, first);
    stock_box(truths, truth, height, width, second);
    return stock_box_iou(first, second, crowd) > 0;
}

double mask_iou(const RunList *list, const Mask *prediction, const RunList *truths,
                const Mask *truth, int32_t height, int32_t width, bool crowd)
{
    uint64_t most = most_shared(prediction, truth), area = prediction->area;
    uint64_t both = area + truth->area;
    if (most == 0 || (crowd ? 2 * most < area : 3 * most < both))
        return 0; /* an upper bound of the IoU is below one half, in whole numbers */
    uint64_t shared = shared_pixels(list->ends + prediction->first, prediction->runs,
                                    truths->ends + truth->first, truth->runs);
    if (shared == 0 ||
        !stock_boxes_meet(list, prediction, truths, truth, height, width, crowd))
        return 0;
    return (double)shared / (double)(crowd ? area : both - shared);
}
