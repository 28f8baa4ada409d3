/* Which predictions meet which truths. Two stable counting sorts keep the file's order within a
 * cell, which settles ties in pycocotools. */
#include "cells.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

/* What two stable sorts go by. */
typedef struct {
    int32_t image, category;
} Pair;

static int by_image_then_category(Pair pair, Pair other)
{
    if (pair.image != other.image)
        return pair.image < other.image ? -1 : 1;
    return (pair.category > other.category) - (pair.category < other.category);
}

/* Where each of `keys` begins, from how often it occurs: `starts[key + 1]`. */
static void counts_to_starts(uint32_t *starts, size_t keys)
{
    for (size_t key = 0; key < keys; key++)
        starts[key + 1] += starts[key];
}

/* The items in the order of their pairs; equal ones in that of the file. */
static Status sort_pairs(const Evaluation *evaluation, const Pair *pairs, size_t count,
                         uint32_t *order)
{
    size_t images = evaluation->images.count, categories = evaluation->categories.count;
    uint32_t *by_category = new_items(count, sizeof *by_category);
    uint32_t *starts = new_items(images + categories + 2, sizeof *starts);
    Status status = by_category && starts ? FINE : NO_MEMORY;
    if (status == FINE) {
        uint32_t *category_starts = starts, *image_starts = starts + categories + 1;
        for (size_t i = 0; i < count; i++) {
            category_starts[pairs[i].category + 1]++;
            image_starts[pairs[i].image + 1]++;
        }
        counts_to_starts(category_starts, categories);
        counts_to_starts(image_starts, images);
        for (size_t i = 0; i < count; i++)
            by_category[category_starts[pairs[i].category]++] = (uint32_t)i;
        for (size_t i = 0; i < count; i++)
            order[image_starts[pairs[by_category[i]].image]++] = by_category[i];
    }
    free(by_category);
    free(starts);
    return status;
}

/* The end of the items from `first` on that have its pair. */
static size_t end_of_pair(const Pair *pairs, const uint32_t *order, size_t first, size_t count)
{
    size_t last = first + 1;
    while (last < count &&
           by_image_then_category(pairs[order[last]], pairs[order[first]]) == 0)
        last++;
    return last;
}

/* The cells from the heads of both orders; `cells` has room for one an item. */
static size_t make_cells(const Evaluation *evaluation, const Pair *predictions, const Pair *truths,
                         Cell *cells)
{
    const uint32_t *order = evaluation->order, *truth_order = evaluation->truth_order;
    size_t p = 0, t = 0, made = 0;
    while (p < evaluation->prediction_count || t < evaluation->truth_count) {
        int first = p == evaluation->prediction_count ? 1
            : t == evaluation->truth_count ? -1
            : by_image_then_category(predictions[order[p]], truths[truth_order[t]]);
        Pair pair = first > 0 ? truths[truth_order[t]] : predictions[order[p]];
        size_t p_end = first > 0 ? p : end_of_pair(predictions, order, p,
                                                   evaluation->prediction_count);
        size_t t_end = first < 0 ? t : end_of_pair(truths, truth_order, t,
                                                   evaluation->truth_count);
        uint32_t count = (uint32_t)(p_end - p);
        cells[made++] = (Cell){pair.image, pair.category, (uint32_t)p, count,
                               count < MOST_DETECTIONS ? count : MOST_DETECTIONS, 0, (uint32_t)t,
                               (uint32_t)(t_end - t)};
        p = p_end;
        t = t_end;
    }
    return made;
}

/* Cells by category and then image, and where the outcomes of each begin. */
static Status index_by_category(Evaluation *evaluation)
{
    size_t categories = evaluation->categories.count;
    uint32_t *starts = arena_items(&evaluation->arena, categories + 2, sizeof *starts);
    evaluation->by_category = arena_items(&evaluation->arena, evaluation->cell_count,
                                          sizeof *evaluation->by_category);
    if (!starts || !evaluation->by_category)
        return NO_MEMORY;
    /* One place late, so that filling in moves each start to where it belongs. */
    for (size_t i = 0; i < evaluation->cell_count; i++)
        starts[evaluation->cells[i].category + 2]++;
    counts_to_starts(starts + 1, categories);
    for (size_t i = 0; i < evaluation->cell_count; i++)
        evaluation->by_category[starts[evaluation->cells[i].category + 1]++] = (uint32_t)i;
    evaluation->category_start = starts;
    uint32_t place = 0;
    for (size_t i = 0; i < evaluation->cell_count; i++) {
        Cell *cell = &evaluation->cells[evaluation->by_category[i]];
        cell->place = place;
        place += cell->kept;
    }
    return FINE;
}

Status build_cells(Evaluation *evaluation)
{
    size_t count = evaluation->prediction_count, truth_count = evaluation->truth_count;
    Pair *predictions = new_items(count, sizeof *predictions);
    Pair *truths = new_items(truth_count, sizeof *truths);
    evaluation->order = arena_items(&evaluation->arena, count, sizeof *evaluation->order);
    evaluation->truth_order = arena_items(&evaluation->arena, truth_count,
                                          sizeof *evaluation->truth_order);
    evaluation->cells = arena_items(&evaluation->arena, count + truth_count,
                                    sizeof *evaluation->cells);
    Status status = predictions && truths && evaluation->order && evaluation->truth_order &&
                    evaluation->cells ? FINE : NO_MEMORY;
    for (size_t i = 0; i < count && status == FINE; i++)
        predictions[i] = (Pair){evaluation->predictions[i].image,
                                evaluation->predictions[i].category};
    for (size_t i = 0; i < truth_count && status == FINE; i++)
        truths[i] = (Pair){evaluation->truths[i].image, evaluation->truths[i].category};
    if (status == FINE)
        status = sort_pairs(evaluation, predictions, count, evaluation->order);
    if (status == FINE)
        status = sort_pairs(evaluation, truths, truth_count, evaluation->truth_order);
    if (status == FINE)
        evaluation->cell_count = make_cells(evaluation, predictions, truths, evaluation->cells);
    free(predictions);
    free(truths);
    return status == FINE ? index_by_category(evaluation) : status;
}
