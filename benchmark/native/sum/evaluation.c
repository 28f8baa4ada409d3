#include "evaluation.h"

#include <stdlib.h>
#include <string.h>

#include "../match/cells.h"
#include "../match/match_all.h"
#include "../match/polygons.h"
#include "../read/ids.h"
#include "accumulation.h"

/* Whether Python must draw the mask: its polygons are odd, or its image is too large. */
static bool is_left(const Evaluation *evaluation, const MaskText *mask, int32_t image)
{
    return mask->kind == MASK_ODD_POLYGONS ||
           (mask->kind == MASK_POLYGONS &&
            !is_canvas(evaluation->heights[image], evaluation->widths[image]));
}

bool next_polygons(const Evaluation *evaluation, bool *of_gt, size_t *index, MaskText *mask)
{
    for (; *of_gt && *index < evaluation->annotation_count; ++*index) {
        const Annotation *annotation = &evaluation->annotations[*index];
        if (is_left(evaluation, &annotation->mask, annotation->image)) {
            *mask = annotation->mask;
            return true;
        }
    }
    if (*of_gt) {
        *of_gt = false;
        *index = 0;
    }
    for (; evaluation->needs_masks && *index < evaluation->prediction_count; ++*index) {
        const Prediction *prediction = &evaluation->predictions[*index];
        if (is_left(evaluation, &prediction->mask, prediction->image)) {
            *mask = prediction->mask;
            return true;
        }
    }
    return false;
}

Status give_mask(Evaluation *evaluation, bool of_gt, size_t index, const uint8_t *counts,
                 size_t length)
{
    size_t count = of_gt ? evaluation->annotation_count : evaluation->prediction_count;
    if (index >= count || length > INT32_MAX)
        return UNUSUAL;
    MaskText *mask = of_gt ? &evaluation->annotations[index].mask
                              : &evaluation->predictions[index].mask;
    int32_t image = of_gt ? evaluation->annotations[index].image
                          : evaluation->predictions[index].image;
    if (!is_left(evaluation, mask, image))
        return UNUSUAL;
    uint8_t *copy = malloc(length ? length : 1);
    if (!copy)
        return NO_MEMORY;
    if (length)
        memcpy(copy, counts, length);
    mask->kind = MASK_GIVEN;
    mask->text = copy;
    mask->length = (uint32_t)length;
    return FINE;
}

Status finish_matching(Evaluation *evaluation)
{
    Status status = build_cells(evaluation);
    if (status == FINE)
        status = match_all(evaluation);
    if (status == FINE)
        status = rank_categories(evaluation);
    for (int v = 0; v < evaluation->view_count; v++) {
        evaluation->views[v].ranking = evaluation->ranking;
        evaluation->views[v].ranking_start = evaluation->ranking_start;
    }
    return status;
}

static void free_mask(MaskText *mask)
{
    if (mask->kind == MASK_GIVEN)
        free((void *)(uintptr_t)mask->text);
}

void free_evaluation(Evaluation *evaluation)
{
    for (size_t i = 0; i < evaluation->annotation_count; i++)
        free_mask(&evaluation->annotations[i].mask);
    for (size_t i = 0; i < evaluation->prediction_count; i++)
        free_mask(&evaluation->predictions[i].mask);
    ids_free(&evaluation->images);
    ids_free(&evaluation->categories);
    arena_free(&evaluation->arena);
    memset(evaluation, 0, sizeof *evaluation);
}
