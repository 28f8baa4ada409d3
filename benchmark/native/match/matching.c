/* pycocotools' evaluateImg for all thresholds and area ranges at once.
 *
 * For each threshold and range on its own, pycocotools lets a prediction, best score first, walk
 * over the truths still free and keep the one of highest IoU, of equals the last; it looks at the
 * ignored truths only if no other was found. So with the candidates sorted by IoU, and by place
 * from the end, the first that is free takes the prediction, and one bit a threshold and range
 * says where that has happened. */
#include "matching.h"

#include <string.h>

#include "../base/memory.h"
#include "rules.h"

Bits thresholds_reached(double iou)
{
    Bits reached = 0;
    for (int t = 0; t < THRESHOLDS; t++) {
        double threshold = threshold_at(t);
        if (threshold > 1 - 1e-10) /* pycocotools: two equal masks match at 1 as well */
            threshold = 1 - 1e-10;
        if (!(iou < threshold))
            reached |= (Bits)1 << t;
    }
    return reached * (1 | (Bits)1 << 10 | (Bits)1 << 20 | (Bits)1 << 30);
}

typedef struct {
    Bits open, matched, ignored; /* of the prediction in turn */
} Turn;

/* The candidate takes the prediction wherever both are free and its truth is ignored or sought as
 * asked for. Returns where it did. */
static Bits take(const Truth *truth, bool crowd, Bits reached, Bits *taken, bool ignored,
                 Turn *turn)
{
    Bits sought = crowd ? 0 : ~spread_ranges(ranges_outside(truth->area));
    Bits here = reached & turn->open & (ignored ? ~sought : sought);
    if (!crowd)
        here &= ~*taken; /* a crowd takes any number */
    *taken |= here;
    turn->open &= ~here;
    if (ignored)
        turn->ignored |= here;
    if (truth->id != 0) /* pycocotools notes the truth's id, and takes 0 for no match */
        turn->matched |= here;
    return here;
}

Status match_cell(Evaluation *evaluation, const Cell *cell, Scratch *scratch, bool with_skipped,
                  const uint8_t *outside, Outcome *outcomes)
{
    const uint32_t *order = evaluation->truth_order + cell->truth_first;
    if (!room_for((void **)&scratch->taken, &scratch->taken_capacity, cell->truth_count,
                  sizeof *scratch->taken))
        return NO_MEMORY;
    if (cell->truth_count)
        memset(scratch->taken, 0, cell->truth_count * sizeof *scratch->taken);
    for (uint32_t rank = 0; rank < cell->kept; rank++) {
        Turn turn = {ALL_BITS, 0, 0};
        for (int ignored = 0; ignored < 2; ignored++) {
            for (size_t c = scratch->candidate_start[rank];
                 c < scratch->candidate_start[rank + 1]; c++) {
                const Candidate *candidate = &scratch->candidates[c];
                const Truth *truth = &evaluation->truths[order[candidate->truth]];
                bool skipped = evaluation->masks && truth->skipped;
                if (skipped && !with_skipped)
                    continue;
                Bits here = take(truth, truth->crowd || skipped, candidate->reached,
                                 &scratch->taken[candidate->truth], ignored, &turn);
                if (here && truth->id == 0 && !ignored) {
                    evaluation->lost = true; /* one truth has id 0, so one thread comes here */
                    evaluation->lost_image = truth->image_id;
                    evaluation->lost_category = truth->category_id;
                }
            }
        }
        outcomes[rank].matched = turn.matched;
        outcomes[rank].ignored =
            turn.ignored | (~turn.matched & spread_ranges(outside[rank]));
    }
    return FINE;
}
