/* COCOeval.summarize, and the arrays that accumulate leaves, from the curves of the categories. */
#include "summary.h"

#include <stdlib.h>
#include <string.h>

#include "accumulation.h"
#include "mean.h"
#include "memory.h"
#include "workers.h"

enum {
    AT_HALF = 0,
    AT_THREE_QUARTERS = 5,
    LAST_LIMIT = LIMITS - 1,
    SIDE_BY_SIDE = 8 /* categories in a turn: as many doubles as a cache line has */
};

/* Curves of all categories that have something to find in one range, at one limit. One plane serves
 * for all ranges, limits and rules in turn: new memory would cost more than the curves. */
typedef struct {
    const Evaluation *evaluation;
    Rule rule;
    int range, limit;
    bool with_precision;
    size_t *slots;     /* per category: its place among those that have; SIZE_MAX for none */
    size_t columns;    /* how many have */
    double *precision; /* [thresholds, recalls, columns] */
    double *recall;    /* [thresholds, columns] */
    CurveScratch *scratch; /* one a thread */
} Plane;

static Status plane_work(void *context, int worker, size_t first, size_t last)
{
    const Plane *plane = context;
    for (size_t k = first; k < last; k++) {
        size_t column = plane->slots[k];
        if (column == SIZE_MAX)
            continue;
        Curve curve = {plane->with_precision ? plane->precision + column : NULL, NULL,
                       plane->recall + column, plane->columns};
        Status status = category_curve(plane->evaluation, plane->rule, k, plane->range,
                                       plane->limit, &plane->scratch[worker], &curve);
        if (status != FINE)
            return status;
    }
    return FINE;
}

static Status fill_plane(Plane *plane, Rule rule, int range, int limit, bool with_precision)
{
    const Evaluation *evaluation = plane->evaluation;
    size_t categories = evaluation->categories.count;
    plane->rule = rule;
    plane->range = range;
    plane->limit = limit;
    plane->with_precision = with_precision;
    plane->columns = 0;
    for (size_t k = 0; k < categories; k++)
        plane->slots[k] = evaluation->positives[k][range] ? plane->columns++ : SIZE_MAX;
    memset(plane->recall, 0, THRESHOLDS * plane->columns * sizeof *plane->recall);
    if (with_precision)
        memset(plane->precision, 0,
               (size_t)THRESHOLDS * RECALLS * plane->columns * sizeof *plane->precision);
    return run_workers(evaluation->threads, categories, SIDE_BY_SIDE, plane_work, plane);
}

static void free_scratches(CurveScratch *scratch, int threads)
{
    for (int i = 0; scratch && i < threads; i++)
        free_curve_scratch(&scratch[i]);
    free(scratch);
}

static void close_plane(Plane *plane)
{
    free_scratches(plane->scratch, plane->evaluation->threads);
    free(plane->slots);
    free(plane->precision);
    free(plane->recall);
}

static Status open_plane(Plane *plane, const Evaluation *evaluation)
{
    size_t categories = evaluation->categories.count;
    *plane = (Plane){.evaluation = evaluation};
    plane->slots = new_items(categories, sizeof *plane->slots);
    plane->recall = new_items(categories, THRESHOLDS * sizeof *plane->recall);
    plane->precision = new_items(categories,
                                 (size_t)THRESHOLDS * RECALLS * sizeof *plane->precision);
    plane->scratch = new_items((size_t)evaluation->threads, sizeof *plane->scratch);
    return plane->slots && plane->recall && plane->precision && plane->scratch ? FINE : NO_MEMORY;
}

static double mean_precision(const Plane *plane)
{
    return numpy_mean(plane->precision, (size_t)THRESHOLDS * RECALLS * plane->columns);
}

static double mean_recall(const Plane *plane)
{
    return numpy_mean(plane->recall, THRESHOLDS * plane->columns);
}

/* The numbers of one range at 100 detections. */
static void read_range(const Plane *plane, double stats[STATS])
{
    size_t one = RECALLS * plane->columns;
    int range = plane->range;
    stats[range ? 2 + range : 0] = mean_precision(plane);
    stats[8 + range] = mean_recall(plane);
    if (range == 0) {
        stats[1] = numpy_mean(plane->precision + AT_HALF * one, one);
        stats[2] = numpy_mean(plane->precision + AT_THREE_QUARTERS * one, one);
    }
}

Status summarize(const Evaluation *evaluation, Rule rule, double stats[STATS],
                 double by_rule[RULES])
{
    Plane plane;
    Status status = open_plane(&plane, evaluation);
    for (int range = 0; range < RANGES && status == FINE; range++)
        if ((status = fill_plane(&plane, rule, range, LAST_LIMIT, true)) == FINE)
            read_range(&plane, stats);
    for (int limit = 0; limit < LAST_LIMIT && status == FINE; limit++)
        if ((status = fill_plane(&plane, rule, 0, limit, false)) == FINE)
            stats[6 + limit] = mean_recall(&plane);
    for (int other = 0; other < RULES && status == FINE; other++) {
        by_rule[other] = stats[0];
        if (other == (int)rule || !evaluation->any_skipped)
            continue;
        if ((status = fill_plane(&plane, (Rule)other, 0, LAST_LIMIT, true)) == FINE)
            by_rule[other] = mean_precision(&plane);
    }
    close_plane(&plane);
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
