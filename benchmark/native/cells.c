/* Which predictions meet which truths. Two stable counting sorts keep the file's order within a
 * cell, which settles ties in pycocotools. */
#include "cells.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

typedef int32_t (*Key)(const Evaluation *evaluation, uint32_t item);

static int32_t prediction_image(const Evaluation *e, uint32_t i) { return e->predictions[i].image; }
static int32_t prediction_category(const Evaluation *e, uint32_t i)
{
    return e->predictions[i].category;
}
static int32_t truth_image(const Evaluation *e, uint32_t i) { return e->truths[i].image; }
static int32_t truth_category(const Evaluation *e, uint32_t i) { return e->truths[i].category; }
static int32_t cell_category(const Evaluation *e, uint32_t i) { return e->cells[i].category; }

/* `to` holds the items of `from` (NULL: 0, 1, 2 ...) by key; `starts` (keys + 1) where each
 * begins. */
static void counting_sort(const Evaluation *evaluation, const uint32_t *from, uint32_t *to,
                          size_t count, Key key, uint32_t *starts, size_t keys)
{
    memset(starts, 0, (keys + 1) * sizeof *starts);
    for (size_t i = 0; i < count; i++)
        starts[key(evaluation, from ? from[i] : (uint32_t)i) + 1]++;
    for (size_t k = 0; k < keys; k++)
        starts[k + 1] += starts[k];
    for (size_t i = 0; i < count; i++) {
        uint32_t item = from ? from[i] : (uint32_t)i;
        to[starts[key(evaluation, item)]++] = item;
    }
    memmove(starts + 1, starts, keys * sizeof *starts); /* back to where each begins */
    starts[0] = 0;
}

static Status sort_pairs(Evaluation *evaluation, size_t count, Key image, Key category,
                         uint32_t **order)
{
    size_t images = evaluation->images.count, categories = evaluation->categories.count;
    size_t most = images > categories ? images : categories;
    uint32_t *first = new_items(count, sizeof *first);
    uint32_t *starts = new_items(most + 1, sizeof *starts);
    *order = arena_items(&evaluation->arena, count, sizeof **order);
    Status status = first && starts && *order ? FINE : NO_MEMORY;
    if (status == FINE) {
        counting_sort(evaluation, NULL, first, count, category, starts, categories);
        counting_sort(evaluation, first, *order, count, image, starts, images);
    }
    free(first);
    free(starts);
    return status;
}

static int compare_pairs(int32_t image, int32_t category, int32_t other, int32_t other_category)
{
    if (image != other)
        return image < other ? -1 : 1;
    return (category > other_category) - (category < other_category);
}

/* One cell from the heads of both orders; `cell` may be NULL to count only. */
static void take_cell(const Evaluation *evaluation, size_t *p, size_t *t, Cell *cell)
{
    size_t predictions = evaluation->prediction_count, truths = evaluation->truth_count;
    const Prediction *guess = *p < predictions
        ? &evaluation->predictions[evaluation->order[*p]] : NULL;
    const Truth *truth = *t < truths ? &evaluation->truths[evaluation->truth_order[*t]] : NULL;
    bool by_truth = truth && (!guess || compare_pairs(truth->image, truth->category, guess->image,
                                                      guess->category) < 0);
    Cell found = {by_truth ? truth->image : guess->image,
                  by_truth ? truth->category : guess->category,
                  (uint32_t)*p, 0, 0, 0, (uint32_t)*t, 0};
    while (*p < predictions) {
        guess = &evaluation->predictions[evaluation->order[*p]];
        if (guess->image != found.image || guess->category != found.category)
            break;
        ++*p;
    }
    while (*t < truths) {
        truth = &evaluation->truths[evaluation->truth_order[*t]];
        if (truth->image != found.image || truth->category != found.category)
            break;
        ++*t;
    }
    found.count = (uint32_t)*p - found.first;
    found.kept = found.count < MOST_DETECTIONS ? found.count : MOST_DETECTIONS;
    found.truth_count = (uint32_t)*t - found.truth_first;
    if (cell)
        *cell = found;
}

static Status make_cells(Evaluation *evaluation)
{
    size_t p = 0, t = 0, count = 0;
    while (p < evaluation->prediction_count || t < evaluation->truth_count) {
        take_cell(evaluation, &p, &t, NULL);
        count++;
    }
    evaluation->cells = arena_items(&evaluation->arena, count, sizeof *evaluation->cells);
    if (!evaluation->cells)
        return NO_MEMORY;
    p = t = 0;
    for (size_t i = 0; i < count; i++)
        take_cell(evaluation, &p, &t, &evaluation->cells[i]);
    evaluation->cell_count = count;
    return FINE;
}

Status build_cells(Evaluation *evaluation)
{
    size_t categories = evaluation->categories.count;
    Status status = sort_pairs(evaluation, evaluation->prediction_count, prediction_image,
                               prediction_category, &evaluation->order);
    if (status == FINE)
        status = sort_pairs(evaluation, evaluation->truth_count, truth_image, truth_category,
                            &evaluation->truth_order);
    if (status == FINE)
        status = make_cells(evaluation);
    if (status != FINE)
        return status;
    evaluation->by_category = arena_items(&evaluation->arena, evaluation->cell_count,
                                          sizeof *evaluation->by_category);
    evaluation->category_start = arena_items(&evaluation->arena, categories + 1,
                                             sizeof *evaluation->category_start);
    if (!evaluation->by_category || !evaluation->category_start)
        return NO_MEMORY;
    counting_sort(evaluation, NULL, evaluation->by_category, evaluation->cell_count,
                  cell_category, evaluation->category_start, categories);
    uint32_t place = 0;
    for (size_t i = 0; i < evaluation->cell_count; i++) {
        Cell *cell = &evaluation->cells[evaluation->by_category[i]];
        cell->place = place;
        place += cell->kept;
    }
    return FINE;
}
