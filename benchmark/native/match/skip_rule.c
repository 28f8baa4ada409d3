/* The rules for predictions on skipped instances (paper, appendix C), described in
 * benchmark/average_precision/skip_rule.py. */
#include "skip_rule.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "overlaps.h"

static int by_position_and_size(const void *first, const void *second)
{
    const double *a = first, *b = second;
    for (int i = 0; i < 4; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

/* Copies the skipped boxes of a cell to `scratch`, in the order of
 * benchmark.average_precision.skip_rule.sort_boxes. */
static Status gather_skipped(const Evaluation *evaluation, const Cell *cell, Scratch *scratch)
{
    scratch->skipped_count = 0;
    for (uint32_t i = 0; i < cell->gt_count; i++) {
        const Annotation *gt =
            &evaluation->annotations[evaluation->gt_order[cell->gt_first + i]];
        if (!gt->skipped)
            continue;
        if (!room_for_one((void **)&scratch->skipped, &scratch->skipped_capacity,
                          scratch->skipped_count, sizeof *scratch->skipped))
            return NO_MEMORY;
        memcpy(scratch->skipped[scratch->skipped_count++], gt->box, sizeof gt->box);
    }
    if (scratch->skipped_count)
        qsort(scratch->skipped, scratch->skipped_count, sizeof *scratch->skipped,
              by_position_and_size);
    return FINE;
}

/* Finds the skipped boxes that a prediction overlaps enough: highest IoU first, of equal ones the
 * first. */
static Status find_absorbing(const Settings *settings, Scratch *scratch, uint32_t rank,
                             double least)
{
    scratch->absorbing_count = 0;
    for (size_t s = 0; s < scratch->skipped_count; s++) {
        double iou = plain_box_iou(scratch->tight[rank], scratch->skipped[s]);
        if (iou < least)
            continue;
        if (!room_for_one((void **)&scratch->absorbing, &scratch->absorbing_capacity,
                          scratch->absorbing_count, sizeof *scratch->absorbing))
            return NO_MEMORY;
        size_t position = scratch->absorbing_count++;
        for (; position > 0 && scratch->absorbing[position - 1].iou < iou; position--)
            scratch->absorbing[position] = scratch->absorbing[position - 1];
        scratch->absorbing[position] =
            (Candidate){(uint32_t)s, iou, thresholds_reached(settings, iou)};
    }
    return FINE;
}

/* benchmark.average_precision.skip_rule.absorb: marks as ignored the predictions of a cell that are
 * neither matched nor ignored and that a skipped box absorbs. With `at_half`, an IoU of 0.5 is
 * enough at every threshold. */
static Status absorb(const Settings *settings, const Cell *cell, Scratch *scratch, bool at_half,
                     Outcome *outcomes)
{
    double least = at_half ? 0.5 : settings->least;
    if (!room_for((void **)&scratch->taken, &scratch->taken_capacity, scratch->skipped_count,
                  sizeof *scratch->taken))
        return NO_MEMORY;
    memset(scratch->taken, 0, scratch->skipped_count * sizeof *scratch->taken);
    for (uint32_t rank = 0; rank < cell->kept; rank++) {
        Bits open = ~outcomes[rank].matched & ~outcomes[rank].ignored & ALL_BITS;
        if (!open)
            continue;
        Status status = find_absorbing(settings, scratch, rank, least);
        if (status != FINE)
            return status;
        for (size_t c = 0; c < scratch->absorbing_count; c++) {
            const Candidate *candidate = &scratch->absorbing[c];
            Bits reached = at_half ? ALL_BITS : candidate->reached;
            Bits here = open & reached & ~scratch->taken[candidate->gt];
            scratch->taken[candidate->gt] |= here;
            outcomes[rank].ignored |= here;
            open &= ~here;
        }
    }
    return FINE;
}

static Status apply_ioa(Evaluation *evaluation, const Cell *cell, Scratch *scratch,
                        Outcome *outcomes)
{
    return match_cell(evaluation, cell, scratch, true, evaluation->outside + cell->first, outcomes);
}

static Status apply_box(Evaluation *evaluation, const Cell *cell, Scratch *scratch,
                        Outcome *outcomes)
{
    return absorb(&evaluation->settings, cell, scratch, false, outcomes);
}

static Status apply_box50(Evaluation *evaluation, const Cell *cell, Scratch *scratch,
                          Outcome *outcomes)
{
    return absorb(&evaluation->settings, cell, scratch, true, outcomes);
}

const SkipRule SKIP_RULES[] = {
    {"none", NULL}, {"ioa", apply_ioa}, {"box", apply_box}, {"box50", apply_box50}};
const int RULES = sizeof SKIP_RULES / sizeof *SKIP_RULES;
_Static_assert(sizeof SKIP_RULES / sizeof *SKIP_RULES <= MOST_RULES, "raise MOST_RULES");

bool find_rule(const char *name, Rule *rule)
{
    for (*rule = RULE_NONE; *rule < RULES; ++*rule)
        if (strcmp(name, SKIP_RULES[*rule].name) == 0)
            return true;
    return false;
}

bool counts_as_crowds(Rule rule) { return SKIP_RULES[rule].apply == apply_ioa; }

static void count_absorbed(const Cell *cell, Scratch *scratch, Rule rule, const Outcome *after,
                           const Outcome *before)
{
    for (uint32_t rank = 0; rank < cell->kept; rank++)
        for (int t = 0; t < THRESHOLDS; t++)
            scratch->absorbed[rule][t] +=
                after[rank].ignored & ~before[rank].ignored & (Bits)1 << t ? 1 : 0;
}

Status apply_skip_rules(Evaluation *evaluation, const Cell *cell, Scratch *scratch)
{
    const Outcome *plain = evaluation->outcomes[RULE_NONE] + cell->position;
    Status status = gather_skipped(evaluation, cell, scratch);
    for (Rule rule = RULE_NONE + 1; rule < RULES && status == FINE && cell->kept; rule++) {
        Outcome *outcomes = evaluation->outcomes[rule] + cell->position;
        memcpy(outcomes, plain, cell->kept * sizeof *plain);
        if (scratch->skipped_count == 0)
            continue;
        status = SKIP_RULES[rule].apply(evaluation, cell, scratch, outcomes);
        if (status == FINE && !evaluation->is_view)
            count_absorbed(cell, scratch, rule, outcomes, plain);
    }
    return status;
}
