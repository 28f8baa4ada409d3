/* Reading COCO's results format: a list of records, nothing built of them but 40 bytes each.
 *
 * A large file is read by two or more threads. Where a record starts cannot be known without
 * reading from the front, so each part starts at a guess (a `{` after a comma) and the guesses are
 * proved afterwards: the part before must end exactly there. If one does not, a single thread
 * reads the file again. */
#include "results_file.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "ids.h"
#include "json_scan.h"
#include "mask_text.h"
#include "memory.h"
#include "pages.h"
#include "workers.h"

enum { SMALLEST_PART = 1 << 20 };

typedef struct {
    const Evaluation *evaluation;
    Cursor cursor;
    const uint8_t *start;
    const uint8_t *stop;       /* where the next part starts; NULL for the last */
    const uint8_t *room_until; /* where the text ends that there is to be room for */
    Arena arena;
    Prediction *items;
    size_t count, capacity;
    double (*boxes)[4];
    size_t boxes_capacity;
    size_t first_boxed; /* the first record with a box, SIZE_MAX for none */
    bool first_has_box, all_boxed, at_end;
    int32_t image, category; /* of the last record, to spare look-ups */
    int64_t image_id, category_id;
    Status status;
} Part;

/* An id may be written as 1.0, as numpy and pandas do. */
static bool scan_id(Cursor *cursor, int64_t *id)
{
    double number;
    if (scan_integer(cursor, id))
        return true;
    if (!scan_number(cursor, &number) || number < -9e15 || number > 9e15)
        return false;
    *id = (int64_t)number;
    return (double)*id == number;
}

/* A box of four numbers, a list of none, or null. */
static bool scan_box(Cursor *cursor, double box[4], bool *given)
{
    bool more = true;
    int count = 0;
    *given = false;
    if (peek(cursor) == 'n')
        return scan_word(cursor, "null");
    if (!expect(cursor, '['))
        return false;
    if (peek(cursor) == ']')
        return expect(cursor, ']');
    for (; more; count++)
        if (count == 4 || !scan_number(cursor, &box[count]) || box[count] > 1e9 ||
            box[count] < -1e9 || !next_or_close(cursor, ']', &more))
            return false;
    *given = true;
    return count == 4 && box[2] >= 0 && box[3] >= 0;
}

enum { IMAGE = 1, CATEGORY = 2, SCORE = 4, MASK = 8, BOX = 16 };

typedef struct {
    Prediction prediction;
    int64_t image_id, category_id;
    double box[4];
    unsigned seen;
    bool boxed;
} Record;

static unsigned field_of(Span key)
{
    switch (key.length) {
    case 4: return key_is(key, "bbox") ? BOX : 0;
    case 5: return key_is(key, "score") ? SCORE : 0;
    case 8: return key_is(key, "image_id") ? IMAGE : 0;
    case 11: return key_is(key, "category_id") ? CATEGORY : 0;
    case 12: return key_is(key, "segmentation") ? MASK : 0;
    default: return 0;
    }
}

static bool scan_field(Cursor *cursor, unsigned field, Record *record)
{
    Span other;
    switch (field) {
    case IMAGE: return scan_id(cursor, &record->image_id);
    case CATEGORY: return scan_id(cursor, &record->category_id);
    case SCORE: return scan_number(cursor, &record->prediction.score);
    case MASK: return scan_mask(cursor, &record->prediction.mask, false);
    case BOX: return scan_box(cursor, record->box, &record->boxed);
    default: return skip_value(cursor, &other);
    }
}

static bool scan_record(Cursor *cursor, Record *record)
{
    bool more = true;
    Span key;
    memset(record, 0, sizeof *record);
    if (!expect(cursor, '{'))
        return false;
    while (more) {
        if (!scan_key(cursor, &key))
            return false;
        unsigned field = field_of(key);
        if (record->seen & field || !scan_field(cursor, field, record) ||
            !next_or_close(cursor, '}', &more))
            return false;
        record->seen |= field;
    }
    unsigned needed = IMAGE | CATEGORY | SCORE;
    return (record->seen & needed) == needed;
}

static bool resolve(Part *part, Record *record)
{
    const Evaluation *evaluation = part->evaluation;
    if (part->count == 0 || record->image_id != part->image_id) {
        part->image = ids_find(&evaluation->images, record->image_id);
        part->image_id = record->image_id;
    }
    if (part->count == 0 || record->category_id != part->category_id) {
        part->category = ids_find(&evaluation->categories, record->category_id);
        part->category_id = record->category_id;
    }
    record->prediction.image = part->image;
    record->prediction.category = part->category;
    return part->image >= 0 && part->category >= 0;
}

static Status keep(Part *part, const Record *record)
{
    size_t place = part->count;
    if (place == part->capacity) {
        double done = (double)(part->cursor.at - part->start) /
                      (double)(part->room_until - part->start);
        part->items = arena_more(&part->arena, part->items, place, &part->capacity, done,
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
    part->items[place] = record->prediction;
    part->count++;
    return FINE;
}

static Status read_part(Part *part)
{
    Record record;
    bool more = true;
    const uint8_t *dropped = part->cursor.at;
    while (more) {
        if (part->cursor.at - dropped > PAGES_DROPPED) {
            drop_part(&part->evaluation->results, dropped, part->cursor.at);
            dropped = part->cursor.at;
        }
        if (!scan_record(&part->cursor, &record) || !resolve(part, &record))
            return UNUSUAL;
        Status status = keep(part, &record);
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

static Status part_work(void *context, int worker, size_t first, size_t last)
{
    (void)worker;
    for (size_t i = first; i < last; i++) {
        Part *part = (Part *)context + i;
        part->status = read_part(part);
    }
    return FINE; /* told apart later: a wrong guess is no fault of the file */
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

static void free_parts(Part *parts, int count)
{
    for (int i = 0; i < count; i++) {
        arena_free(&parts[i].arena);
        free(parts[i].boxes);
    }
}

/* The parts' records in one list. */
static Status join(Evaluation *evaluation, Part *parts, int count)
{
    size_t total = 0;
    bool boxes = false;
    for (int i = 0; i < count; i++) {
        total += parts[i].count;
        boxes |= parts[i].first_boxed != SIZE_MAX;
    }
    if (total >= INT32_MAX)
        return UNUSUAL;
    Prediction *joined = parts[0].items;
    if (total > parts[0].capacity || total == 0) {
        joined = arena_items(&parts[0].arena, total, sizeof *joined);
        if (!joined)
            return NO_MEMORY;
        if (parts[0].count)
            memcpy(joined, parts[0].items, parts[0].count * sizeof *joined);
    }
    arena_join(&evaluation->arena, &parts[0].arena);
    evaluation->predictions = joined;
    evaluation->prediction_count = total;
    evaluation->areas_of_boxes = parts[0].first_has_box;
    if (boxes && !(evaluation->boxes = arena_items(&evaluation->arena, total,
                                                   sizeof *evaluation->boxes)))
        return NO_MEMORY;
    size_t done = 0;
    for (int i = 0; i < count; i++) {
        Part *part = &parts[i];
        if (evaluation->areas_of_boxes && !part->all_boxed)
            return UNUSUAL; /* once the first has a box all must */
        if (i > 0)
            memcpy(joined + done, part->items, part->count * sizeof *joined);
        for (size_t j = 0; boxes && j < part->count; j++) {
            if (part->boxes)
                memcpy(evaluation->boxes[done + j], part->boxes[j], sizeof *part->boxes);
            if (!part->boxes || j < part->first_boxed)
                evaluation->boxes[done + j][2] = -1;
        }
        done += part->count;
        arena_free(&part->arena);
    }
    return FINE;
}

/* Masks must be there where they are needed, and of their image's size. */
static Status check_masks(Evaluation *evaluation)
{
    evaluation->needs_masks = evaluation->masks || !evaluation->areas_of_boxes;
    for (size_t i = 0; i < evaluation->prediction_count; i++) {
        const Prediction *prediction = &evaluation->predictions[i];
        const MaskText *mask = &prediction->mask;
        if (!evaluation->needs_masks) {
            Span text = {mask->text, mask->length, mask->escapes};
            if (mask->kind == MASK_TEXT && !sound_text(text))
                return UNUSUAL;
            continue;
        }
        if (mask->kind == MASK_NONE)
            return UNUSUAL;
        if ((mask->kind == MASK_TEXT || mask->kind == MASK_COUNTS) &&
            (mask->height != evaluation->heights[prediction->image] ||
             mask->width != evaluation->widths[prediction->image]))
            return UNUSUAL;
    }
    return FINE;
}

static void init_part(Part *part, const Evaluation *evaluation, Cursor cursor)
{
    memset(part, 0, sizeof *part);
    part->evaluation = evaluation;
    part->cursor = cursor;
    part->start = cursor.at;
    part->room_until = cursor.end;
    part->first_boxed = SIZE_MAX;
    part->all_boxed = true;
}

static int split(Part *parts, const Evaluation *evaluation, Cursor cursor)
{
    size_t length = (size_t)(cursor.end - cursor.at);
    int wanted = smaller(evaluation->threads, (int)(length / SMALLEST_PART) + 1);
    int count = 1;
    init_part(&parts[0], evaluation, cursor);
    for (int i = 1; i < wanted; i++) {
        const uint8_t *start = guess_start(cursor.at + length / (size_t)wanted * (size_t)i,
                                           cursor.end);
        if (!start)
            break;
        Cursor later = {start, cursor.end};
        parts[count - 1].stop = start;
        if (count > 1) /* the first has room for all */
            parts[count - 1].room_until = start;
        init_part(&parts[count++], evaluation, later);
    }
    return count;
}

static Status read_in_parts(Evaluation *evaluation, Cursor cursor, int *count, Part *parts)
{
    *count = split(parts, evaluation, cursor);
    run_workers(evaluation->threads, (size_t)*count, 1, part_work, parts);
    for (int i = 0; i < *count; i++) {
        if (parts[i].status != FINE)
            return parts[i].status;
        if (parts[i].at_end != (i == *count - 1))
            return UNUSUAL;
    }
    Cursor rest = parts[*count - 1].cursor;
    return peek(&rest) == 0 && rest.at == rest.end ? FINE : UNUSUAL;
}

Status read_results(Evaluation *evaluation)
{
    Part parts[MOST_THREADS];
    const MappedText *results = &evaluation->results;
    Cursor cursor = {results->text, results->text + results->length};
    int count = 0, threads = evaluation->threads;
    if (!expect(&cursor, '['))
        return UNUSUAL;
    Status status = read_in_parts(evaluation, cursor, &count, parts);
    if (status == UNUSUAL && count > 1) { /* a guess may have been inside a record */
        free_parts(parts, count);
        evaluation->threads = 1;
        status = read_in_parts(evaluation, cursor, &count, parts);
        evaluation->threads = threads;
    }
    if (status == FINE)
        status = join(evaluation, parts, count);
    free_parts(parts, count);
    return status == FINE ? check_masks(evaluation) : status;
}
