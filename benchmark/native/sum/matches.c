/* Exports the matches of a category, prediction by prediction. */
#include "matches.h"

#include <string.h>

#include "../base/settings.h"

/* Whether an annotation is one to find, whatever its area. */
static bool is_object(const Evaluation *evaluation, const Annotation *gt)
{
    return !gt->crowd && !(evaluation->masks && gt->skipped);
}

static void fill_cell(const Evaluation *evaluation, const Outcome *outcomes, const Cell *cell,
                      size_t count, size_t first, const Matches *out)
{
    for (uint32_t rank = 0; rank < cell->kept; rank++) {
        uint32_t position = cell->position + rank, item = evaluation->order[cell->first + rank];
        size_t i = first + rank;
        out->image[i] = cell->image;
        out->prediction[i] = item;
        out->score[i] = evaluation->predictions[item].score;
        for (size_t bit = 0; bit < CURVES; bit++) {
            out->matched[bit * count + i] = outcomes[position].matched >> bit & 1;
            out->ignored[bit * count + i] = outcomes[position].ignored >> bit & 1;
        }
    }
    for (uint32_t i = 0; i < cell->gt_count; i++) {
        const Annotation *gt =
            &evaluation->annotations[evaluation->gt_order[cell->gt_first + i]];
        if (!is_object(evaluation, gt))
            continue;
        uint8_t outside = annotation_outside(evaluation, gt);
        for (size_t a = 0; a < RANGES; a++)
            out->positives[a * evaluation->images.count + (size_t)cell->image] +=
                !(outside >> a & 1);
    }
}

void fill_matches(const Evaluation *evaluation, Rule rule, size_t category, const Matches *out)
{
    size_t count = evaluation->ranking_start[category + 1] - evaluation->ranking_start[category];
    size_t done = 0;
    memset(out->positives, 0, RANGES * evaluation->images.count * sizeof *out->positives);
    for (uint32_t c = evaluation->category_start[category];
         c < evaluation->category_start[category + 1]; c++) {
        const Cell *cell = &evaluation->cells[evaluation->by_category[c]];
        fill_cell(evaluation, evaluation->outcomes[rule], cell, count, done, out);
        done += cell->kept;
    }
}

void count_absorbed(const Evaluation *evaluation, Rule rule, int64_t *counts)
{
    const Outcome *with = evaluation->outcomes[rule], *without = evaluation->outcomes[RULE_NONE];
    memset(counts, 0, evaluation->categories.count * sizeof *counts);
    for (size_t i = 0; i < evaluation->cell_count; i++) {
        const Cell *cell = &evaluation->cells[i];
        for (uint32_t rank = 0; rank < cell->kept; rank++)
            counts[cell->category] += with[cell->position + rank].ignored &
                                      ~without[cell->position + rank].ignored & 1;
    }
}

void find_images_with_objects(const Evaluation *evaluation, uint8_t *found)
{
    for (size_t i = 0; i < evaluation->gt_ordered; i++) {
        const Annotation *gt = &evaluation->annotations[evaluation->gt_order[i]];
        if (is_object(evaluation, gt) && !(annotation_outside(evaluation, gt) & 1))
            found[(size_t)gt->category * evaluation->images.count + (size_t)gt->image] = 1;
    }
}

void count_image_positives(const Evaluation *evaluation, int64_t *counts)
{
    size_t images = evaluation->images.count;
    memset(counts, 0, RANGES * images * sizeof *counts);
    for (size_t i = 0; i < evaluation->gt_ordered; i++) {
        const Annotation *gt = &evaluation->annotations[evaluation->gt_order[i]];
        uint8_t outside = annotation_outside(evaluation, gt);
        for (size_t a = 0; a < RANGES && is_object(evaluation, gt); a++)
            counts[a * images + (size_t)gt->image] += !(outside >> a & 1);
    }
}
