/* Processes cells one by one: decodes masks, finds overlaps, matches, applies the skip rules. */
#include "match_all.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/settings.h"
#include "../base/workers.h"
#include "comparing.h"
#include "judging.h"
#include "mask_boxes.h"
#include "matching.h"
#include "polygons.h"
#include "ranking.h"
#include "run_lengths.h"
#include "skip_rule.h"

typedef struct {
    Evaluation *evaluation;
    Scratch *scratch; /* one for each thread */
} Job;

/* Sorts the cell's predictions by score. */
static Status sort_cell(const Evaluation *evaluation, const Cell *cell, Scratch *scratch)
{
    uint32_t *order = evaluation->order + cell->first;
    if (!room_for((void **)&scratch->ranked, &scratch->ranked_capacity, cell->count,
                  sizeof *scratch->ranked) ||
        !room_for((void **)&scratch->spare, &scratch->spare_capacity, cell->count,
                  sizeof *scratch->spare))
        return NO_MEMORY;
    for (uint32_t i = 0; i < cell->count; i++)
        scratch->ranked[i] = (Ranked){evaluation->predictions[order[i]].score, order[i], 0};
    if (cell->count)
        rank_by_score(scratch->ranked, scratch->spare, cell->count);
    for (uint32_t i = 0; i < cell->count; i++)
        order[i] = scratch->ranked[i].position;
    return FINE;
}

/* Decodes or draws a mask at the end of `runs`. Of one that is not `compared` only the area counts. */
static Status take_mask(const MaskText *text, int32_t height, int32_t width, bool compared,
                        RunList *runs, Scratch *scratch, Mask *mask)
{
    if (text->kind == MASK_POLYGONS)
        return draw_polygons(text, height, width, &scratch->drawing, runs, mask);
    return (compared ? decode_mask : measure_mask)(text, height, width, runs, mask);
}

/* Decodes the masks of some annotations of an image, by their places in `gt_order`; a missing area
 * becomes the mask's. */
static Status decode_ground_truth(Evaluation *evaluation, int32_t image, uint32_t first,
                                  uint32_t count, Scratch *scratch)
{
    int32_t height = evaluation->heights[image], width = evaluation->widths[image];
    scratch->gt_runs.used = scratch->gt_bands.used = 0;
    if (!room_for((void **)&scratch->gt_band, &scratch->gt_band_capacity, count,
                  sizeof *scratch->gt_band) ||
        !room_for((void **)&scratch->gt_masks, &scratch->masks_capacity, count,
                  sizeof *scratch->gt_masks))
        return NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        Annotation *gt = &evaluation->annotations[evaluation->gt_order[first + i]];
        Mask *mask = &scratch->gt_masks[i];
        memset(mask, 0, sizeof *mask);
        scratch->gt_band[i].drawn = false;
        if (gt->mask.kind == MASK_NONE)
            continue;
        Status status = gt->mask.kind == MASK_REGION
            ? region_mask(gt->box, height, width, &scratch->gt_runs, mask)
            : take_mask(&gt->mask, height, width, true, &scratch->gt_runs, scratch, mask);
        if (status != FINE)
            return status;
        if (evaluation->masks) {
            tight_box(&scratch->gt_runs, mask, height);
            scratch->gt_no_pixels += mask->area == 0 && gt->mask.kind != MASK_REGION;
        }
        if (!gt->has_area || gt->mask.kind == MASK_REGION)
            gt->area = mask->area;
    }
    return FINE;
}

/* The box given in the file, otherwise pycocotools' box of the mask. */
static void prediction_box(const Evaluation *evaluation, const Cell *cell, uint32_t item,
                           const Mask *mask, double box[4])
{
    if (evaluation->boxes && evaluation->boxes[item][2] >= 0)
        memcpy(box, evaluation->boxes[item], 4 * sizeof *box);
    else
        stock_box(mask, evaluation->heights[cell->image], evaluation->widths[cell->image], box);
}

/* Prefetches the start of a mask that is decoded soon: the predictions of a cell are scattered over
 * the file, and waiting for memory takes half as long as decoding. (GCC removes calls of a function
 * that only prefetches, unless it is always inlined.) */
__attribute__((always_inline)) static inline void fetch_ahead(const Evaluation *evaluation,
                                                              size_t position)
{
    enum { LINE = 64, LINES = 4, RECORDS = 8 };
    if (position + RECORDS >= evaluation->ordered)
        return;
    __builtin_prefetch(&evaluation->predictions[evaluation->order[position + RECORDS]]);
    const MaskText *mask = &evaluation->predictions[evaluation->order[position]].mask;
    for (size_t i = 0; i < LINES * LINE && i < mask->length; i += LINE)
        __builtin_prefetch(mask->text + i);
}

/* Decodes the prediction at `rank` and finds what it overlaps. Beyond the limit of detections, and
 * where there is nothing to overlap, it only measures the mask and checks that it is valid. */
static Status take_prediction(Evaluation *evaluation, const Cell *cell, Scratch *scratch,
                              uint32_t rank)
{
    uint32_t position = cell->first + rank, item = evaluation->order[position];
    const Prediction *prediction = &evaluation->predictions[item];
    int32_t height = evaluation->heights[cell->image], width = evaluation->widths[cell->image];
    bool kept = rank < cell->kept, boxes = !evaluation->masks || evaluation->areas_of_boxes;
    double box[4] = {0, 0, 0, 0};
    Mask mask;
    memset(&mask, 0, sizeof mask);
    scratch->runs.used = 0;
    fetch_ahead(evaluation, (size_t)position + 2);
    bool is_compared = kept && (cell->gt_count || evaluation->judges);
    if (evaluation->needs_masks) {
        Status status = take_mask(&prediction->mask, height, width, boxes || is_compared,
                                  &scratch->runs, scratch, &mask);
        if (status != FINE)
            return status;
    }
    scratch->no_pixels += evaluation->masks && mask.area == 0;
    if (evaluation->needs_masks) {
        /* A tight box is slower than the columns but saves comparisons if there is more than one
         * candidate. */
        if (is_compared && !boxes)
            column_box(&scratch->runs, &mask, height);
        if (boxes || (is_compared &&
                      (evaluation->judges ||
                       likely_partners(evaluation, cell, scratch, &mask) > 1)))
            tight_box(&scratch->runs, &mask, height);
    }
    if (boxes)
        prediction_box(evaluation, cell, item, &mask, box);
    const Settings *settings = &evaluation->settings;
    bool by_box = settings->relative ? !evaluation->masks : evaluation->areas_of_boxes;
    double area = evaluation->given_areas ? evaluation->areas[item]
        : by_box ? box[2] * box[3] : mask.area;
    evaluation->outside[position] = ranges_outside(settings,
                                                   size_of(evaluation, area, cell->image));
    for (int v = 0; v < evaluation->view_count; v++) {
        Evaluation *view = &evaluation->views[v];
        double of_box = box[2] * box[3], own = evaluation->masks ? mask.area : of_box;
        view->outside[position] = ranges_outside(&view->settings,
                                                 size_of(view, own, cell->image));
    }
    if (evaluation->areas_of_boxes && evaluation->masks &&
        evaluation->outside[position] != ranges_outside(settings, mask.area))
        scratch->moved++;
    if (!kept)
        return FINE;
    scratch->candidate_start[rank] = scratch->candidate_count;
    if (evaluation->judges && !see_prediction(evaluation, cell, rank, &scratch->scene))
        return NO_MEMORY;
    if ((evaluation->judges ? scratch->scene.gt_count : cell->gt_count) == 0)
        return FINE;
    double *tight = scratch->tight[rank];
    for (int i = 0; i < 2 && evaluation->masks; i++) {
        tight[i] = mask.box[i];
        tight[i + 2] = mask.box[i + 2] - mask.box[i];
    }
    Compared compared = {&mask, box, tight, {.drawn = false}};
    scratch->bands.used = 0;
    return evaluation->judges ? find_overlaps(evaluation, cell, scratch, &compared)
                              : find_candidates(evaluation, cell, scratch, &compared);
}

/* Matches a cell under every rule, from its candidates. */
static Status match_by_rules(Evaluation *evaluation, const Cell *cell, Scratch *scratch)
{
    Status status = match_cell(evaluation, cell, scratch, false, evaluation->outside + cell->first,
                               evaluation->outcomes[RULE_NONE] + cell->position);
    if (status == FINE && evaluation->any_skipped)
        status = apply_skip_rules(evaluation, cell, scratch);
    return status;
}

/* Matches a cell whose annotations are decoded, under every rule and in every view. */
static Status do_cell(Evaluation *evaluation, const Cell *cell, Scratch *scratch)
{
    Status status = FINE;
    scratch->candidate_count = 0;
    scratch->scene.cell_start = scratch->scene.seen_count;
    if (!room_for((void **)&scratch->candidate_start, &scratch->starts_capacity,
                  (size_t)cell->kept + 1, sizeof *scratch->candidate_start) ||
        !room_for((void **)&scratch->tight, &scratch->tight_capacity, cell->kept,
                  sizeof *scratch->tight))
        return NO_MEMORY;
    for (uint32_t rank = 0; rank < cell->count && status == FINE; rank++)
        status = take_prediction(evaluation, cell, scratch, rank);
    scratch->candidate_start[cell->kept] = scratch->candidate_count;
    if (status == FINE)
        status = match_by_rules(evaluation, cell, scratch);
    for (int v = 0; v < evaluation->view_count && status == FINE; v++)
        status = match_by_rules(&evaluation->views[v], cell, scratch);
    return status;
}

static Status work(void *context, int worker, size_t first, size_t last)
{
    Job *job = context;
    Evaluation *evaluation = job->evaluation;
    Scratch *scratch = &job->scratch[worker];
    for (size_t i = first; i < last; i++) {
        const Cell *cell = &evaluation->cells[i];
        Status status = sort_cell(evaluation, cell, scratch);
        if (status == FINE)
            status = decode_ground_truth(evaluation, cell->image, cell->gt_first, cell->gt_count,
                                         scratch);
        if (status == FINE)
            status = do_cell(evaluation, cell, scratch);
        if (status != FINE)
            return status;
    }
    return FINE;
}

/* The cells of an image, from `first` to `last` (exclusive), all at once: errors are judged across
 * categories. */
static Status do_image(Evaluation *evaluation, const Cell *first, const Cell *last,
                       Scratch *scratch)
{
    Scene *scene = &scratch->scene;
    scene->seen_count = scene->overlap_count = 0;
    scene->gt_first = first->gt_first;
    scene->gt_count = last[-1].gt_first + last[-1].gt_count - first->gt_first;
    Status status = decode_ground_truth(evaluation, first->image, scene->gt_first,
                                        scene->gt_count, scratch);
    for (const Cell *cell = first; cell < last && status == FINE; cell++) {
        scratch->gt_start = cell->gt_first - scene->gt_first;
        status = sort_cell(evaluation, cell, scratch);
        if (status == FINE)
            status = do_cell(evaluation, cell, scratch);
    }
    return status == FINE ? judge_scene(evaluation, scene) : status;
}

/* As `work`, for the images whose first cell is among the given ones. */
static Status work_by_image(void *context, int worker, size_t first, size_t last)
{
    Job *job = context;
    const Cell *cells = job->evaluation->cells, *end = cells + job->evaluation->cell_count;
    const Cell *cell = cells + first, *stop = cells + last;
    while (cell < stop && cell > cells && cell[-1].image == cell->image)
        cell++;
    while (cell < stop) {
        const Cell *next = cell + 1;
        while (next < end && next->image == cell->image)
            next++;
        Status status = do_image(job->evaluation, cell, next, &job->scratch[worker]);
        if (status != FINE)
            return status;
        cell = next;
    }
    return FINE;
}

static void free_scratch(Scratch *scratch)
{
    free(scratch->runs.ends);
    free(scratch->gt_runs.ends);
    free(scratch->gt_masks);
    free_drawing(&scratch->drawing);
    free(scratch->gt_band);
    free_bands(&scratch->bands);
    free_bands(&scratch->gt_bands);
    free(scratch->candidates);
    free(scratch->candidate_start);
    free(scratch->tight);
    free(scratch->absorbing);
    free(scratch->taken);
    free(scratch->skipped);
    free(scratch->ranked);
    free(scratch->spare);
    free_scene(&scratch->scene);
}

/* Allocates what matching fills, in the arena of `arena`. */
static Status allocate_outcomes(Evaluation *evaluation, Arena *arena)
{
    size_t count = evaluation->ordered;
    evaluation->any_skipped = evaluation->masks && evaluation->skipped > 0;
    evaluation->outside = arena_items(arena, count, sizeof *evaluation->outside);
    evaluation->positives = arena_items(arena, evaluation->categories.count,
                                        sizeof *evaluation->positives);
    if (!evaluation->outside || !evaluation->positives)
        return NO_MEMORY;
    if (evaluation->records) {
        evaluation->chosen = arena_items(arena, count, sizeof *evaluation->chosen);
        if (!evaluation->chosen)
            return NO_MEMORY;
    }
    if (evaluation->judges) {
        evaluation->judgements = arena_items(arena, count, sizeof *evaluation->judgements);
        evaluation->fates = arena_items(arena, evaluation->annotation_count, 1);
        if (!evaluation->judgements || !evaluation->fates)
            return NO_MEMORY;
    }
    for (Rule rule = RULE_NONE; rule < RULES; rule++) {
        evaluation->outcomes[rule] = rule == RULE_NONE || evaluation->any_skipped
            ? arena_items(arena, count, sizeof(Outcome))
            : evaluation->outcomes[RULE_NONE];
        if (!evaluation->outcomes[rule])
            return NO_MEMORY;
    }
    return FINE;
}

/* Counts the annotations to find, by category and area range. */
static void count_positives(Evaluation *evaluation)
{
    for (size_t i = 0; i < evaluation->gt_ordered; i++) {
        const Annotation *gt = &evaluation->annotations[evaluation->gt_order[i]];
        if (gt->crowd || (evaluation->masks && gt->skipped))
            continue;
        uint8_t outside = annotation_outside(evaluation, gt);
        int32_t category = evaluation->selection.merged ? 0 : gt->category;
        for (int a = 0; a < RANGES; a++)
            evaluation->positives[category][a] += !(outside >> a & 1);
    }
}

/* Makes the views what the evaluation is by now, with ranges of their own. */
static Status start_views(Evaluation *evaluation)
{
    Status status = FINE;
    for (int v = 0; v < evaluation->view_count && status == FINE; v++) {
        Settings settings = evaluation->views[v].settings;
        Evaluation *view = &evaluation->views[v];
        *view = *evaluation;
        view->settings = evaluation->settings;
        memcpy(view->settings.ranges, settings.ranges, sizeof settings.ranges);
        view->settings.relative = settings.relative;
        view->is_view = true;
        view->views = NULL;
        view->view_count = 0;
        view->judges = view->records = false;
        view->chosen = NULL;
        memset(&view->arena, 0, sizeof view->arena);
        status = allocate_outcomes(view, &evaluation->arena);
    }
    return status;
}

Status match_all(Evaluation *evaluation)
{
    Job job = {evaluation, new_items((size_t)evaluation->threads, sizeof *job.scratch)};
    Status status = job.scratch ? allocate_outcomes(evaluation, &evaluation->arena)
                                  : NO_MEMORY;
    if (status == FINE)
        status = start_views(evaluation);
    if (status == FINE)
        status = run_workers(evaluation->threads, evaluation->cell_count, 256,
                             evaluation->judges ? work_by_image : work, &job);
    for (int i = 0; i < evaluation->threads && job.scratch; i++) {
        for (Rule rule = RULE_NONE; rule < RULES; rule++)
            for (int t = 0; t < THRESHOLDS; t++)
                evaluation->absorbed[rule][t] += job.scratch[i].absorbed[rule][t];
        evaluation->moved += job.scratch[i].moved;
        evaluation->no_pixels += job.scratch[i].no_pixels;
        evaluation->gt_no_pixels += job.scratch[i].gt_no_pixels;
        free_scratch(&job.scratch[i]);
    }
    free(job.scratch);
    if (status != FINE)
        return status;
    count_positives(evaluation);
    for (int v = 0; v < evaluation->view_count; v++)
        count_positives(&evaluation->views[v]);
    return FINE;
}
