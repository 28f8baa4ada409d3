/* Groups predictions and annotations by image and category. Two stable counting sorts keep the file
 * order within a cell, which decides ties in pycocotools. */
#include "cells.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

/* The sort key. */
typedef struct {
    int32_t image, category;
} Pair;

static int by_image_then_category(Pair pair, Pair other)
{
    if (pair.image != other.image)
        return pair.image < other.image ? -1 : 1;
    return (pair.category > other.category) - (pair.category < other.category);
}

/* Turns counts into start indices, in place: `starts[key + 1]` is the number of items of `key`
 * before, and where they end after. */
static void counts_to_starts(uint32_t *starts, size_t keys)
{
    for (size_t key = 0; key < keys; key++)
        starts[key + 1] += starts[key];
}

/* Whether an item takes part. */
static bool is_selected(const Selection *selection, Pair pair)
{
    return (!selection->images || selection->images[pair.image]) &&
           (!selection->categories || selection->categories[pair.category]);
}

/* Sorts the selected items by pair and sets their number; equal pairs stay in file order. */
static Status sort_pairs(const Evaluation *evaluation, const Pair *pairs, size_t count,
                         uint32_t *order, size_t *ordered)
{
    size_t images = evaluation->images.count, categories = evaluation->categories.count;
    uint32_t *by_category = new_items(count, sizeof *by_category);
    uint32_t *starts = new_items(images + categories + 2, sizeof *starts);
    Status status = by_category && starts ? FINE : NO_MEMORY;
    *ordered = 0;
    if (status == FINE) {
        uint32_t *category_starts = starts, *image_starts = starts + categories + 1;
        for (size_t i = 0; i < count; i++) {
            if (!is_selected(&evaluation->selection, pairs[i]))
                continue;
            category_starts[pairs[i].category + 1]++;
            image_starts[pairs[i].image + 1]++;
            ++*ordered;
        }
        counts_to_starts(category_starts, categories);
        counts_to_starts(image_starts, images);
        for (size_t i = 0; i < count; i++)
            if (is_selected(&evaluation->selection, pairs[i]))
                by_category[category_starts[pairs[i].category]++] = (uint32_t)i;
        for (size_t i = 0; i < *ordered; i++)
            order[image_starts[pairs[by_category[i]].image]++] = by_category[i];
    }
    free(by_category);
    free(starts);
    return status;
}

/* Makes one category of all, once items are sorted. */
static void merge_categories(Pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pairs[i].category = 0;
}

/* The end of the run of items that have the same pair as item `first`. */
static size_t end_of_pair(const Pair *pairs, const uint32_t *order, size_t first, size_t count)
{
    size_t last = first + 1;
    while (last < count &&
           by_image_then_category(pairs[order[last]], pairs[order[first]]) == 0)
        last++;
    return last;
}

/* Merges both orders into cells; `cells` has room for one for each item. Returns the number of
 * cells. */
static size_t make_cells(const Evaluation *evaluation, const Pair *predictions, const Pair *gts,
                         Cell *cells)
{
    const uint32_t *order = evaluation->order, *gt_order = evaluation->gt_order;
    size_t p = 0, t = 0, made = 0;
    while (p < evaluation->ordered || t < evaluation->gt_ordered) {
        int first = p == evaluation->ordered ? 1
            : t == evaluation->gt_ordered ? -1
            : by_image_then_category(predictions[order[p]], gts[gt_order[t]]);
        Pair pair = first > 0 ? gts[gt_order[t]] : predictions[order[p]];
        size_t p_end = first > 0 ? p : end_of_pair(predictions, order, p,
                                                   evaluation->ordered);
        size_t t_end = first < 0 ? t : end_of_pair(gts, gt_order, t,
                                                   evaluation->gt_ordered);
        uint32_t count = (uint32_t)(p_end - p), most = evaluation->settings.most;
        cells[made++] = (Cell){pair.image, pair.category, (uint32_t)p, count,
                               count < most ? count : most, 0, (uint32_t)t,
                               (uint32_t)(t_end - t)};
        p = p_end;
        t = t_end;
    }
    return made;
}

/* Lists the cells by category, then image, and sets the position of the first outcome of each. */
static Status index_by_category(Evaluation *evaluation)
{
    size_t categories = evaluation->categories.count;
    uint32_t *starts = arena_items(&evaluation->arena, categories + 2, sizeof *starts);
    evaluation->by_category = arena_items(&evaluation->arena, evaluation->cell_count,
                                          sizeof *evaluation->by_category);
    if (!starts || !evaluation->by_category)
        return NO_MEMORY;
    /* Offset by one, so that filling in leaves each start at its final index. */
    for (size_t i = 0; i < evaluation->cell_count; i++)
        starts[evaluation->cells[i].category + 2]++;
    counts_to_starts(starts + 1, categories);
    for (size_t i = 0; i < evaluation->cell_count; i++)
        evaluation->by_category[starts[evaluation->cells[i].category + 1]++] = (uint32_t)i;
    evaluation->category_start = starts;
    uint32_t position = 0;
    for (size_t i = 0; i < evaluation->cell_count; i++) {
        Cell *cell = &evaluation->cells[evaluation->by_category[i]];
        cell->position = position;
        position += cell->kept;
    }
    return FINE;
}

Status build_cells(Evaluation *evaluation)
{
    size_t count = evaluation->prediction_count, gt_count = evaluation->annotation_count;
    Pair *predictions = new_items(count, sizeof *predictions);
    Pair *gts = new_items(gt_count, sizeof *gts);
    evaluation->order = arena_items(&evaluation->arena, count, sizeof *evaluation->order);
    evaluation->gt_order = arena_items(&evaluation->arena, gt_count,
                                          sizeof *evaluation->gt_order);
    evaluation->cells = arena_items(&evaluation->arena, count + gt_count,
                                    sizeof *evaluation->cells);
    Status status = predictions && gts && evaluation->order && evaluation->gt_order &&
                    evaluation->cells ? FINE : NO_MEMORY;
    for (size_t i = 0; i < count && status == FINE; i++)
        predictions[i] = (Pair){evaluation->predictions[i].image,
                                evaluation->predictions[i].category};
    for (size_t i = 0; i < gt_count && status == FINE; i++)
        gts[i] = (Pair){evaluation->annotations[i].image, evaluation->annotations[i].category};
    if (status == FINE)
        status = sort_pairs(evaluation, predictions, count, evaluation->order,
                            &evaluation->ordered);
    if (status == FINE)
        status = sort_pairs(evaluation, gts, gt_count, evaluation->gt_order,
                            &evaluation->gt_ordered);
    if (status == FINE && evaluation->selection.merged) {
        merge_categories(predictions, count);
        merge_categories(gts, gt_count);
    }
    if (status == FINE)
        evaluation->cell_count = make_cells(evaluation, predictions, gts, evaluation->cells);
    free(predictions);
    free(gts);
    return status == FINE ? index_by_category(evaluation) : status;
}
