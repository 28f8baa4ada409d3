/* COCOeval.summarize, and accumulate's arrays, from the curves of the categories. */
#include "summary.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/workers.h"
#include "../match/skip_rule.h"
#include "accumulation.h"
#include "mean.h"

enum {
    AT_HALF = 0,
    AT_THREE_QUARTERS = 5,
    LAST_LIMIT = LIMITS - 1
};

/* A set of means of the summary: a rule, range and limit, and the results. */
typedef struct {
    Rule rule;
    int range, limit;
    double ap, ap_half, ap_three_quarters, ar; /* APs are set at the last limit only */
    double ar_by_category; /* `ar`, summed category by category: other last bits */
} View;

enum { VIEWS = RANGES + LAST_LIMIT + MOST_RULES };

/* Memory for the curves of all categories that have positives. Each thread reuses it for all its
 * views: allocating it again would take longer than the curves. */
typedef struct {
    size_t *slots;     /* by category: its column; SIZE_MAX if it has no positives */
    double *precision; /* [thresholds, recalls, columns] */
    double *recall;    /* [thresholds, columns] */
    CurveScratch scratch;
} Curves;

typedef struct {
    const Evaluation *evaluation;
    View *views;
    Curves *thread_curves; /* one for each thread */
} Summary;

static bool allocate_curves(Curves *curves, Arena *arena, size_t categories, size_t recalls)
{
    size_t rows = THRESHOLDS * recalls;
    curves->slots = arena_items(arena, categories, sizeof *curves->slots);
    curves->recall = arena_items(arena, categories, THRESHOLDS * sizeof *curves->recall);
    curves->precision = arena_items(arena, categories, rows * sizeof *curves->precision);
    return curves->slots && curves->recall && curves->precision;
}

static Status compute_means(const Evaluation *evaluation, Curves *curves, View *view)
{
    size_t categories = evaluation->categories.count, columns = 0;
    size_t one, all;
    bool with_precision = view->limit == LAST_LIMIT;
    for (size_t k = 0; k < categories; k++)
        curves->slots[k] = evaluation->positives[k][view->range] ? columns++ : SIZE_MAX;
    one = evaluation->settings.recall_count * columns;
    all = THRESHOLDS * one;
    memset(curves->recall, 0, THRESHOLDS * columns * sizeof *curves->recall);
    if (with_precision)
        memset(curves->precision, 0, all * sizeof *curves->precision);
    for (size_t k = 0; k < categories; k++) {
        size_t column = curves->slots[k];
        if (column == SIZE_MAX)
            continue;
        Curve curve = {with_precision ? curves->precision + column : NULL, NULL,
                       curves->recall + column, columns};
        Status status = category_curve(evaluation, view->rule, k, view->range, view->limit,
                                       &curves->scratch, &curve);
        if (status != FINE)
            return status;
    }
    view->ar = numpy_mean(curves->recall, THRESHOLDS * columns);
    if (with_precision) {
        view->ap = numpy_mean(curves->precision, all);
        view->ap_half = numpy_mean(curves->precision + AT_HALF * one, one);
        view->ap_three_quarters = numpy_mean(curves->precision + AT_THREE_QUARTERS * one, one);
        for (size_t i = 0; i < THRESHOLDS * columns; i++)
            curves->precision[i] = curves->recall[i % THRESHOLDS * columns + i / THRESHOLDS];
        view->ar_by_category = numpy_mean(curves->precision, THRESHOLDS * columns);
    }
    return FINE;
}

static Status view_work(void *context, int worker, size_t first, size_t last)
{
    const Summary *summary = context;
    const Evaluation *evaluation = summary->evaluation;
    Curves *curves = &summary->thread_curves[worker];
    for (size_t i = first; i < last; i++) {
        Status status = compute_means(evaluation, curves, &summary->views[i]);
        if (status != FINE)
            return status;
    }
    return FINE;
}

/* Computes the means of all views. */
static Status compute_views(const Evaluation *evaluation, View *views, size_t count)
{
    int threads = smaller(evaluation->threads, (int)count);
    Curves thread_curves[VIEWS];
    Arena arena = {NULL};
    bool room = true;
    memset(thread_curves, 0, sizeof thread_curves);
    for (int i = 0; i < threads; i++)
        room = room && allocate_curves(&thread_curves[i], &arena, evaluation->categories.count,
                                       evaluation->settings.recall_count);
    Summary summary = {evaluation, views, thread_curves};
    Status status = room ? run_workers(threads, count, 1, view_work, &summary) : NO_MEMORY;
    for (int i = 0; i < threads; i++)
        free_curve_scratch(&thread_curves[i].scratch);
    arena_free(&arena);
    return status;
}

Status summarize(const Evaluation *evaluation, Rule rule, double stats[STATS],
                 double by_rule[MOST_RULES])
{
    View views[VIEWS];
    size_t count = 0;
    for (int range = 0; range < RANGES; range++)
        views[count++] = (View){.rule = rule, .range = range, .limit = LAST_LIMIT};
    for (Rule other = RULE_NONE; other < RULES; other++)
        if (other != rule && evaluation->any_skipped)
            views[count++] = (View){.rule = other, .range = 0, .limit = LAST_LIMIT};
    for (int limit = 0; limit < LAST_LIMIT; limit++) /* last, because they are the fastest */
        views[count++] = (View){.rule = rule, .range = 0, .limit = limit};
    Status status = compute_views(evaluation, views, count);
    if (status != FINE)
        return status;
    for (Rule other = RULE_NONE; other < RULES; other++)
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

Status summarize_ranges(const Evaluation *evaluation, Rule rule, double means[RANGES][RANGE_MEANS])
{
    View views[RANGES];
    for (int range = 0; range < RANGES; range++)
        views[range] = (View){.rule = rule, .range = range, .limit = LAST_LIMIT};
    Status status = compute_views(evaluation, views, RANGES);
    for (int range = 0; range < RANGES && status == FINE; range++) {
        means[range][0] = views[range].ap;
        means[range][1] = views[range].ap_half;
        means[range][2] = views[range].ap_three_quarters;
        means[range][3] = views[range].ar_by_category;
    }
    return status;
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
    CurveScratch *scratch; /* one for each thread */
} Fill;

static void fill_absent(const Curve *curve, size_t recalls)
{
    for (size_t i = 0; i < THRESHOLDS * recalls; i++) {
        curve->precision[i * curve->stride] = -1;
        if (curve->scores)
            curve->scores[i * curve->stride] = -1;
    }
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
        double *scores = fill->scores ? fill->scores + item : NULL;
        Curve curve = {fill->precision + item, scores, fill->recall + item, stride};
        if (fill->evaluation->positives[k][range] == 0) {
            fill_absent(&curve, fill->evaluation->settings.recall_count);
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
