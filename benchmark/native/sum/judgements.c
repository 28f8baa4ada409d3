/* Exports the judgements of errors, prediction by prediction. */
#include "judgements.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"

size_t count_judged(const Evaluation *evaluation)
{
    size_t count = 0;
    for (size_t c = 0; c < evaluation->cell_count; c++) {
        const Cell *cell = &evaluation->cells[c];
        for (uint32_t rank = 0; rank < cell->kept; rank++)
            count += !evaluation->judgements[cell->position + rank].ignored;
    }
    return count;
}

void fill_judgements(const Evaluation *evaluation, const Judgements *out)
{
    size_t i = 0;
    for (size_t c = 0; c < evaluation->cell_count; c++) {
        const Cell *cell = &evaluation->cells[c];
        for (uint32_t rank = 0; rank < cell->kept; rank++) {
            const Judgement *judgement = &evaluation->judgements[cell->position + rank];
            if (judgement->ignored)
                continue;
            const int64_t *ids = evaluation->categories.sorted;
            out->image[i] = cell->image;
            out->prediction[i] = evaluation->order[cell->first + rank];
            out->category[i] = ids[cell->category];
            out->score[i] = evaluation->predictions[out->prediction[i]].score;
            out->kind[i] = judgement->kind;
            out->fixed[i] = judgement->fixed < 0 ? -1 : ids[judgement->fixed];
            out->about[i] = judgement->taken < 0 ? judgement->target : judgement->taken;
            out->iou[i] = judgement->iou;
            i++;
        }
    }
    if (evaluation->annotation_count)
        memcpy(out->fate, evaluation->fates, evaluation->annotation_count);
}

Status count_confusions(const Evaluation *evaluation, int64_t *counts)
{
    size_t categories = evaluation->categories.count, side = categories + 1;
    uint8_t *matched = new_items(evaluation->annotation_count, 1);
    if (!matched)
        return NO_MEMORY;
    memset(counts, 0, side * side * sizeof *counts);
    for (size_t c = 0; c < evaluation->cell_count; c++) {
        const Cell *cell = &evaluation->cells[c];
        for (uint32_t rank = 0; rank < cell->kept; rank++) {
            int32_t object = evaluation->judgements[cell->position + rank].confused;
            if (object == NOT_CONFUSED)
                continue;
            size_t row = categories;
            if (object >= 0) {
                row = (size_t)evaluation->annotations[object].category;
                matched[object] = 1;
            }
            counts[row * side + (size_t)cell->category]++;
        }
    }
    for (size_t i = 0; i < evaluation->annotation_count; i++)
        if (evaluation->fates[i] != NO_OBJECT && !matched[i])
            counts[(size_t)evaluation->annotations[i].category * side + categories]++;
    free(matched);
    return FINE;
}
