/* Reads both files in parallel, keeping only 48 bytes of each record.
 *
 * All threads read shards of the results, and one of them first reads the ground truth. The start
 * of a record cannot be known without reading from the beginning, so each shard starts at a guess
 * (a `{` after a comma). The guesses are checked afterwards: the previous shard must end exactly
 * there. If one does not, a single thread reads the file again. Finally the shards are joined into
 * one list, and ids become ranks. */
#include "reading.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/settings.h"
#include "../base/workers.h"
#include "ground_truth_file.h"
#include "ids.h"
#include "json_scan.h"
#include "results_record.h"

enum {
    SMALLEST_SHARD = 1 << 20,
    SHARDS_A_THREAD = 4, /* so that all threads finish at about the same time */
    MOST_SHARDS = SHARDS_A_THREAD * MOST_THREADS
};

/* A prediction as read. */
typedef struct {
    MaskText mask;
    double score;
    int64_t image_id, category_id;
} Item;

typedef struct {
    Cursor cursor;
    const uint8_t *start;
    const uint8_t *stop; /* start of the next shard; NULL for the last */
    Item *items;
    size_t count, capacity;
    double (*boxes)[4];
    size_t boxes_capacity;
    double *areas; /* where they are given */
    size_t areas_capacity;
    size_t first_boxed; /* index of the first record with a box; SIZE_MAX if none */
    bool first_has_box, all_boxed, at_end;
    size_t before; /* number of records in earlier shards */
    Status status;
} Shard;

typedef struct {
    Evaluation *evaluation;
    const uint8_t *ground_truth;
    size_t gt_length;
    Shard shards[MOST_SHARDS];
    size_t count;
    Arena arenas[MOST_THREADS]; /* of the shards' items */
} Reading;

static Status keep(Shard *shard, Arena *arena, const Record *record)
{
    size_t index = shard->count;
    if (index == shard->capacity) {
        const uint8_t *end = shard->stop ? shard->stop : shard->cursor.end;
        double done = (double)(shard->cursor.at - shard->start) / (double)(end - shard->start);
        shard->items = arena_more(arena, shard->items, index, &shard->capacity, done,
                                 sizeof *shard->items);
        if (!shard->items)
            return NO_MEMORY;
    }
    if (record->boxed && shard->first_boxed == SIZE_MAX)
        shard->first_boxed = index;
    if (index == 0)
        shard->first_has_box = record->boxed;
    shard->all_boxed &= record->boxed;
    if (shard->first_boxed != SIZE_MAX) {
        if (!room_for_one((void **)&shard->boxes, &shard->boxes_capacity, index,
                          sizeof *shard->boxes))
            return NO_MEMORY;
        if (shard->first_boxed == index && index > 0)
            memset(shard->boxes, 0, index * sizeof *shard->boxes);
        memset(shard->boxes[index], 0, sizeof *shard->boxes);
        if (record->boxed)
            memcpy(shard->boxes[index], record->box, sizeof record->box);
        else
            shard->boxes[index][2] = -1; /* no box */
    }
    if (record->given_area) {
        if (!room_for_one((void **)&shard->areas, &shard->areas_capacity, index,
                          sizeof *shard->areas))
            return NO_MEMORY;
        shard->areas[index] = record->area;
    }
    shard->items[index] = (Item){record->mask, record->score, record->image_id,
                                 record->category_id};
    shard->count++;
    return FINE;
}

static Status read_shard(Shard *shard, Arena *arena, bool areas)
{
    Record record;
    Layout layout;
    bool more = true;
    memset(&layout, 0, sizeof layout);
    layout.areas = areas;
    if (peek(&shard->cursor) == ']') { /* no records */
        shard->at_end = true;
        return expect(&shard->cursor, ']') ? FINE : UNUSUAL;
    }
    while (more) {
        if (!scan_record(&shard->cursor, &record, &layout))
            return UNUSUAL;
        Status status = keep(shard, arena, &record);
        if (status != FINE)
            return status;
        if (!next_or_close(&shard->cursor, ']', &more))
            return UNUSUAL;
        if (more && shard->stop) {
            skip_blank(&shard->cursor);
            if (shard->cursor.at >= shard->stop)
                return shard->cursor.at == shard->stop ? FINE : UNUSUAL;
        }
    }
    shard->at_end = true;
    return FINE;
}

/* Reads the ground truth (item 0) or a shard. */
static Status read_work(void *context, int worker, size_t first, size_t last)
{
    Reading *reading = context;
    Evaluation *evaluation = reading->evaluation;
    for (size_t i = first; i < last; i++) {
        if (i == 0) {
            Status status = read_ground_truth(evaluation, reading->ground_truth,
                                              reading->gt_length);
            if (status != FINE)
                return status;
        } else {
            Shard *shard = &reading->shards[i - 1];
            /* Checked later: a wrong guess is not an error in the file. */
            shard->status = read_shard(shard, &reading->arenas[worker], evaluation->given_areas);
        }
    }
    return FINE;
}

/* The first position from `from` on where a record can start; NULL if none. */
static const uint8_t *guess_start(const uint8_t *text, const uint8_t *from, const uint8_t *end)
{
    while (from < end) {
        const uint8_t *brace = memchr(from, '{', (size_t)(end - from));
        if (!brace)
            return NULL;
        const uint8_t *before = brace;
        do
            before--;
        while (before > text &&
               (*before == ' ' || *before == '\n' || *before == '\r' || *before == '\t'));
        if (*before == ',')
            return brace;
        from = brace + 1;
    }
    return NULL;
}

static void start_shard(Shard *shard, Cursor cursor)
{
    memset(shard, 0, sizeof *shard);
    shard->cursor = cursor;
    shard->start = cursor.at;
    shard->first_boxed = SIZE_MAX;
    shard->all_boxed = true;
}

static void split(Reading *reading, Cursor cursor, size_t wanted)
{
    size_t length = (size_t)(cursor.end - cursor.at);
    reading->count = 1;
    start_shard(&reading->shards[0], cursor);
    if (wanted > length / SMALLEST_SHARD + 1)
        wanted = length / SMALLEST_SHARD + 1;
    for (size_t i = 1; i < wanted; i++) {
        const uint8_t *from = cursor.at + length / wanted * i;
        Cursor later = {guess_start(cursor.at, from, cursor.end), cursor.end};
        if (!later.at)
            break;
        reading->shards[reading->count - 1].stop = later.at;
        start_shard(&reading->shards[reading->count++], later);
    }
}

static Status check_shards(const Reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        if (reading->shards[i].status != FINE)
            return reading->shards[i].status;
        if (reading->shards[i].at_end != (i == reading->count - 1))
            return UNUSUAL;
    }
    Cursor rest = reading->shards[reading->count - 1].cursor;
    return peek(&rest) == 0 && rest.at == rest.end ? FINE : UNUSUAL;
}

static void free_shards(Reading *reading)
{
    for (int i = 0; i < MOST_THREADS; i++)
        arena_free(&reading->arenas[i]);
    for (size_t i = 0; i < reading->count; i++) {
        free(reading->shards[i].boxes);
        free(reading->shards[i].areas);
    }
}

/* Allocates the predictions and sets what depends on all records. */
static Status prepare(Reading *reading)
{
    Evaluation *evaluation = reading->evaluation;
    size_t total = 0;
    bool boxes = false, all_boxed = true;
    for (size_t i = 0; i < reading->count; i++) {
        reading->shards[i].before = total;
        total += reading->shards[i].count;
        boxes |= reading->shards[i].first_boxed != SIZE_MAX;
        all_boxed &= reading->shards[i].all_boxed;
    }
    bool given = evaluation->given_areas;
    evaluation->areas_of_boxes = reading->shards[0].first_has_box && !given;
    evaluation->needs_masks = evaluation->masks || !(evaluation->areas_of_boxes || given);
    bool needs_boxes = evaluation->areas_of_boxes || (given && !evaluation->masks);
    if (total >= INT32_MAX || (needs_boxes && !all_boxed))
        return UNUSUAL; /* if the first record has a box, all must */
    if (given)
        evaluation->areas = arena_items(&evaluation->arena, total, sizeof *evaluation->areas);
    evaluation->predictions = arena_items(&evaluation->arena, total,
                                          sizeof *evaluation->predictions);
    if (boxes)
        evaluation->boxes = arena_items(&evaluation->arena, total, sizeof *evaluation->boxes);
    if (!evaluation->predictions || (boxes && !evaluation->boxes) ||
        (given && !evaluation->areas))
        return NO_MEMORY;
    evaluation->prediction_count = total;
    return FINE;
}

/* Whether a mask is present if needed, and of the size of its image. */
static bool is_valid_mask(const Evaluation *evaluation, const MaskText *mask, int32_t image)
{
    if (!evaluation->needs_masks) {
        Span text = {mask->text, mask->length, mask->escapes};
        return mask->kind != MASK_TEXT || is_valid_text(text);
    }
    if (mask->kind == MASK_TEXT || mask->kind == MASK_COUNTS)
        return mask->height == evaluation->heights[image] &&
               mask->width == evaluation->widths[image];
    return mask->kind != MASK_NONE;
}

static Status store_items(Evaluation *evaluation, const Shard *shard)
{
    int32_t image = -1, category = -1; /* of the previous item, to avoid lookups */
    for (size_t i = 0; i < shard->count; i++) {
        const Item *item = &shard->items[i];
        if (i == 0 || item->image_id != item[-1].image_id)
            image = ids_find(&evaluation->images, item->image_id);
        if (i == 0 || item->category_id != item[-1].category_id)
            category = ids_find(&evaluation->categories, item->category_id);
        if (image < 0 || category < 0 || !is_valid_mask(evaluation, &item->mask, image))
            return UNUSUAL;
        evaluation->predictions[shard->before + i] =
            (Prediction){item->mask, item->score, image, category};
    }
    if (evaluation->areas && shard->count)
        memcpy(evaluation->areas + shard->before, shard->areas,
               shard->count * sizeof *shard->areas);
    for (size_t i = 0; evaluation->boxes && i < shard->count; i++) {
        double *box = evaluation->boxes[shard->before + i];
        if (i < shard->first_boxed)
            box[2] = -1; /* no box */
        else
            memcpy(box, shard->boxes[i], sizeof *shard->boxes);
    }
    return FINE;
}

static Status store_work(void *context, int worker, size_t first, size_t last)
{
    Reading *reading = context;
    (void)worker;
    for (size_t i = first; i < last; i++) {
        Status status = store_items(reading->evaluation, &reading->shards[i]);
        if (status != FINE)
            return status;
    }
    return FINE;
}

static Status read_all(Reading *reading)
{
    Evaluation *evaluation = reading->evaluation;
    const Text *text = &evaluation->results;
    Cursor cursor = {text->text, text->text + text->length};
    int threads = evaluation->threads;
    if (!expect(&cursor, '['))
        return UNUSUAL;
    split(reading, cursor, threads > 1 ? (size_t)threads * SHARDS_A_THREAD : 1);
    Status status = run_workers(threads, 1 + reading->count, 1, read_work, reading);
    if (status == FINE)
        status = check_shards(reading);
    else
        return status; /* from the ground truth */
    if (status == UNUSUAL && reading->count > 1) { /* a guess may be inside a record */
        free_shards(reading);
        split(reading, cursor, 1);
        (void)read_work(reading, 0, 1, 2);
        status = check_shards(reading);
    }
    if (status == FINE)
        status = prepare(reading);
    return status == FINE ? run_workers(threads, reading->count, 1, store_work, reading) : status;
}

Status read_files(Evaluation *evaluation, const uint8_t *ground_truth, size_t length)
{
    Reading *reading = new_items(1, sizeof *reading);
    if (!reading)
        return NO_MEMORY;
    reading->evaluation = evaluation;
    reading->ground_truth = ground_truth;
    reading->gt_length = length;
    Status status = set_default_settings(evaluation);
    if (status == FINE)
        status = read_all(reading);
    free_shards(reading);
    free(reading);
    return status;
}
