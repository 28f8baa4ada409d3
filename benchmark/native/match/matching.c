/* pycocotools' evaluateImg for all thresholds and area ranges at once.
 *
 * For each threshold and range, pycocotools compares each prediction, best score first, with the
 * unmatched annotations and keeps the one of highest IoU, of equal ones the last. It considers
 * ignored annotations only if it finds no other. Here the candidates are sorted by descending IoU,
 * then by descending index, so the first unmatched one is the match, and one bit for each threshold
 * and range records where. */
#include "matching.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/settings.h"
#include "skip_rule.h"

Bits thresholds_reached(const Settings *settings, double iou)
{
    Bits reached = 0;
    for (int t = 0; t < THRESHOLDS; t++)
        if (!(iou < settings->thresholds[t]))
            reached |= (Bits)1 << t;
    return reached * (1 | (Bits)1 << 10 | (Bits)1 << 20 | (Bits)1 << 30);
}

typedef struct {
    Bits open, matched, ignored; /* of the current prediction */
} Turn;

/* Matches the candidate to the prediction wherever both are unmatched and the annotation is ignored
 * or not, as `ignored` says. Returns the bits where it did. */
static Bits take(const Evaluation *evaluation, const Annotation *gt, bool crowd, Bits reached,
                 Bits *taken, bool ignored, Turn *turn)
{
    Bits sought = crowd ? 0 : ~spread_ranges(annotation_outside(evaluation, gt));
    Bits here = reached & turn->open & (ignored ? ~sought : sought);
    if (!crowd)
        here &= ~*taken; /* a crowd can match any number */
    *taken |= here;
    turn->open &= ~here;
    if (ignored)
        turn->ignored |= here;
    if (gt->id != 0 || evaluation->settings.matches_zero) /* pycocotools takes an id of 0 for unmatched */
        turn->matched |= here;
    return here;
}

static void record_choice(int32_t chosen[CURVES], Bits here, int32_t gt)
{
    for (int bit = 0; here >> bit; bit++)
        if (here >> bit & 1)
            chosen[bit] = gt;
}

/* Where to record the choices for a cell, or NULL. A matching with skipped annotations follows the
 * plain one, and replaces its choices if the recorded rule is one that matches them. */
static int32_t (*cell_choices(const Evaluation *evaluation, const Cell *cell,
                              bool with_skipped))[CURVES]
{
    if (!evaluation->chosen || (with_skipped && !counts_as_crowds(evaluation->recorded)))
        return NULL;
    int32_t (*chosen)[CURVES] = evaluation->chosen + cell->position;
    memset(chosen, -1, cell->kept * sizeof *chosen);
    return chosen;
}

Status match_cell(Evaluation *evaluation, const Cell *cell, Scratch *scratch, bool with_skipped,
                  const uint8_t *outside, Outcome *outcomes)
{
    const uint32_t *order = evaluation->gt_order + cell->gt_first;
    if (!room_for((void **)&scratch->taken, &scratch->taken_capacity, cell->gt_count,
                  sizeof *scratch->taken))
        return NO_MEMORY;
    if (cell->gt_count)
        memset(scratch->taken, 0, cell->gt_count * sizeof *scratch->taken);
    int32_t (*chosen)[CURVES] = cell_choices(evaluation, cell, with_skipped);
    for (uint32_t rank = 0; rank < cell->kept; rank++) {
        Turn turn = {ALL_BITS, 0, 0};
        for (int ignored = 0; ignored < 2; ignored++) {
            for (size_t c = scratch->candidate_start[rank];
                 c < scratch->candidate_start[rank + 1]; c++) {
                const Candidate *candidate = &scratch->candidates[c];
                const Annotation *gt = &evaluation->annotations[order[candidate->gt]];
                bool skipped = evaluation->masks && gt->skipped;
                if (skipped && !with_skipped)
                    continue;
                Bits here = take(evaluation, gt, gt->crowd || skipped,
                                 candidate->reached, &scratch->taken[candidate->gt], ignored,
                                 &turn);
                if (chosen)
                    record_choice(chosen[rank], here, (int32_t)candidate->gt);
                if (evaluation->judges && !with_skipped && here & 1)
                    scratch->scene.seen[scratch->scene.cell_start + rank].taken =
                        (int32_t)(scratch->gt_start + candidate->gt);
                if (here && gt->id == 0 && !ignored) {
                    /* Only one annotation has id 0, so no two threads write this. */
                    evaluation->lost = true;
                    evaluation->lost_image = gt->image_id;
                    evaluation->lost_category = gt->category_id;
                }
            }
        }
        outcomes[rank].matched = turn.matched;
        outcomes[rank].ignored =
            turn.ignored | (~turn.matched & spread_ranges(outside[rank]));
    }
    return FINE;
}
