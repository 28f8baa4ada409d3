#include "comparing.h"

#include "../base/memory.h"
#include "../base/settings.h"
#include "judging.h"
#include "mask_boxes.h"
#include "overlaps.h"

static const Annotation *cell_gt(const Evaluation *evaluation, const Cell *cell, uint32_t i)
{
    return &evaluation->annotations[evaluation->gt_order[cell->gt_first + i]];
}

int likely_partners(const Evaluation *evaluation, const Cell *cell, const Scratch *scratch,
                    const Mask *mask)
{
    int likely = 0;
    double bound = evaluation->settings.least - 1e-9;
    for (uint32_t i = 0; i < cell->gt_count && likely < 2; i++) {
        const Annotation *gt = cell_gt(evaluation, cell, i);
        const Mask *other = &scratch->gt_masks[i];
        uint64_t both = (uint64_t)mask->area + other->area;
        uint64_t least = mask->area < other->area ? mask->area : other->area;
        if (gt->crowd || gt->skipped || (mask->hollow && other->hollow))
            likely = 2;
        else if ((double)least >= bound * (double)(both - least) && mask->box[0] < other->box[2] &&
                 other->box[0] < mask->box[2])
            likely++;
    }
    return likely;
}

/* The lesser of an IoU of masks and that of their boundaries, which are drawn when first needed. */
static Status compare_boundaries(const Evaluation *evaluation, int32_t image, Scratch *scratch,
                                 Mask *mask, Band *band, size_t gt, double *iou)
{
    int32_t height = evaluation->heights[image];
    int32_t distance = boundary_distance(height, evaluation->widths[image],
                                         evaluation->settings.dilation);
    Status status = FINE;
    if (!band->drawn)
        status = draw_band(&scratch->runs, mask, height, distance, &scratch->bands, band);
    if (status == FINE && !scratch->gt_band[gt].drawn)
        status = draw_band(&scratch->gt_runs, &scratch->gt_masks[gt], height, distance,
                           &scratch->gt_bands, &scratch->gt_band[gt]);
    if (status != FINE)
        return status;
    double other = band_iou(&scratch->bands, band, &scratch->gt_bands, &scratch->gt_band[gt]);
    *iou = other < *iou ? other : *iou;
    return FINE;
}

/* The IoU of a prediction and an annotation of its image; some lower value if it is below the
 * lowest threshold, unless errors are judged. `mask` is the annotation's index in `gt_masks`. */
static Status compare(const Evaluation *evaluation, int32_t image, Scratch *scratch,
                      Compared *prediction, const Annotation *gt, size_t mask, double *iou)
{
    bool crowd = gt->crowd || gt->skipped;
    double least = evaluation->judges ? 0 : evaluation->settings.least;
    double least_boundary = evaluation->judges ? LEAST_OVERLAP : least;
    *iou = evaluation->masks
        ? mask_iou(&scratch->runs, prediction->mask, &scratch->gt_runs, &scratch->gt_masks[mask],
                   crowd, least)
        : stock_box_iou(prediction->box, gt->box, gt->crowd);
    if (*iou >= least_boundary && evaluation->settings.dilation > 0 && !crowd)
        return compare_boundaries(evaluation, image, scratch, prediction->mask, &prediction->band,
                                  mask, iou);
    return FINE;
}

/* Inserts the annotation `gt` of the cell into the candidates from `start` on. */
static Status add_candidate(const Settings *settings, Scratch *scratch, size_t start, uint32_t gt,
                            double iou)
{
    if (!room_for_one((void **)&scratch->candidates, &scratch->candidates_capacity,
                      scratch->candidate_count, sizeof *scratch->candidates))
        return NO_MEMORY;
    size_t position = scratch->candidate_count++;
    for (; position > start && scratch->candidates[position - 1].iou <= iou; position--)
        scratch->candidates[position] = scratch->candidates[position - 1];
    scratch->candidates[position] = (Candidate){gt, iou, thresholds_reached(settings, iou)};
    return FINE;
}

Status find_candidates(const Evaluation *evaluation, const Cell *cell, Scratch *scratch,
                       Compared *prediction)
{
    size_t start = scratch->candidate_count;
    double iou, least = evaluation->settings.least;
    Status status = FINE;
    for (uint32_t i = 0; i < cell->gt_count && status == FINE; i++) {
        status = compare(evaluation, cell->image, scratch, prediction, cell_gt(evaluation, cell, i),
                         i, &iou);
        if (status == FINE && iou >= least)
            status = add_candidate(&evaluation->settings, scratch, start, i, iou);
    }
    return status;
}

Status find_overlaps(const Evaluation *evaluation, const Cell *cell, Scratch *scratch,
                     Compared *prediction)
{
    size_t start = scratch->candidate_count;
    Scene *scene = &scratch->scene;
    double iou, least = evaluation->settings.least;
    for (uint32_t g = 0; g < scene->gt_count; g++) {
        const Annotation *gt =
            &evaluation->annotations[evaluation->gt_order[scene->gt_first + g]];
        bool here = g - scratch->gt_start < cell->gt_count; /* unsigned: also not before it */
        Judged as = judged_as(evaluation, gt);
        if (as == BY_BOX) {
            iou = plain_box_iou(prediction->tight, gt->box);
            if (iou > 0 && !add_overlap(scene, g, iou))
                return NO_MEMORY;
        }
        if (!here && as != AS_OBJECT)
            continue;
        Status status = compare(evaluation, cell->image, scratch, prediction, gt, g, &iou);
        if (status == FINE && as == AS_OBJECT && iou > 0 && !add_overlap(scene, g, iou))
            status = NO_MEMORY;
        if (status == FINE && here && iou >= least)
            status = add_candidate(&evaluation->settings, scratch, start,
                                   g - (uint32_t)scratch->gt_start, iou);
        if (status != FINE)
            return status;
    }
    return FINE;
}
