/* Reading both files at once: nothing is built of a record but 48 bytes.
 *
 * The results are read in parts by all threads, while one of them reads the ground truth first.
 * Where a record starts cannot be known without reading from the front, so each part starts at a
 * guess (a `{` after a comma) and the guesses are proved afterwards: the part before must end
 * exactly there. If one does not, a single thread reads the file again. Once all is read, the parts are put
 * into one list, and ids become ranks. */
#include "reading.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/pages.h"
#include "../base/workers.h"
#include "ground_truth_file.h"
#include "ids.h"
#include "json_scan.h"
#include "results_record.h"

enum {
    SMALLEST_PART = 1 << 20,
    PARTS_A_THREAD = 4, /* so that all threads end at about the same time */
    MOST_PARTS = PARTS_A_THREAD * MOST_THREADS
};

/* A prediction as it is read. */
typedef struct {
    MaskText mask;
    double score;
    int64_t image_id, category_id;
} Item;

typedef struct {
    Cursor cursor;
    const uint8_t *start;
    const uint8_t *stop; /* where the next part starts; NULL for the last */
    Item *items;
    size_t count, capacity;
    double (*boxes)[4];
    size_t boxes_capacity;
    size_t first_boxed; /* the first record with a box, SIZE_MAX for none */
    bool first_has_box, all_boxed, at_end;
    size_t before; /* records of the parts before */
    Status status;
} Part;

typedef struct {
    Evaluation *evaluation;
    const uint8_t *truth;
    size_t truth_length;
    Part parts[MOST_PARTS];
    size_t count;
    Arena arenas[MOST_THREADS]; /* of the parts' items */
} Reading;

static Status keep(Part *part, Arena *arena, const Record *record)
{
    size_t place = part->count;
    if (place == part->capacity) {
        const uint8_t *end = part->stop ? part->stop : part->cursor.end;
        double done = (double)(part->cursor.at - part->start) / (double)(end - part->start);
        part->items = arena_more(arena, part->items, place, &part->capacity, done,
                                 sizeof *part->items);
        if (!part->items)
            return NO_MEMORY;
    }
    if (record->boxed && part->first_boxed == SIZE_MAX)
        part->first_boxed = place;
    if (place == 0)
        part->first_has_box = record->boxed;
    part->all_boxed &= record->boxed;
    if (part->first_boxed != SIZE_MAX) {
        if (!room_for_one((void **)&part->boxes, &part->boxes_capacity, place,
                          sizeof *part->boxes))
            return NO_MEMORY;
        if (part->first_boxed == place && place > 0)
            memset(part->boxes, 0, place * sizeof *part->boxes);
        memset(part->boxes[place], 0, sizeof *part->boxes);
        if (record->boxed)
            memcpy(part->boxes[place], record->box, sizeof record->box);
        else
            part->boxes[place][2] = -1; /* has none */
    }
    part->items[place] = (Item){record->mask, record->score, record->image_id, record->category_id};
    part->count++;
    return FINE;
}

static Status read_part(Part *part, Arena *arena, const MappedText *text, size_t kept)
{
    Record record;
    Layout layout;
    bool more = true;
    const uint8_t *dropped = part->cursor.at;
    memset(&layout, 0, sizeof layout);
    while (more) {
        if ((size_t)(part->cursor.at - dropped) > kept) {
            drop_part(text, dropped, part->cursor.at);
            dropped = part->cursor.at;
        }
        if (!scan_record(&part->cursor, &record, &layout))
            return UNUSUAL;
        Status status = keep(part, arena, &record);
        if (status != FINE)
            return status;
        if (!next_or_close(&part->cursor, ']', &more))
            return UNUSUAL;
        if (more && part->stop) {
            skip_blank(&part->cursor);
            if (part->cursor.at >= part->stop)
                return part->cursor.at == part->stop ? FINE : UNUSUAL;
        }
    }
    part->at_end = true;
    return FINE;
}

/* The ground truth, item 0, or a part. */
static Status read_work(void *context, int worker, size_t first, size_t last)
{
    Reading *reading = context;
    Evaluation *evaluation = reading->evaluation;
    /* As many bytes as PAGES_DROPPED allows each thread, whichever parts they are of. */
    bool small = evaluation->results.length / PAGES_DROPPED <= (size_t)evaluation->threads;
    size_t kept = small ? PAGES_DROPPED : PAGES_DROPPED / PARTS_A_THREAD;
    for (size_t i = first; i < last; i++) {
        if (i == 0) {
            Status status = read_truth(evaluation, reading->truth, reading->truth_length);
            if (status != FINE)
                return status;
        } else {
            Part *part = &reading->parts[i - 1];
            /* Told apart later: a wrong guess is no fault of the file. */
            part->status = read_part(part, &reading->arenas[worker], &evaluation->results, kept);
        }
    }
    return FINE;
}

/* A place at or after `from` where a record might start; NULL for none. */
static const uint8_t *guess_start(const uint8_t *from, const uint8_t *end)
{
    while (from < end) {
        const uint8_t *brace = memchr(from, '{', (size_t)(end - from));
        if (!brace)
            return NULL;
        const uint8_t *before = brace;
        do
            before--;
        while (*before == ' ' || *before == '\n' || *before == '\r' || *before == '\t');
        if (*before == ',')
            return brace;
        from = brace + 1;
    }
    return NULL;
}

static void start_part(Part *part, Cursor cursor)
{
    memset(part, 0, sizeof *part);
    part->cursor = cursor;
    part->start = cursor.at;
    part->first_boxed = SIZE_MAX;
    part->all_boxed = true;
}

static void split(Reading *reading, Cursor cursor, size_t wanted)
{
    size_t length = (size_t)(cursor.end - cursor.at);
    reading->count = 1;
    start_part(&reading->parts[0], cursor);
    if (wanted > length / SMALLEST_PART + 1)
        wanted = length / SMALLEST_PART + 1;
    for (size_t i = 1; i < wanted; i++) {
        Cursor later = {guess_start(cursor.at + length / wanted * i, cursor.end), cursor.end};
        if (!later.at)
            break;
        reading->parts[reading->count - 1].stop = later.at;
        start_part(&reading->parts[reading->count++], later);
    }
}

static Status check_parts(const Reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        if (reading->parts[i].status != FINE)
            return reading->parts[i].status;
        if (reading->parts[i].at_end != (i == reading->count - 1))
            return UNUSUAL;
    }
    Cursor rest = reading->parts[reading->count - 1].cursor;
    return peek(&rest) == 0 && rest.at == rest.end ? FINE : UNUSUAL;
}

static void free_parts(Reading *reading)
{
    for (int i = 0; i < MOST_THREADS; i++)
        arena_free(&reading->arenas[i]);
    for (size_t i = 0; i < reading->count; i++)
        free(reading->parts[i].boxes);
}

/* Room for all records, and what the records together say. */
static Status prepare(Reading *reading)
{
    Evaluation *evaluation = reading->evaluation;
    size_t total = 0;
    bool boxes = false, all_boxed = true;
    for (size_t i = 0; i < reading->count; i++) {
        reading->parts[i].before = total;
        total += reading->parts[i].count;
        boxes |= reading->parts[i].first_boxed != SIZE_MAX;
        all_boxed &= reading->parts[i].all_boxed;
    }
    evaluation->areas_of_boxes = reading->parts[0].first_has_box;
    evaluation->needs_masks = evaluation->masks || !evaluation->areas_of_boxes;
    if (total >= INT32_MAX || (evaluation->areas_of_boxes && !all_boxed))
        return UNUSUAL; /* once the first has a box all must */
    evaluation->predictions = arena_items(&evaluation->arena, total,
                                          sizeof *evaluation->predictions);
    if (boxes)
        evaluation->boxes = arena_items(&evaluation->arena, total, sizeof *evaluation->boxes);
    if (!evaluation->predictions || (boxes && !evaluation->boxes))
        return NO_MEMORY;
    evaluation->prediction_count = total;
    return FINE;
}

/* Masks must be there where they are needed, and of their image's size. */
static bool is_sound(const Evaluation *evaluation, const MaskText *mask, int32_t image)
{
    if (!evaluation->needs_masks) {
        Span text = {mask->text, mask->length, mask->escapes};
        return mask->kind != MASK_TEXT || sound_text(text);
    }
    if (mask->kind == MASK_TEXT || mask->kind == MASK_COUNTS)
        return mask->height == evaluation->heights[image] &&
               mask->width == evaluation->widths[image];
    return mask->kind != MASK_NONE;
}

static Status place_items(Evaluation *evaluation, const Part *part)
{
    int32_t image = -1, category = -1; /* of the last one, to spare look-ups */
    for (size_t i = 0; i < part->count; i++) {
        const Item *item = &part->items[i];
        if (i == 0 || item->image_id != item[-1].image_id)
            image = ids_find(&evaluation->images, item->image_id);
        if (i == 0 || item->category_id != item[-1].category_id)
            category = ids_find(&evaluation->categories, item->category_id);
        if (image < 0 || category < 0 || !is_sound(evaluation, &item->mask, image))
            return UNUSUAL;
        evaluation->predictions[part->before + i] =
            (Prediction){item->mask, item->score, image, category};
    }
    for (size_t i = 0; evaluation->boxes && i < part->count; i++) {
        double *box = evaluation->boxes[part->before + i];
        if (i < part->first_boxed)
            box[2] = -1; /* has none */
        else
            memcpy(box, part->boxes[i], sizeof *part->boxes);
    }
    return FINE;
}

static Status place_work(void *context, int worker, size_t first, size_t last)
{
    Reading *reading = context;
    (void)worker;
    for (size_t i = first; i < last; i++) {
        Status status = place_items(reading->evaluation, &reading->parts[i]);
        if (status != FINE)
            return status;
    }
    return FINE;
}

static Status read_all(Reading *reading)
{
    Evaluation *evaluation = reading->evaluation;
    const MappedText *text = &evaluation->results;
    Cursor cursor = {text->text, text->text + text->length};
    int threads = evaluation->threads;
    if (!expect(&cursor, '['))
        return UNUSUAL;
    split(reading, cursor, threads > 1 ? (size_t)threads * PARTS_A_THREAD : 1);
    Status status = run_workers(threads, 1 + reading->count, 1, read_work, reading);
    if (status == FINE)
        status = check_parts(reading);
    else
        return status; /* the ground truth's */
    if (status == UNUSUAL && reading->count > 1) { /* a guess may have been inside a record */
        free_parts(reading);
        split(reading, cursor, 1);
        (void)read_work(reading, 0, 1, 2);
        status = check_parts(reading);
    }
    if (status == FINE)
        status = prepare(reading);
    return status == FINE ? run_workers(threads, reading->count, 1, place_work, reading) : status;
}

Status read_files(Evaluation *evaluation, const uint8_t *truth, size_t length)
{
    Reading *reading = new_items(1, sizeof *reading);
    if (!reading)
        return NO_MEMORY;
    reading->evaluation = evaluation;
    reading->truth = truth;
    reading->truth_length = length;
    Status status = read_all(reading);
    free_parts(reading);
    free(reading);
    return status;
}
