/* COCOeval.summarize, and the arrays that accumulate leaves, from the curves of the categories.
 *
 * Everything that is wanted of a category is computed while its predictions are in the processor's
 * cache: reading them is what takes the time. */
#include "summary.h"

#include <stdlib.h>

#include "accumulation.h"
#include "mean.h"
#include "memory.h"
#include "workers.h"

enum {
    AT_HALF = 0,
    AT_THREE_QUARTERS = 5,
    LAST_LIMIT = LIMITS - 1,
    PLANES = RANGES + LAST_LIMIT + RULES,
    SIDE_BY_SIDE = 8 /* categories in a turn: as many doubles as a cache line has */
};

/* Curves of all categories that have something to find in one range, at one limit. */
typedef struct {
    Rule rule;
    int range, limit;
    size_t *slots;     /* per category: its place among those that have; SIZE_MAX for none */
    size_t columns;    /* how many have */
    double *precision; /* [thresholds, recalls, columns]; NULL where only recall is asked for */
    double *recall;    /* [thresholds, columns] */
} Plane;

typedef struct {
    const Evaluation *evaluation;
    Plane planes[PLANES];
    size_t count;
    CurveScratch *scratch; /* one a thread */
} Planes;

static Status plane_work(void *context, int worker, size_t first, size_t last)
{
    const Planes *planes = context;
    for (size_t k = first; k < last; k++) {
        for (size_t p = 0; p < planes->count; p++) {
            const Plane *plane = &planes->planes[p];
            size_t column = plane->slots[k];
            if (column == SIZE_MAX)
                continue;
            Curve curve = {plane->precision ? plane->precision + column : NULL, NULL,
                           plane->recall + column, plane->columns};
            Status status = category_curve(planes->evaluation, plane->rule, k, plane->range,
                                           plane->limit, &planes->scratch[worker], &curve);
            if (status != FINE)
                return status;
        }
    }
    return FINE;
}

static void free_scratches(CurveScratch *scratch, int threads)
{
    for (int i = 0; scratch && i < threads; i++)
        free_curve_scratch(&scratch[i]);
    free(scratch);
}

static void close_planes(Planes *planes)
{
    free_scratches(planes->scratch, planes->evaluation->threads);
    for (size_t p = 0; p < planes->count; p++) {
        free(planes->planes[p].slots);
        free(planes->planes[p].precision);
        free(planes->planes[p].recall);
    }
}

static Status add_plane(Planes *planes, Rule rule, int range, int limit, bool precision)
{
    const Evaluation *evaluation = planes->evaluation;
    size_t categories = evaluation->categories.count;
    Plane *plane = &planes->planes[planes->count++];
    *plane = (Plane){.rule = rule, .range = range, .limit = limit};
    plane->slots = new_items(categories, sizeof *plane->slots);
    if (!plane->slots)
        return NO_MEMORY;
    for (size_t k = 0; k < categories; k++)
        plane->slots[k] = evaluation->positives[k][range] ? plane->columns++ : SIZE_MAX;
    plane->recall = new_items(plane->columns, THRESHOLDS * sizeof *plane->recall);
    if (precision)
        plane->precision = new_items(plane->columns,
                                     (size_t)THRESHOLDS * RECALLS * sizeof *plane->precision);
    return plane->recall && (plane->precision || !precision) ? FINE : NO_MEMORY;
}

/* A plane for each range, then one for each lower limit, then one for each other rule. */
static Status open_planes(Planes *planes, Rule rule)
{
    const Evaluation *evaluation = planes->evaluation;
    Status status = FINE;
    for (int range = 0; range < RANGES && status == FINE; range++)
        status = add_plane(planes, rule, range, LAST_LIMIT, true);
    for (int limit = 0; limit < LAST_LIMIT && status == FINE; limit++)
        status = add_plane(planes, rule, 0, limit, false);
    for (int other = 0; other < RULES && evaluation->any_skipped && status == FINE; other++)
        if (other != (int)rule)
            status = add_plane(planes, (Rule)other, 0, LAST_LIMIT, true);
    planes->scratch = new_items((size_t)evaluation->threads, sizeof *planes->scratch);
    if (status != FINE || !planes->scratch)
        return NO_MEMORY;
    return run_workers(evaluation->threads, evaluation->categories.count, SIDE_BY_SIDE,
                       plane_work, planes);
}

static double mean_precision(const Plane *plane)
{
    return numpy_mean(plane->precision, (size_t)THRESHOLDS * RECALLS * plane->columns);
}

static double mean_recall(const Plane *plane)
{
    return numpy_mean(plane->recall, THRESHOLDS * plane->columns);
}

Status summarize(const Evaluation *evaluation, Rule rule, double stats[STATS],
                 double by_rule[RULES])
{
    Planes planes = {.evaluation = evaluation};
    Status status = open_planes(&planes, rule);
    if (status == FINE) {
        const Plane *all = planes.planes;
        size_t one = RECALLS * all->columns;
        stats[0] = mean_precision(all);
        stats[1] = numpy_mean(all->precision + AT_HALF * one, one);
        stats[2] = numpy_mean(all->precision + AT_THREE_QUARTERS * one, one);
        for (int range = 1; range < RANGES; range++) {
            stats[2 + range] = mean_precision(&all[range]);
            stats[8 + range] = mean_recall(&all[range]);
        }
        for (int limit = 0; limit < LAST_LIMIT; limit++)
            stats[6 + limit] = mean_recall(&all[RANGES + limit]);
        stats[6 + LAST_LIMIT] = mean_recall(all);
        for (int other = 0; other < RULES; other++)
            by_rule[other] = stats[0];
        for (size_t p = RANGES + LAST_LIMIT; p < planes.count; p++)
            by_rule[planes.planes[p].rule] = mean_precision(&planes.planes[p]);
    }
    close_planes(&planes);
    return status;
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
