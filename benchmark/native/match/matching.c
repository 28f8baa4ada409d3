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
#include "rules.h"

Bits thresholds_reached(double iou)
{
    Bits reached = 0;
    for (int t = 0; t < THRESHOLDS; t++) {
        double threshold = threshold_at(t);
        if (threshold > 1 - 1e-10) /* as in pycocotools, equal masks match at a threshold of 1 */
            threshold = 1 - 1e-10;
        if (!(iou < threshold))
            reached |= (Bits)1 << t;
    }
    return reached * (1 | (Bits)1 << 10 | (Bits)1 << 20 | (Bits)1 << 30);
}

typedef struct {
    Bits open, matched, ignored; /* of the current prediction */
} Turn;

/* Matches the candidate to the prediction wherever both are unmatched and the annotation is ignored
 * or not, as `ignored` says. Returns the bits where it did. */
static Bits take(const Annotation *gt, bool crowd, Bits reached, Bits *taken, bool ignored,
                 Turn *turn)
{
    Bits sought = crowd ? 0 : ~spread_ranges(ranges_outside(gt->area));
    Bits here = reached & turn->open & (ignored ? ~sought : sought);
    if (!crowd)
        here &= ~*taken; /* a crowd can match any number */
    *taken |= here;
    turn->open &= ~here;
    if (ignored)
        turn->ignored |= here;
    if (gt->id != 0) /* pycocotools stores the id and takes 0 for unmatched */
        turn->matched |= here;
    return here;
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
                Bits here = take(gt, gt->crowd || skipped, candidate->reached,
                                 &scratch->taken[candidate->gt], ignored, &turn);
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
