/* COCOeval.summarize, and the arrays that accumulate leaves, from the curves of the categories. */
#include "summary.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/workers.h"
#include "accumulation.h"
#include "mean.h"

enum {
    AT_HALF = 0,
    AT_THREE_QUARTERS = 5,
    LAST_LIMIT = LIMITS - 1
};

/* One mean of the summary: the curves of a rule, range and limit, and what is made of them. */
typedef struct {
    Rule rule;
    int range, limit;
    double ap, ap_half, ap_three_quarters, ar; /* precisions at the last limit only */
} View;

enum { VIEWS = RANGES + LAST_LIMIT + RULES };

/* Room for the curves of all categories that have something to find. One plane serves for all views of
 * a thread in turn: new memory would cost more than the curves. */
typedef struct {
    size_t *slots;     /* per category: its place among those that have; SIZE_MAX for none */
    double *precision; /* [thresholds, recalls, those that have] */
    double *recall;    /* [thresholds, those that have] */
    CurveScratch scratch;
} Plane;

typedef struct {
    const Evaluation *evaluation;
    View *views;
    Plane *planes; /* one a thread */
} Summary;

static bool open_plane(Plane *plane, Arena *arena, size_t categories)
{
    size_t rows = (size_t)THRESHOLDS * RECALLS;
    plane->slots = arena_items(arena, categories, sizeof *plane->slots);
    plane->recall = arena_items(arena, categories, THRESHOLDS * sizeof *plane->recall);
    plane->precision = arena_items(arena, categories, rows * sizeof *plane->precision);
    return plane->slots && plane->recall && plane->precision;
}

static Status look(const Evaluation *evaluation, Plane *plane, View *view)
{
    size_t categories = evaluation->categories.count, columns = 0;
    size_t one, all;
    bool precisely = view->limit == LAST_LIMIT;
    for (size_t k = 0; k < categories; k++)
        plane->slots[k] = evaluation->positives[k][view->range] ? columns++ : SIZE_MAX;
    one = RECALLS * columns;
    all = THRESHOLDS * one;
    memset(plane->recall, 0, THRESHOLDS * columns * sizeof *plane->recall);
    if (precisely)
        memset(plane->precision, 0, all * sizeof *plane->precision);
    for (size_t k = 0; k < categories; k++) {
        size_t column = plane->slots[k];
        if (column == SIZE_MAX)
            continue;
        Curve curve = {precisely ? plane->precision + column : NULL, NULL,
                       plane->recall + column, columns};
        Status status = category_curve(evaluation, view->rule, k, view->range, view->limit,
                                       &plane->scratch, &curve);
        if (status != FINE)
            return status;
    }
    view->ar = numpy_mean(plane->recall, THRESHOLDS * columns);
    if (precisely) {
        view->ap = numpy_mean(plane->precision, all);
        view->ap_half = numpy_mean(plane->precision + AT_HALF * one, one);
        view->ap_three_quarters = numpy_mean(plane->precision + AT_THREE_QUARTERS * one, one);
    }
    return FINE;
}

static Status view_work(void *context, int worker, size_t first, size_t last)
{
    const Summary *summary = context;
    const Evaluation *evaluation = summary->evaluation;
    Plane *plane = &summary->planes[worker];
    for (size_t i = first; i < last; i++) {
        Status status = look(evaluation, plane, &summary->views[i]);
        if (status != FINE)
            return status;
    }
    return FINE;
}

Status summarize(const Evaluation *evaluation, Rule rule, double stats[STATS],
                 double by_rule[RULES])
{
    View views[VIEWS];
    size_t count = 0;
    for (int range = 0; range < RANGES; range++)
        views[count++] = (View){.rule = rule, .range = range, .limit = LAST_LIMIT};
    for (int other = 0; other < RULES; other++)
        if (other != (int)rule && evaluation->any_skipped)
            views[count++] = (View){.rule = (Rule)other, .range = 0, .limit = LAST_LIMIT};
    for (int limit = 0; limit < LAST_LIMIT; limit++) /* last: the quickest */
        views[count++] = (View){.rule = rule, .range = 0, .limit = limit};
    int threads = smaller(evaluation->threads, (int)count);
    Plane planes[VIEWS];
    Arena arena = {NULL};
    bool room = true;
    memset(planes, 0, sizeof planes);
    for (int i = 0; i < threads; i++)
        room = room && open_plane(&planes[i], &arena, evaluation->categories.count);
    Summary summary = {evaluation, views, planes};
    Status status = room ? run_workers(threads, count, 1, view_work, &summary) : NO_MEMORY;
    for (int i = 0; i < threads; i++)
        free_curve_scratch(&planes[i].scratch);
    arena_free(&arena);
    if (status != FINE)
        return status;
    for (int other = 0; other < RULES; other++)
        by_rule[other] = views[0].ap;
    stats[0] = views[0].ap;
    stats[1] = views[0].ap_half;
    stats[2] = views[0].ap_three_quarters;
    for (size_t i = 0; i < count; i++) {
        const View *view = &views[i];
        if (view->limit != LAST_LIMIT)
            stats[6 + view->limit] = view->ar;
        else if (view->rule != rule)
            by_rule[view->rule] = view->ap;
        else
            stats[8 + view->range] = view->ar;
        if (view->range > 0)
            stats[2 + view->range] = view->ap;
    }
    return FINE;
}

static void free_scratches(CurveScratch *scratch, int threads)
{
    for (int i = 0; scratch && i < threads; i++)
        free_curve_scratch(&scratch[i]);
    free(scratch);
}

typedef struct {
    const Evaluation *evaluation;
    Rule rule;
    double *precision, *recall, *scores;
    CurveScratch *scratch; /* one a thread */
} Fill;

static void fill_absent(const Curve *curve)
{
    for (size_t i = 0; i < (size_t)THRESHOLDS * RECALLS; i++)
        curve->precision[i * curve->stride] = curve->scores[i * curve->stride] = -1;
    for (size_t t = 0; t < THRESHOLDS; t++)
        curve->recall[t * curve->stride] = -1;
}

static Status fill_work(void *context, int worker, size_t first, size_t last)
{
    const Fill *fill = context;
    size_t stride = fill->evaluation->categories.count * RANGES * LIMITS;
    for (size_t item = first; item < last; item++) {
        size_t k = item / (RANGES * LIMITS);
        int range = (int)(item % (RANGES * LIMITS) / LIMITS), limit = (int)(item % LIMITS);
        Curve curve = {fill->precision + item, fill->scores + item, fill->recall + item, stride};
        if (fill->evaluation->positives[k][range] == 0) {
            fill_absent(&curve);
            continue;
        }
        Status status = category_curve(fill->evaluation, fill->rule, k, range, limit,
                                       &fill->scratch[worker], &curve);
        if (status != FINE)
            return status;
    }
    return FINE;
}

Status fill_curves(const Evaluation *evaluation, Rule rule, double *precision, double *recall,
                   double *scores)
{
    Fill fill = {evaluation, rule, precision, recall, scores,
                 new_items((size_t)evaluation->threads, sizeof *fill.scratch)};
    if (!fill.scratch)
        return NO_MEMORY;
    Status status = run_workers(evaluation->threads,
                                evaluation->categories.count * RANGES * LIMITS,
                                RANGES * LIMITS, fill_work, &fill);
    free_scratches(fill.scratch, evaluation->threads);
    return status;
}
