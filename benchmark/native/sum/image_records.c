/* Exports which annotation each prediction was matched to, at every threshold and area range. */
#include "image_records.h"

#include "../match/skip_rule.h"

void count_records(const Evaluation *evaluation, size_t *predictions, size_t *annotations)
{
    *predictions = *annotations = 0;
    for (size_t c = 0; c < evaluation->cell_count; c++) {
        *predictions += evaluation->cells[c].kept;
        *annotations += evaluation->cells[c].gt_count;
    }
}

static uint8_t kind_of(const Evaluation *evaluation, const Annotation *gt)
{
    if (gt->crowd)
        return 1;
    if (!evaluation->masks || !gt->skipped)
        return 0;
    return counts_as_crowds(evaluation->recorded) ? 1 : 2;
}

void fill_image_records(const Evaluation *evaluation, const ImageRecords *out)
{
    size_t first_gt = 0;
    for (size_t c = 0; c < evaluation->cell_count; c++) {
        const Cell *cell = &evaluation->cells[evaluation->by_category[c]];
        int64_t *numbers = out->cells + c * CELL_NUMBERS;
        numbers[0] = cell->image;
        numbers[1] = cell->category;
        numbers[2] = cell->position;
        numbers[3] = cell->kept;
        numbers[4] = (int64_t)first_gt;
        numbers[5] = cell->gt_count;
        for (uint32_t rank = 0; rank < cell->kept; rank++) {
            size_t position = cell->position + rank;
            uint32_t item = evaluation->order[cell->first + rank];
            out->prediction[position] = item;
            out->score[position] = evaluation->predictions[item].score;
            out->ignored[position] = evaluation->outcomes[evaluation->recorded][position].ignored;
            for (size_t bit = 0; bit < CURVES; bit++) {
                int32_t chosen = evaluation->chosen[position][bit];
                out->chosen[position * CURVES + bit] =
                    chosen < 0 ? -1 : (int32_t)first_gt + chosen;
            }
        }
        for (uint32_t i = 0; i < cell->gt_count; i++) {
            const Annotation *gt =
                &evaluation->annotations[evaluation->gt_order[cell->gt_first + i]];
            out->annotation[first_gt + i] = gt->id;
            out->area[first_gt + i] = gt->area;
            out->kind[first_gt + i] = kind_of(evaluation, gt);
        }
        first_gt += cell->gt_count;
    }
}
