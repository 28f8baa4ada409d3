/* COCOeval.summarize, and the arrays that accumulate leaves, from the curves of the categories. */
#include "summary.h"

#include <stdlib.h>

#include "accumulation.h"
#include "mean.h"
#include "memory.h"
#include "workers.h"

enum { AT_HALF = 0, AT_THREE_QUARTERS = 5, LAST_LIMIT = LIMITS - 1 };

typedef struct {
    CurveScratch room;
    Curve curve;
} Desk;

/* Curves of all categories that have something to find in one range, at one limit. */
typedef struct {
    const Evaluation *evaluation;
    Rule rule;
    int range, limit;
    size_t *slots;     /* per category: its place among those that have; SIZE_MAX for none */
    size_t columns;    /* how many have */
    double *precision; /* [thresholds, recalls, columns]; NULL where only recall is asked for */
    double *recall;    /* [thresholds, columns] */
    Desk *desks;       /* one a thread */
} Plane;

static Status plane_work(void *context, int worker, size_t first, size_t last)
{
    const Plane *plane = context;
    Desk *desk = &plane->desks[worker];
    for (size_t k = first; k < last; k++) {
        size_t column = plane->slots[k];
        if (column == SIZE_MAX)
            continue;
        Status status = category_curve(plane->evaluation, plane->rule, k, plane->range,
                                       plane->limit, &desk->room, &desk->curve);
        if (status != FINE)
            return status;
        for (size_t t = 0; t < THRESHOLDS; t++) {
            plane->recall[t * plane->columns + column] = desk->curve.recall[t];
            for (size_t r = 0; plane->precision && r < RECALLS; r++)
                plane->precision[(t * RECALLS + r) * plane->columns + column] =
                    desk->curve.precision[t][r];
        }
    }
    return FINE;
}

static void close_plane(Plane *plane)
{
    for (int i = 0; plane->desks && i < plane->evaluation->threads; i++)
        free_curve_scratch(&plane->desks[i].room);
    free(plane->slots);
    free(plane->precision);
    free(plane->recall);
    free(plane->desks);
}

/* Computes a plane; to be closed in any case. */
static Status open_plane(Plane *plane, const Evaluation *evaluation, Rule rule, int range,
                         int limit, bool precision)
{
    size_t categories = evaluation->categories.count;
    *plane = (Plane){.evaluation = evaluation, .rule = rule, .range = range, .limit = limit};
    plane->slots = new_items(categories, sizeof *plane->slots);
    plane->desks = new_items((size_t)evaluation->threads, sizeof *plane->desks);
    if (!plane->slots || !plane->desks)
        return NO_MEMORY;
    for (size_t k = 0; k < categories; k++)
        plane->slots[k] = evaluation->positives[k][range] ? plane->columns++ : SIZE_MAX;
    plane->recall = new_items(plane->columns, THRESHOLDS * sizeof *plane->recall);
    if (precision)
        plane->precision = new_items(plane->columns,
                                     (size_t)THRESHOLDS * RECALLS * sizeof *plane->precision);
    if (!plane->recall || (precision && !plane->precision))
        return NO_MEMORY;
    return run_workers(evaluation->threads, categories, 4, plane_work, plane);
}

Status average_precision(const Evaluation *evaluation, Rule rule, double *precision)
{
    Plane plane;
    Status status = open_plane(&plane, evaluation, rule, 0, LAST_LIMIT, true);
    if (status == FINE)
        *precision = numpy_mean(plane.precision, (size_t)THRESHOLDS * RECALLS * plane.columns);
    close_plane(&plane);
    return status;
}

/* AP, AP50, AP75 and AR100, or AP and AR of one size. */
static Status summarize_range(const Evaluation *evaluation, Rule rule, int range,
                              double stats[STATS])
{
    Plane plane;
    Status status = open_plane(&plane, evaluation, rule, range, LAST_LIMIT, true);
    if (status == FINE) {
        size_t one = RECALLS * plane.columns;
        double ap = numpy_mean(plane.precision, THRESHOLDS * one);
        double ar = numpy_mean(plane.recall, THRESHOLDS * plane.columns);
        stats[range == 0 ? 0 : 2 + range] = ap;
        stats[8 + range] = ar;
        if (range == 0) {
            stats[1] = numpy_mean(plane.precision + AT_HALF * one, one);
            stats[2] = numpy_mean(plane.precision + AT_THREE_QUARTERS * one, one);
        }
    }
    close_plane(&plane);
    return status;
}

Status summarize(const Evaluation *evaluation, Rule rule, double stats[STATS])
{
    Status status = FINE;
    for (int range = 0; range < RANGES && status == FINE; range++)
        status = summarize_range(evaluation, rule, range, stats);
    for (int limit = 0; limit < LAST_LIMIT && status == FINE; limit++) {
        Plane plane;
        status = open_plane(&plane, evaluation, rule, 0, limit, false);
        if (status == FINE)
            stats[6 + limit] = numpy_mean(plane.recall, THRESHOLDS * plane.columns);
        close_plane(&plane);
    }
    return status;
}

typedef struct {
    const Evaluation *evaluation;
    Rule rule;
    double *precision, *recall, *scores;
    Desk *desks;
} Fill;

static Status fill_work(void *context, int worker, size_t first, size_t last)
{
    const Fill *fill = context;
    Desk *desk = &fill->desks[worker];
    size_t categories = fill->evaluation->categories.count;
    for (size_t item = first; item < last; item++) {
        size_t k = item / (RANGES * LIMITS), cell = item % (RANGES * LIMITS);
        Status status = category_curve(fill->evaluation, fill->rule, k, (int)(cell / LIMITS),
                                       (int)(cell % LIMITS), &desk->room, &desk->curve);
        if (status != FINE)
            return status;
        for (size_t t = 0; t < THRESHOLDS; t++) {
            fill->recall[(t * categories + k) * RANGES * LIMITS + cell] = desk->curve.recall[t];
            for (size_t r = 0; r < RECALLS; r++) {
                size_t at = ((t * RECALLS + r) * categories + k) * RANGES * LIMITS + cell;
                fill->precision[at] = desk->curve.precision[t][r];
                fill->scores[at] = desk->curve.scores[t][r];
            }
        }
    }
    return FINE;
}

Status fill_curves(const Evaluation *evaluation, Rule rule, double *precision, double *recall,
                   double *scores)
{
    Fill fill = {evaluation, rule, precision, recall, scores,
                 new_items((size_t)evaluation->threads, sizeof *fill.desks)};
    if (!fill.desks)
        return NO_MEMORY;
    Status status = run_workers(evaluation->threads,
                                evaluation->categories.count * RANGES * LIMITS,
                                RANGES * LIMITS, fill_work, &fill);
    for (int i = 0; i < evaluation->threads; i++)
        free_curve_scratch(&fill.desks[i].room);
    free(fill.desks);
    return status;
}
