#include "judging.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "skip_rule.h"

static const double FOREGROUND = 0.5; /* the least overlap that finds an object */

Judged judged_as(const Evaluation *evaluation, const Annotation *gt)
{
    if (gt->crowd)
        return NOT_JUDGED;
    if (!evaluation->masks || !gt->skipped)
        return AS_OBJECT;
    Rule rule = evaluation->recorded;
    return rule == RULE_NONE || counts_as_crowds(rule) ? NOT_JUDGED : BY_BOX;
}

bool see_prediction(const Evaluation *evaluation, const Cell *cell, uint32_t rank, Scene *scene)
{
    uint32_t item = evaluation->order[cell->first + rank];
    if (!room_for_one((void **)&scene->seen, &scene->seen_capacity, scene->seen_count,
                      sizeof *scene->seen))
        return false;
    scene->seen[scene->seen_count++] = (Seen){
        evaluation->predictions[item].score, scene->overlap_count, cell->position + rank, item,
        cell->category, -1};
    return true;
}

bool add_overlap(Scene *scene, uint32_t gt, double iou)
{
    if (!room_for_one((void **)&scene->overlaps, &scene->overlaps_capacity, scene->overlap_count,
                      sizeof *scene->overlaps))
        return false;
    scene->overlaps[scene->overlap_count++] = (Overlap){gt, iou};
    return true;
}

static size_t end_of_overlaps(const Scene *scene, size_t seen)
{
    return seen + 1 < scene->seen_count ? scene->seen[seen + 1].overlaps : scene->overlap_count;
}

/* The index of an annotation of the scene. */
static uint32_t annotation_index(const Evaluation *evaluation, const Scene *scene, uint32_t gt)
{
    return evaluation->gt_order[scene->gt_first + gt];
}

/* Whether an overlap is higher than another; of equal ones objects come before skipped instances,
 * then the first annotation of the file. */
static bool is_higher(const Evaluation *evaluation, const Scene *scene, const Overlap *overlap,
                      const Overlap *other)
{
    if (!other || overlap->iou != other->iou)
        return !other || overlap->iou > other->iou;
    uint32_t index = annotation_index(evaluation, scene, overlap->gt);
    uint32_t before = annotation_index(evaluation, scene, other->gt);
    Judged as = judged_as(evaluation, &evaluation->annotations[index]);
    Judged other_as = judged_as(evaluation, &evaluation->annotations[before]);
    return as != other_as ? as == AS_OBJECT : index < before;
}

/* The kind of an error from the highest overlap with its own category and with others. */
static ErrorKind kind_of(double own, double other)
{
    if (own >= LEAST_OVERLAP && own <= FOREGROUND)
        return LOCALISATION;
    if (other >= FOREGROUND)
        return CLASSIFICATION;
    if (own >= FOREGROUND)
        return DUPLICATE;
    return own <= LEAST_OVERLAP && other <= LEAST_OVERLAP ? BACKGROUND : BOTH;
}

/* Whether a prediction stands before another in the order of scores. */
static bool is_better(const Seen *seen, const Seen *other)
{
    return seen->score != other->score ? seen->score > other->score : seen->item < other->item;
}

static void judge_error(const Evaluation *evaluation, Scene *scene, size_t index,
                        Judgement *judgement)
{
    const Seen *seen = &scene->seen[index];
    const Overlap *own = NULL, *other = NULL;
    for (size_t i = seen->overlaps; i < end_of_overlaps(scene, index); i++) {
        const Overlap *overlap = &scene->overlaps[i];
        uint32_t gt = annotation_index(evaluation, scene, overlap->gt);
        bool same = evaluation->annotations[gt].category == seen->category;
        const Overlap **best = same ? &own : &other;
        if (is_higher(evaluation, scene, overlap, *best))
            *best = overlap;
    }
    double with_own = own ? own->iou : 0, with_other = other ? other->iou : 0;
    ErrorKind kind = kind_of(with_own, with_other);
    judgement->kind = (uint8_t)kind;
    const Overlap *target = kind == LOCALISATION ? own : kind == CLASSIFICATION ? other : NULL;
    judgement->iou = target ? target->iou : with_own > with_other ? with_own : with_other;
    if (!target)
        return;
    judgement->target = (int32_t)annotation_index(evaluation, scene, target->gt);
    Claim *claim = &scene->claims[target->gt];
    if (claim->pointer < 0 || is_better(seen, &scene->seen[claim->pointer]))
        claim->pointer = (int32_t)index;
}

/* The errors that are fixed by finding an object, and what became of every annotation. */
static void settle_claims(Evaluation *evaluation, Scene *scene)
{
    for (uint32_t g = 0; g < scene->gt_count; g++) {
        uint32_t index = annotation_index(evaluation, scene, g);
        const Annotation *gt = &evaluation->annotations[index];
        const Claim *claim = &scene->claims[g];
        if (judged_as(evaluation, gt) != AS_OBJECT)
            continue;
        evaluation->fates[index] = claim->found ? FOUND : claim->pointer < 0 ? UNFOUND : POINTED_AT;
        if (!claim->found && claim->pointer >= 0)
            evaluation->judgements[scene->seen[claim->pointer].position].fixed = gt->category;
    }
}

static int by_score_then_file(const void *first, const void *second)
{
    const Ranked *a = first, *b = second;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return (a->position > b->position) - (a->position < b->position);
}

/* The object without a match that a prediction overlaps most and at least by half, of equal ones
 * the last of the file; NULL for none. */
static const Overlap *free_object(const Evaluation *evaluation, const Scene *scene, size_t index)
{
    const Overlap *best = NULL;
    for (size_t i = scene->seen[index].overlaps; i < end_of_overlaps(scene, index); i++) {
        const Overlap *overlap = &scene->overlaps[i];
        uint32_t gt = annotation_index(evaluation, scene, overlap->gt);
        if (overlap->iou < FOREGROUND || scene->claims[overlap->gt].confused ||
            judged_as(evaluation, &evaluation->annotations[gt]) != AS_OBJECT)
            continue;
        if (!best || overlap->iou > best->iou ||
            (overlap->iou == best->iou && gt > annotation_index(evaluation, scene, best->gt)))
            best = overlap;
    }
    return best;
}

/* Matches the predictions that found nothing with the objects of other categories, in the order of
 * scores. */
static Status match_across(Evaluation *evaluation, Scene *scene)
{
    size_t count = 0;
    if (!room_for((void **)&scene->left, &scene->left_capacity, scene->seen_count,
                  sizeof *scene->left))
        return NO_MEMORY;
    for (size_t i = 0; i < scene->seen_count; i++) {
        const Seen *seen = &scene->seen[i];
        Judgement *judgement = &evaluation->judgements[seen->position];
        if (judgement->ignored || !(seen->score >= evaluation->confused_score))
            continue;
        judgement->confused = judgement->taken;
        if (judgement->taken < 0)
            scene->left[count++] = (Ranked){seen->score, seen->item, (uint32_t)i};
        else
            scene->claims[seen->taken].confused = true;
    }
    if (count)
        qsort(scene->left, count, sizeof *scene->left, by_score_then_file);
    for (size_t i = 0; i < count; i++) {
        const Overlap *object = free_object(evaluation, scene, scene->left[i].rank);
        if (!object)
            continue;
        scene->claims[object->gt].confused = true;
        evaluation->judgements[scene->seen[scene->left[i].rank].position].confused =
            (int32_t)annotation_index(evaluation, scene, object->gt);
    }
    return FINE;
}

Status judge_scene(Evaluation *evaluation, Scene *scene)
{
    const Outcome *outcomes = evaluation->outcomes[evaluation->recorded];
    if (!room_for((void **)&scene->claims, &scene->claims_capacity, scene->gt_count,
                  sizeof *scene->claims))
        return NO_MEMORY;
    for (uint32_t g = 0; g < scene->gt_count; g++)
        scene->claims[g] = (Claim){-1, false, false};
    for (size_t i = 0; i < scene->seen_count; i++) {
        const Seen *seen = &scene->seen[i];
        bool ignored = outcomes[seen->position].ignored & 1, taken = seen->taken >= 0 && !ignored;
        evaluation->judgements[seen->position] = (Judgement){
            .taken = taken ? (int32_t)annotation_index(evaluation, scene, (uint32_t)seen->taken)
                           : -1,
            .target = -1, .fixed = -1, .confused = NOT_CONFUSED, .kind = RIGHT,
            .ignored = ignored};
        if (taken)
            scene->claims[seen->taken].found = true;
    }
    for (size_t i = 0; i < scene->seen_count; i++) {
        Judgement *judgement = &evaluation->judgements[scene->seen[i].position];
        if (!judgement->ignored && judgement->taken < 0)
            judge_error(evaluation, scene, i, judgement);
    }
    settle_claims(evaluation, scene);
    return match_across(evaluation, scene);
}

void free_scene(Scene *scene)
{
    free(scene->overlaps);
    free(scene->seen);
    free(scene->claims);
    free(scene->left);
}
