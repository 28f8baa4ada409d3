/* AP of many resamples of the images, from one matching.
 *
 * The match of a prediction depends on its image only, so a resample only changes how often an
 * image counts. An image of weight w counts as w copies of itself. Copies of a prediction are
 * adjacent in the ranking, and ties between predictions are decided as in the evaluation: by image
 * id, then by rank within the image. All copies of a true positive then have the precision envelope
 * of the last one, and a resample costs one step for each true positive. Sixteen resamples are
 * computed together, with the processor's vector units. */
#include "resampling.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/workers.h"
#include "../base/settings.h"
#include "accumulation.h"

enum { LANES = 16 };

typedef struct {
    uint32_t lane[LANES];
} Lanes;

/* Counts at a true positive: true positives including all its copies, false positives before it. */
typedef struct {
    Lanes right, wrong;
} Step;

/* A prediction: a bit for each wanted threshold where it is a true or a false positive. */
typedef struct {
    int32_t image;
    uint16_t right, wrong;
} Item;

typedef struct {
    Item *items;
    size_t items_capacity, item_count;
    Step *steps; /* [thresholds, capacity] */
    size_t capacity;
    uint8_t *reached; /* [lanes, most positives + 1]: recalls reached by a number */
    size_t reached_capacity;
} Lists;

typedef struct {
    const Evaluation *evaluation;
    Rule rule;
    Bits thresholds;
    int range;
    size_t resamples, blocks;
    Lanes *weights;  /* [blocks, images] */
    int32_t *images; /* by position */
    double *precisions;
    Lists *thread_lists;
} Job;

static bool are_valid_weights(const Evaluation *evaluation, size_t resamples, const int32_t *weights)
{
    size_t images = evaluation->images.count;
    for (size_t r = 0; r < resamples; r++) {
        int64_t sum = 0, most = 0;
        for (size_t i = 0; i < images; i++) {
            int64_t weight = weights[r * images + i];
            if (weight < 0)
                return false;
            sum += weight;
            most = weight > most ? weight : most;
        }
        /* so that every count fits in 32 bits */
        if (sum > INT32_MAX / MOST_DETECTIONS ||
            most * (int64_t)evaluation->annotation_count > INT32_MAX)
            return false;
    }
    return true;
}

static void count_positives(const Job *job, size_t category, const Lanes *weights,
                            Lanes *positives)
{
    const Evaluation *evaluation = job->evaluation;
    memset(positives, 0, sizeof *positives);
    for (uint32_t c = evaluation->category_start[category];
         c < evaluation->category_start[category + 1]; c++) {
        const Cell *cell = &evaluation->cells[evaluation->by_category[c]];
        for (uint32_t i = 0; i < cell->gt_count; i++) {
            const Annotation *gt =
                &evaluation->annotations[evaluation->gt_order[cell->gt_first + i]];
            if (gt->crowd || (evaluation->masks && gt->skipped) ||
                (annotation_outside(evaluation, gt) >> job->range & 1))
                continue;
            for (int lane = 0; lane < LANES; lane++)
                positives->lane[lane] += weights[cell->image].lane[lane];
        }
    }
}

/* The image of each outcome, by position; NULL when out of memory. */
static int32_t *images_by_position(const Evaluation *evaluation)
{
    int32_t *images = new_items(evaluation->ordered, sizeof *images);
    for (size_t i = 0; images && i < evaluation->cell_count; i++) {
        const Cell *cell = &evaluation->cells[i];
        for (uint32_t rank = 0; rank < cell->kept; rank++)
            images[cell->position + rank] = cell->image;
    }
    return images;
}

/* Lists the predictions of a category that play a part: not ignored at all wanted thresholds, and
 * up to the last true positive. */
static Status list_items(const Job *job, size_t category, Lists *lists)
{
    const Evaluation *evaluation = job->evaluation;
    const Outcome *outcomes = evaluation->outcomes[job->rule];
    uint32_t start = evaluation->ranking_start[category];
    uint32_t end = evaluation->ranking_start[category + 1];
    size_t count = 0, last = 0;
    if (!room_for((void **)&lists->items, &lists->items_capacity, end - start,
                  sizeof *lists->items))
        return NO_MEMORY;
    for (uint32_t i = start; i < end; i++) {
        uint32_t position = evaluation->ranking[i].position;
        Bits matched = outcomes[position].matched >> (job->range * THRESHOLDS);
        Bits ignored = outcomes[position].ignored >> (job->range * THRESHOLDS);
        Bits right = matched & ~ignored & job->thresholds;
        Bits wrong = ~matched & ~ignored & job->thresholds;
        if (!(right | wrong))
            continue;
        lists->items[count++] = (Item){job->images[position], (uint16_t)right, (uint16_t)wrong};
        if (right)
            last = count;
    }
    lists->item_count = last;
    return FINE;
}

static void walk(const Job *job, const Lanes *weights, Lists *lists, size_t counts[THRESHOLDS])
{
    Lanes wrong, also[THRESHOLDS], right[THRESHOLDS];
    memset(&wrong, 0, sizeof wrong);
    memset(also, 0, sizeof also);
    memset(right, 0, sizeof right);
    for (size_t i = 0; i < lists->item_count; i++) {
        const Item *item = &lists->items[i];
        const Lanes *weight = &weights[item->image];
        if (item->wrong == job->thresholds) {
            for (int lane = 0; lane < LANES; lane++)
                wrong.lane[lane] += weight->lane[lane];
            continue;
        }
        for (int t = 0; t < THRESHOLDS; t++) {
            if (item->wrong >> t & 1) {
                for (int lane = 0; lane < LANES; lane++)
                    also[t].lane[lane] += weight->lane[lane];
            } else if (item->right >> t & 1) {
                Step *step = &lists->steps[(size_t)t * lists->capacity + counts[t]++];
                for (int lane = 0; lane < LANES; lane++) {
                    right[t].lane[lane] += weight->lane[lane];
                    step->right.lane[lane] = right[t].lane[lane];
                    step->wrong.lane[lane] = wrong.lane[lane] + also[t].lane[lane];
                }
            }
        }
    }
}

/* Sets reached[c] to the number of recalls that c true positives of `positives` reach. */
static void fill_reached(uint8_t *reached, uint32_t positives)
{
    int r = 0;
    reached[0] = 0;
    for (uint32_t c = 1; c <= positives; c++) {
        while (r < RECALLS && (double)c / (double)positives >= recall_at(r))
            r++;
        reached[c] = (uint8_t)r;
    }
}

/* Adds the precision envelope at all recalls to `sums`, from the last true positive to the
 * first. */
static void add_precision(const Step *steps, size_t count, const uint8_t *reached, size_t stride,
                          double sums[LANES])
{
    double best[LANES] = {0};
    for (size_t c = count; c-- > 0;) {
        for (int lane = 0; lane < LANES; lane++) {
            uint32_t right = steps[c].right.lane[lane];
            uint32_t before = c ? steps[c - 1].right.lane[lane] : 0;
            if (right == before)
                continue; /* the resample does not contain its image */
            double all = ((double)steps[c].wrong.lane[lane] + right) + DBL_EPSILON;
            double here = right / all;
            best[lane] = here > best[lane] ? here : best[lane];
            const uint8_t *row = reached + (size_t)lane * stride;
            sums[lane] += best[lane] * (row[right] - row[before]);
        }
    }
}

static Status do_block(const Job *job, size_t category, size_t block, Lists *lists)
{
    const Evaluation *evaluation = job->evaluation;
    const Lanes *weights = job->weights + block * evaluation->images.count;
    size_t counts[THRESHOLDS] = {0}, most = 0;
    int wanted = 0;
    double sums[LANES] = {0};
    Lanes positives;
    count_positives(job, category, weights, &positives);
    for (int lane = 0; lane < LANES; lane++)
        most = positives.lane[lane] > most ? positives.lane[lane] : most;
    if (!room_for((void **)&lists->reached, &lists->reached_capacity, most + 1, LANES))
        return NO_MEMORY;
    for (int lane = 0; lane < LANES; lane++)
        fill_reached(lists->reached + (size_t)lane * (most + 1), positives.lane[lane]);
    walk(job, weights, lists, counts);
    for (int t = 0; t < THRESHOLDS; t++) {
        wanted += job->thresholds >> t & 1;
        add_precision(lists->steps + (size_t)t * lists->capacity, counts[t], lists->reached,
                      most + 1, sums);
    }
    for (size_t lane = 0; lane < LANES && block * LANES + lane < job->resamples; lane++)
        job->precisions[(block * LANES + lane) * evaluation->categories.count + category] =
            positives.lane[lane] ? sums[lane] / (wanted * RECALLS) : -1;
    return FINE;
}

static Status steps_room(Lists *lists, size_t positives)
{
    if (lists->steps && positives <= lists->capacity)
        return FINE;
    free(lists->steps);
    lists->capacity = 0;
    lists->steps = new_items(positives, THRESHOLDS * sizeof *lists->steps);
    if (!lists->steps)
        return NO_MEMORY;
    lists->capacity = positives;
    return FINE;
}

static Status resample_work(void *context, int worker, size_t first, size_t last)
{
    const Job *job = context;
    Lists *lists = &job->thread_lists[worker];
    for (size_t k = first; k < last; k++) {
        if (steps_room(lists, job->evaluation->positives[k][job->range]) != FINE)
            return NO_MEMORY;
        Status listed = list_items(job, k, lists);
        if (listed != FINE)
            return listed;
        for (size_t block = 0; block < job->blocks; block++) {
            Status status = do_block(job, k, block, lists);
            if (status != FINE)
                return status;
        }
    }
    return FINE;
}

Status resample_precision(const Evaluation *evaluation, Rule rule, Bits thresholds,
                          int range, size_t resamples, const int32_t *weights, double *precisions)
{
    size_t images = evaluation->images.count;
    if (!are_valid_weights(evaluation, resamples, weights))
        return UNUSUAL;
    Job job = {.evaluation = evaluation, .rule = rule,
               .thresholds = thresholds, .range = range, .resamples = resamples,
               .blocks = (resamples + LANES - 1) / LANES, .precisions = precisions};
    job.weights = new_items(job.blocks * images, sizeof *job.weights);
    job.thread_lists = new_items((size_t)evaluation->threads, sizeof *job.thread_lists);
    job.images = images_by_position(evaluation);
    Status status = job.weights && job.thread_lists && job.images ? FINE : NO_MEMORY;
    if (status == FINE) {
        for (size_t r = 0; r < resamples; r++)
            for (size_t i = 0; i < images; i++)
                job.weights[r / LANES * images + i].lane[r % LANES] =
                    (uint32_t)weights[r * images + i];
        status = run_workers(evaluation->threads, evaluation->categories.count, 1, resample_work,
                             &job);
    }
    for (int i = 0; job.thread_lists && i < evaluation->threads; i++) {
        free(job.thread_lists[i].items);
        free(job.thread_lists[i].steps);
        free(job.thread_lists[i].reached);
    }
    free(job.thread_lists);
    free(job.weights);
    free(job.images);
    return status;
}
