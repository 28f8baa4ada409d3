/* AP if one kind of error were fixed. A prediction that is fixed in another category stands in the
 * rankings of both; each way of counting walks all rankings once. */
#include "error_gains.h"

#include <float.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "../match/ranking.h"
#include "mean.h"

/* Objects of a category. */
typedef struct {
    size_t all, unfound, missed;
} Objects;

typedef struct {
    const Evaluation *evaluation;
    Ranked *ranking; /* by category; `rank` is 1 if the prediction is of another category */
    size_t *starts;  /* by category, and one for the end */
    Objects *objects;
    uint32_t *wrong; /* false positives before each true positive of a ranking */
    double *envelope; /* the best precision from each true positive of a ranking on */
    double *values;  /* precision at each recall, of the categories that count */
    size_t value_count;
} Gains;

/* Calls `visit` for the predictions that count, by image, then category, then score. */
static void visit_judged(Gains *gains, void (*visit)(Gains *, const Cell *, uint32_t))
{
    const Evaluation *evaluation = gains->evaluation;
    for (size_t c = 0; c < evaluation->cell_count; c++) {
        const Cell *cell = &evaluation->cells[c];
        for (uint32_t rank = 0; rank < cell->kept; rank++)
            if (!evaluation->judgements[cell->position + rank].ignored)
                visit(gains, cell, rank);
    }
}

static void count_places(Gains *gains, const Cell *cell, uint32_t rank)
{
    int32_t fixed = gains->evaluation->judgements[cell->position + rank].fixed;
    gains->starts[cell->category + 1]++;
    if (fixed >= 0 && fixed != cell->category)
        gains->starts[fixed + 1]++;
}

static void add_to_rankings(Gains *gains, const Cell *cell, uint32_t rank)
{
    const Evaluation *evaluation = gains->evaluation;
    uint32_t position = cell->position + rank;
    double score = evaluation->predictions[evaluation->order[cell->first + rank]].score;
    int32_t fixed = evaluation->judgements[position].fixed;
    gains->ranking[gains->starts[cell->category]++] = (Ranked){score, position, 0};
    if (fixed >= 0 && fixed != cell->category)
        gains->ranking[gains->starts[fixed]++] = (Ranked){score, position, 1};
}

static void count_objects(Gains *gains)
{
    const Evaluation *evaluation = gains->evaluation;
    for (size_t i = 0; i < evaluation->annotation_count; i++) {
        Objects *objects = &gains->objects[evaluation->annotations[i].category];
        uint8_t fate = evaluation->fates[i];
        objects->all += fate != NO_OBJECT;
        objects->unfound += fate == POINTED_AT || fate == UNFOUND;
        objects->missed += fate == UNFOUND;
    }
}

static Status rank_all(Gains *gains)
{
    size_t categories = gains->evaluation->categories.count, most = 0;
    visit_judged(gains, count_places);
    for (size_t k = 0; k < categories; k++) {
        most = gains->starts[k + 1] > most ? gains->starts[k + 1] : most;
        gains->starts[k + 1] += gains->starts[k];
    }
    size_t total = gains->starts[categories];
    gains->ranking = new_items(total, sizeof *gains->ranking);
    Ranked *spare = new_items(most, sizeof *spare);
    gains->wrong = new_items(most, sizeof *gains->wrong);
    gains->envelope = new_items(most, sizeof *gains->envelope);
    bool room = gains->ranking && spare && gains->wrong && gains->envelope;
    if (room) {
        visit_judged(gains, add_to_rankings);
        for (size_t k = categories; k > 0; k--) /* filling moved each start to the next one */
            gains->starts[k] = gains->starts[k - 1];
        gains->starts[0] = 0;
        for (size_t k = 0; k < categories; k++)
            if (gains->starts[k + 1] > gains->starts[k])
                rank_by_score(gains->ranking + gains->starts[k], spare,
                              gains->starts[k + 1] - gains->starts[k]);
    }
    free(spare);
    return room ? FINE : NO_MEMORY;
}

typedef enum { LEFT_OUT, FALSE_POSITIVE, TRUE_POSITIVE } Part;

/* How a prediction counts in the ranking of a category. */
static Part part_of(const Judgement *judgement, int counting, bool visiting, size_t category)
{
    if (counting == NO_FALSE_POSITIVES && judgement->kind != RIGHT)
        return LEFT_OUT;
    if (judgement->kind == RIGHT)
        return TRUE_POSITIVE; /* it is never fixed, and so never in another category */
    if (judgement->kind == counting)
        return judgement->fixed == (int32_t)category ? TRUE_POSITIVE : LEFT_OUT;
    return visiting ? LEFT_OUT : FALSE_POSITIVE;
}

/* Adds the precision of a category at each recall. */
static void add_category(Gains *gains, int counting, size_t category)
{
    const Settings *settings = &gains->evaluation->settings;
    const Objects *objects = &gains->objects[category];
    size_t left = objects->all - (counting == MISSED ? objects->missed
                                  : counting == NO_FALSE_NEGATIVES ? objects->unfound : 0);
    size_t found = 0;
    uint32_t wrong = 0;
    if (!objects->all)
        return;
    for (size_t i = gains->starts[category]; i < gains->starts[category + 1]; i++) {
        const Ranked *item = &gains->ranking[i];
        Part part = part_of(&gains->evaluation->judgements[item->position], counting, item->rank,
                            category);
        if (part == TRUE_POSITIVE)
            gains->wrong[found++] = wrong;
        else if (part == FALSE_POSITIVE)
            wrong++;
    }
    if (!left && !found && !wrong) /* nothing to find, and nothing predicted: no part of the mean */
        return;
    double *values = gains->values + gains->value_count, best = 0;
    for (size_t c = found; c-- > 0;) { /* the envelope: at least any later precision */
        double right = (double)(c + 1);
        double here = right / (((double)gains->wrong[c] + right) + DBL_EPSILON);
        best = here > best ? here : best;
        gains->envelope[c] = best;
    }
    size_t needed = 1;
    for (size_t r = 0; r < settings->recall_count; r++) {
        double recall = settings->recalls[r];
        while (needed <= left && (double)needed / (double)left < recall)
            needed++;
        values[r] = recall <= 0 ? best : needed <= found ? gains->envelope[needed - 1] : 0;
    }
    gains->value_count += settings->recall_count;
}

void count_errors(const Evaluation *evaluation, uint64_t counts[KINDS])
{
    for (int kind = 0; kind < KINDS; kind++)
        counts[kind] = 0;
    for (size_t c = 0; c < evaluation->cell_count; c++) {
        const Cell *cell = &evaluation->cells[c];
        for (uint32_t rank = 0; rank < cell->kept; rank++) {
            const Judgement *judgement = &evaluation->judgements[cell->position + rank];
            counts[judgement->kind] += !judgement->ignored;
        }
    }
    for (size_t i = 0; i < evaluation->annotation_count; i++)
        counts[MISSED] += evaluation->fates[i] == UNFOUND;
}

Status error_precisions(const Evaluation *evaluation, double precisions[COUNTINGS])
{
    size_t categories = evaluation->categories.count;
    Gains gains = {.evaluation = evaluation};
    gains.starts = new_items(categories + 1, sizeof *gains.starts);
    gains.objects = new_items(categories, sizeof *gains.objects);
    gains.values = new_items(categories, evaluation->settings.recall_count * sizeof *gains.values);
    Status status = gains.starts && gains.objects && gains.values ? rank_all(&gains) : NO_MEMORY;
    if (status == FINE) {
        count_objects(&gains);
        for (int counting = 0; counting < COUNTINGS; counting++) {
            gains.value_count = 0;
            for (size_t k = 0; k < categories; k++)
                add_category(&gains, counting, k);
            precisions[counting] = numpy_mean(gains.values, gains.value_count);
        }
    }
    free(gains.ranking);
    free(gains.starts);
    free(gains.objects);
    free(gains.wrong);
    free(gains.envelope);
    free(gains.values);
    return status;
}
