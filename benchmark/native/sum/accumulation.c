/* pycocotools' accumulate, visiting true positives only.
 *
 * Precision rises only at true positives, and each recall is reached at one (recall 0 at the first
 * prediction), so the number of false positives before each is all that is needed. */
#include "accumulation.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/settings.h"
#include "../base/workers.h"
#include "../match/ranking.h"

enum { FETCHED_AHEAD = 8 };

/* Lists the category's predictions in pycocotools' order before sorting: by image, then by rank. */
static void gather(const Evaluation *evaluation, size_t category)
{
    Ranked *items = evaluation->ranking + evaluation->ranking_start[category];
    for (uint32_t c = evaluation->category_start[category];
         c < evaluation->category_start[category + 1]; c++) {
        const Cell *cell = &evaluation->cells[evaluation->by_category[c]];
        for (uint32_t rank = 0; rank < cell->kept; rank++) {
            uint32_t item = evaluation->order[cell->first + rank];
            *items++ = (Ranked){evaluation->predictions[item].score, cell->position + rank, rank};
        }
    }
}

static Status rank_work(void *context, int worker, size_t first, size_t last)
{
    const Evaluation *evaluation = context;
    (void)worker;
    for (size_t k = first; k < last; k++) {
        size_t start = evaluation->ranking_start[k];
        size_t count = evaluation->ranking_start[k + 1] - start;
        Ranked *spare = malloc((count ? count : 1) * sizeof *spare);
        if (!spare)
            return NO_MEMORY;
        gather(evaluation, k);
        rank_by_score(evaluation->ranking + start, spare, count);
        free(spare);
    }
    return FINE;
}

Status rank_categories(Evaluation *evaluation)
{
    size_t categories = evaluation->categories.count;
    evaluation->ranking_start = arena_items(&evaluation->arena, categories + 1,
                                            sizeof *evaluation->ranking_start);
    if (!evaluation->ranking_start)
        return NO_MEMORY;
    for (size_t i = 0; i < evaluation->cell_count; i++)
        evaluation->ranking_start[evaluation->cells[i].category + 1] += evaluation->cells[i].kept;
    for (size_t k = 0; k < categories; k++)
        evaluation->ranking_start[k + 1] += evaluation->ranking_start[k];
    evaluation->ranking = arena_items(&evaluation->arena, evaluation->ranking_start[categories],
                                      sizeof *evaluation->ranking);
    if (!evaluation->ranking)
        return NO_MEMORY;
    return run_workers(evaluation->threads, categories, 4, rank_work, evaluation);
}

/* Lists the true positives at each threshold in `scratch` and sets their number in `counts`.
 * Returns the number of predictions within the limit. */
static size_t find_true(const Evaluation *evaluation, Rule rule, size_t category, int range,
                        uint32_t limit, CurveScratch *scratch, size_t counts[THRESHOLDS])
{
    size_t taking_part = 0;
    /* False positives at all thresholds, and at single ones. */
    uint32_t wrong = 0, also[THRESHOLDS] = {0};
    const Outcome *outcomes = evaluation->outcomes[rule];
    uint32_t end = evaluation->ranking_start[category + 1];
    for (uint32_t i = evaluation->ranking_start[category]; i < end; i++) {
        const Ranked *item = &evaluation->ranking[i];
        if (end - i > FETCHED_AHEAD) /* outcomes are in another order */
            __builtin_prefetch(&outcomes[item[FETCHED_AHEAD].position]);
        if (item->rank >= limit)
            continue;
        taking_part++;
        Bits matched = outcomes[item->position].matched >> (range * THRESHOLDS) & ONE_RANGE;
        Bits ignored = outcomes[item->position].ignored >> (range * THRESHOLDS) & ONE_RANGE;
        Bits right = matched & ~ignored;
        if (!(matched | ignored)) {
            wrong++;
        } else if (right || ignored != ONE_RANGE) {
            for (int t = 0; t < THRESHOLDS; t++) {
                if (right >> t & 1)
                    scratch->found[(size_t)t * scratch->capacity + counts[t]++] =
                        (Found){i, wrong + also[t]};
                else if (!((matched | ignored) >> t & 1))
                    also[t]++;
            }
        }
    }
    return taking_part;
}

/* Computes the number of true positives that each recall needs; it is the same for all thresholds
 * and rules. */
static Status count_needed(const Settings *settings, CurveScratch *scratch, size_t positives)
{
    if (scratch->needed && scratch->positives == positives)
        return FINE;
    if (!scratch->needed)
        scratch->needed = new_items(settings->recall_count, sizeof *scratch->needed);
    if (!scratch->needed)
        return NO_MEMORY;
    scratch->positives = positives;
    size_t needed = 1;
    for (size_t r = 0; r < settings->recall_count; r++) {
        double recall = settings->recalls[r];
        if (recall <= 0) { /* reached by the first prediction, true or not */
            scratch->needed[r] = 0;
            continue;
        }
        while (needed <= positives && (double)needed / (double)positives < recall)
            needed++;
        scratch->needed[r] = needed;
    }
    return FINE;
}

/* Fills in precision and score at each recall from the `count` true positives at threshold `t`.
 * Values at recalls that are not reached stay zero. */
static void read_off(const Evaluation *evaluation, const CurveScratch *scratch, int t,
                     size_t count, double first_score, const Curve *curve)
{
    const Found *found = scratch->found + (size_t)t * scratch->capacity;
    size_t recalls = evaluation->settings.recall_count, row = (size_t)t * recalls * curve->stride;
    double best = 0, *precision = curve->precision + row;
    for (size_t c = count; c-- > 0;) { /* the envelope: at least any later precision */
        double right = (double)(c + 1);
        double here = right / (((double)found[c].wrong + right) + DBL_EPSILON);
        best = here > best ? here : best;
        scratch->envelope[c] = best;
    }
    for (size_t r = 0; r < recalls && scratch->needed[r] <= count; r++)
        precision[r * curve->stride] =
            scratch->needed[r] ? scratch->envelope[scratch->needed[r] - 1] : best;
    if (!curve->scores)
        return;
    double *scores = curve->scores + row;
    for (size_t r = 0; r < recalls && scratch->needed[r] <= count; r++)
        scores[r * curve->stride] = scratch->needed[r]
            ? evaluation->ranking[found[scratch->needed[r] - 1].position].score : first_score;
}

static Status curve_room(CurveScratch *scratch, size_t positives)
{
    if (positives <= scratch->capacity)
        return FINE;
    free(scratch->found);
    free(scratch->envelope);
    scratch->found = new_items(positives, THRESHOLDS * sizeof *scratch->found);
    scratch->envelope = new_items(positives, sizeof *scratch->envelope);
    if (!scratch->found || !scratch->envelope)
        return NO_MEMORY;
    scratch->capacity = positives;
    return FINE;
}

Status category_curve(const Evaluation *evaluation, Rule rule, size_t category, int range,
                      int limit, CurveScratch *scratch, const Curve *curve)
{
    size_t positives = evaluation->positives[category][range], counts[THRESHOLDS] = {0};
    if (curve_room(scratch, positives) != FINE)
        return NO_MEMORY;
    const Settings *settings = &evaluation->settings;
    if (count_needed(settings, scratch, positives) != FINE)
        return NO_MEMORY;
    size_t taking_part = find_true(evaluation, rule, category, range, settings->limits[limit],
                                   scratch, counts);
    if (!taking_part)
        return FINE;
    /* The best prediction of a category is the best of its image, so every limit includes it. */
    double first = evaluation->ranking[evaluation->ranking_start[category]].score;
    for (int t = 0; t < THRESHOLDS; t++) {
        curve->recall[(size_t)t * curve->stride] = (double)counts[t] / (double)positives;
        if (curve->precision)
            read_off(evaluation, scratch, t, counts[t], first, curve);
    }
    return FINE;
}

void free_curve_scratch(CurveScratch *scratch)
{
    free(scratch->found);
    free(scratch->envelope);
    free(scratch->needed);
    memset(scratch, 0, sizeof *scratch);
}
