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

enum {
    LANES = 16,
    FEW = 511 /* positives: rows of `reached` up to here are kept, one after the other */
};

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
    int32_t *sought; /* the image of each annotation to find */
    size_t sought_capacity, sought_count;
    /* Rows of how many recalls a number of true positives reaches: of the numbers of positives up
     * to FEW, made when needed, and of one lane each for more of them. */
    uint8_t *few, *many;
    bool made[FEW + 1];
    size_t many_capacity;
} Lists;

typedef struct {
    const Evaluation *evaluation;
    Rule rule;
    const uint32_t *means; /* a bit for each threshold of a mean */
    size_t mean_count;
    Bits thresholds; /* of all means */
    int range;
    size_t resamples, blocks;
    Lanes *weights;  /* [blocks, images] */
    int32_t *images; /* by position */
    double *precisions;
    Lists *thread_lists;
} Job;

static void add_lanes(Lanes *restrict sum, const Lanes *restrict more)
{
    for (int lane = 0; lane < LANES; lane++)
        sum->lane[lane] += more->lane[lane];
}

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

/* Lists the images of the annotations of a category that are to be found. */
static Status list_sought(const Job *job, size_t category, Lists *lists)
{
    const Evaluation *evaluation = job->evaluation;
    size_t count = 0;
    for (uint32_t c = evaluation->category_start[category];
         c < evaluation->category_start[category + 1]; c++) {
        const Cell *cell = &evaluation->cells[evaluation->by_category[c]];
        if (!room_for((void **)&lists->sought, &lists->sought_capacity, count + cell->gt_count,
                      sizeof *lists->sought))
            return NO_MEMORY;
        for (uint32_t i = 0; i < cell->gt_count; i++) {
            const Annotation *gt =
                &evaluation->annotations[evaluation->gt_order[cell->gt_first + i]];
            if (!gt->crowd && !(evaluation->masks && gt->skipped) &&
                !(annotation_outside(evaluation, gt) >> job->range & 1))
                lists->sought[count++] = cell->image;
        }
    }
    lists->sought_count = count;
    return FINE;
}

static void count_positives(const Lists *lists, const Lanes *weights, Lanes *positives)
{
    memset(positives, 0, sizeof *positives);
    for (size_t i = 0; i < lists->sought_count; i++)
        add_lanes(positives, &weights[lists->sought[i]]);
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
            add_lanes(&wrong, weight);
            continue;
        }
        for (int t = 0; t < THRESHOLDS; t++) {
            if (item->wrong >> t & 1) {
                add_lanes(&also[t], weight);
            } else if (item->right >> t & 1) {
                Step *step = &lists->steps[(size_t)t * lists->capacity + counts[t]++];
                add_lanes(&right[t], weight);
                step->right = right[t];
                step->wrong = wrong;
                add_lanes(&step->wrong, &also[t]);
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

/* Sets the row of each lane. */
static Status find_rows(Lists *lists, const Lanes *positives, const uint8_t *rows[LANES])
{
    size_t most = 0;
    for (int lane = 0; lane < LANES; lane++)
        most = positives->lane[lane] > most ? positives->lane[lane] : most;
    if (!lists->few)
        lists->few = new_items((size_t)(FEW + 1) * (FEW + 2) / 2, 1);
    if (!lists->few || (most > FEW && !room_for((void **)&lists->many, &lists->many_capacity,
                                                most + 1, LANES)))
        return NO_MEMORY;
    for (int lane = 0; lane < LANES; lane++) {
        size_t count = positives->lane[lane];
        bool few = count <= FEW;
        uint8_t *row = few ? lists->few + count * (count + 1) / 2
                           : lists->many + (size_t)lane * (most + 1);
        if (!few || !lists->made[count])
            fill_reached(row, (uint32_t)count);
        if (few)
            lists->made[count] = true;
        rows[lane] = row;
    }
    return FINE;
}

/* Adds the precision envelope at all recalls to `sums`, from the last true positive to the first.
 * A resample without its image adds nothing. Counts have 31 bits, which convert faster as signed. */
static void add_precision(const Step *steps, size_t count, const uint8_t *rows[LANES],
                          double sums[LANES])
{
    static const Lanes none;
    double best[LANES] = {0}, total[LANES];
    int32_t reached[LANES], gained[LANES], found[LANES];
    memcpy(total, sums, sizeof total);
    for (int lane = 0; lane < LANES && count; lane++)
        reached[lane] = rows[lane][steps[count - 1].right.lane[lane]];
    for (size_t c = count; c-- > 0;) {
        const Lanes *right = &steps[c].right, *wrong = &steps[c].wrong;
        const Lanes *before = c ? &steps[c - 1].right : &none;
        for (int lane = 0; lane < LANES; lane++) {
            int32_t earlier = rows[lane][before->lane[lane]];
            gained[lane] = reached[lane] - earlier;
            reached[lane] = earlier;
        }
        for (int lane = 0; lane < LANES; lane++) /* without a branch, for the vector units */
            found[lane] = (int32_t)(right->lane[lane] &
                                    (0 - (uint32_t)(right->lane[lane] != before->lane[lane])));
        for (int lane = 0; lane < LANES; lane++) {
            double all = ((double)(int32_t)wrong->lane[lane] + (double)(int32_t)right->lane[lane])
                + DBL_EPSILON;
            double here = (double)found[lane] / all;
            best[lane] = here > best[lane] ? here : best[lane];
            total[lane] += best[lane] * (double)gained[lane];
        }
    }
    memcpy(sums, total, sizeof total);
}

static Status do_block(const Job *job, size_t category, size_t block, Lists *lists)
{
    const Evaluation *evaluation = job->evaluation;
    const Lanes *weights = job->weights + block * evaluation->images.count;
    size_t counts[THRESHOLDS] = {0};
    const uint8_t *rows[LANES];
    Lanes positives;
    count_positives(lists, weights, &positives);
    if (find_rows(lists, &positives, rows) != FINE)
        return NO_MEMORY;
    walk(job, weights, lists, counts);
    for (size_t mean = 0; mean < job->mean_count; mean++) {
        int wanted = 0;
        double sums[LANES] = {0};
        for (int t = 0; t < THRESHOLDS; t++) {
            if (!(job->means[mean] >> t & 1))
                continue;
            wanted++;
            add_precision(lists->steps + (size_t)t * lists->capacity, counts[t], rows, sums);
        }
        size_t first = mean * job->resamples + block * LANES;
        for (size_t lane = 0; lane < LANES && block * LANES + lane < job->resamples; lane++)
            job->precisions[(first + lane) * evaluation->categories.count + category] =
                positives.lane[lane] ? sums[lane] / (wanted * RECALLS) : -1;
    }
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
        if (list_items(job, k, lists) != FINE || list_sought(job, k, lists) != FINE)
            return NO_MEMORY;
        for (size_t block = 0; block < job->blocks; block++) {
            Status status = do_block(job, k, block, lists);
            if (status != FINE)
                return status;
        }
    }
    return FINE;
}

Status resample_precision(const Evaluation *evaluation, Rule rule, const uint32_t *means,
                          size_t mean_count, int range, size_t resamples, const int32_t *weights,
                          double *precisions)
{
    size_t images = evaluation->images.count;
    if (!are_valid_weights(evaluation, resamples, weights))
        return UNUSUAL;
    Job job = {.evaluation = evaluation, .rule = rule, .means = means, .mean_count = mean_count,
               .range = range, .resamples = resamples,
               .blocks = (resamples + LANES - 1) / LANES, .precisions = precisions};
    for (size_t mean = 0; mean < mean_count; mean++)
        job.thresholds |= means[mean];
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
        free(job.thread_lists[i].sought);
        free(job.thread_lists[i].few);
        free(job.thread_lists[i].many);
    }
    free(job.thread_lists);
    free(job.weights);
    free(job.images);
    return status;
}
