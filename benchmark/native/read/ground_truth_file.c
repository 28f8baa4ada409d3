/* Reading ground truth: the same records as o365seg.formats.records, the same rules as
 * benchmark.reading.ground_truth, for files without anything unusual. */
#include "ground_truth_file.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "ids.h"
#include "json_scan.h"
#include "mask_text.h"

typedef struct {
    int64_t *ids;
    int32_t *heights, *widths;
    size_t count, capacity, heights_capacity, widths_capacity;
} Images;

typedef struct {
    Evaluation *evaluation;
    Images images;
    int64_t *categories;
    size_t category_count, category_capacity;
    const uint8_t *annotations; /* where they begin */
    MaskHead head;
    size_t truth_capacity;
    bool has_images, has_categories, has_annotations;
    Status status;
} Reader;

typedef bool (*RecordScan)(Cursor *cursor, Reader *reader);

static bool failed(Reader *reader, Status status)
{
    reader->status = status;
    return false;
}

static bool scan_records(Cursor *cursor, Reader *reader, RecordScan scan)
{
    bool more = true;
    if (!expect(cursor, '['))
        return false;
    if (peek(cursor) == ']')
        return expect(cursor, ']');
    while (more)
        if (!expect(cursor, '{') || !scan(cursor, reader) || !next_or_close(cursor, ']', &more))
            return false;
    return true;
}

/* A string; null too where `nullable`. */
static bool scan_text(Cursor *cursor, bool nullable)
{
    Span text;
    if (nullable && peek(cursor) == 'n')
        return scan_word(cursor, "null");
    return scan_raw_string(cursor, &text) && sound_text(text);
}

static bool scan_image(Cursor *cursor, Reader *reader)
{
    enum { ID = 1, WIDTH = 2, HEIGHT = 4, NAME = 8 };
    Images *images = &reader->images;
    int64_t id = 0, width = 0, height = 0;
    unsigned seen = 0, field;
    bool more = true, sound;
    Span key, other;
    while (more) {
        if (!scan_key(cursor, &key))
            return false;
        if (key_is(key, "id"))
            field = ID, sound = scan_integer(cursor, &id);
        else if (key_is(key, "width"))
            field = WIDTH, sound = scan_integer(cursor, &width);
        else if (key_is(key, "height"))
            field = HEIGHT, sound = scan_integer(cursor, &height);
        else if (key_is(key, "file_name"))
            field = NAME, sound = scan_text(cursor, false);
        else
            field = 0, sound = skip_value(cursor, &other);
        if (!sound || seen & field || !next_or_close(cursor, '}', &more))
            return false;
        seen |= field;
    }
    if ((seen & (ID | WIDTH | HEIGHT)) != (ID | WIDTH | HEIGHT) || width <= 0 || height <= 0 ||
        width > INT32_MAX || height > INT32_MAX || width * height > INT32_MAX)
        return false;
    size_t n = images->count;
    if (!room_for_one((void **)&images->ids, &images->capacity, n, sizeof *images->ids) ||
        !room_for_one((void **)&images->heights, &images->heights_capacity, n,
                      sizeof *images->heights) ||
        !room_for_one((void **)&images->widths, &images->widths_capacity, n,
                      sizeof *images->widths))
        return failed(reader, NO_MEMORY);
    images->ids[n] = id;
    images->heights[n] = (int32_t)height;
    images->widths[n] = (int32_t)width;
    images->count++;
    return true;
}

static bool scan_category(Cursor *cursor, Reader *reader)
{
    enum { ID = 1, NAME = 2, SUPER = 4 };
    int64_t id = 0;
    unsigned seen = 0, field;
    bool more = true, sound;
    Span key, other;
    while (more) {
        if (!scan_key(cursor, &key))
            return false;
        if (key_is(key, "id"))
            field = ID, sound = scan_integer(cursor, &id);
        else if (key_is(key, "name"))
            field = NAME, sound = scan_text(cursor, false);
        else if (key_is(key, "supercategory"))
            field = SUPER, sound = scan_text(cursor, true);
        else
            field = 0, sound = skip_value(cursor, &other);
        if (!sound || seen & field || !next_or_close(cursor, '}', &more))
            return false;
        seen |= field;
    }
    if ((seen & (ID | NAME)) != (ID | NAME))
        return false;
    if (!room_for_one((void **)&reader->categories, &reader->category_capacity,
                      reader->category_count, sizeof *reader->categories))
        return failed(reader, NO_MEMORY);
    reader->categories[reader->category_count++] = id;
    return true;
}

static bool scan_box(Cursor *cursor, Truth *truth)
{
    if (peek(cursor) == 'n')
        return scan_word(cursor, "null");
    if (!expect(cursor, '['))
        return false;
    for (int i = 0; i < 4; i++) {
        if (!scan_number(cursor, &truth->box[i]) || !expect(cursor, i < 3 ? ',' : ']'))
            return false;
        if (truth->box[i] > 1e9 || truth->box[i] < -1e9)
            return false;
    }
    truth->has_box = true;
    return true;
}

static bool scan_flag(Cursor *cursor, bool *flag, bool numbers)
{
    int64_t number;
    switch (peek(cursor)) {
    case 't': *flag = true; return scan_word(cursor, "true");
    case 'f': *flag = false; return scan_word(cursor, "false");
    default:
        if (!numbers || !scan_integer(cursor, &number))
            return false;
        *flag = number != 0;
        return true;
    }
}

static bool scan_area(Cursor *cursor, Truth *truth)
{
    if (peek(cursor) == 'n')
        return scan_word(cursor, "null");
    truth->has_area = true;
    return scan_number(cursor, &truth->area);
}

enum {
    ID = 1, IMAGE = 2, CATEGORY = 4, BOX = 8, AREA = 16, CROWD = 32, MASK = 64, SKIPPED = 128,
    REASON = 256, UNANSWERED = 512
};

static unsigned field_of(Span key)
{
    static const struct { const char *name; unsigned field; } FIELDS[] = {
        {"id", ID}, {"image_id", IMAGE}, {"category_id", CATEGORY}, {"bbox", BOX},
        {"area", AREA}, {"iscrowd", CROWD}, {"segmentation", MASK}, {"skipped", SKIPPED},
        {"skip_reason", REASON}, {"unanswered", UNANSWERED}};
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        if (key_is(key, FIELDS[i].name))
            return FIELDS[i].field;
    return 0;
}

/* What a release says of an instance without a mask. */
typedef struct {
    bool skipped, unanswered;
} Marks;

static bool scan_field(Cursor *cursor, unsigned field, Truth *truth, Marks *marks,
                       MaskHead *head)
{
    Span other;
    switch (field) {
    case ID: return scan_integer(cursor, &truth->id);
    case IMAGE: return scan_integer(cursor, &truth->image_id);
    case CATEGORY: return scan_integer(cursor, &truth->category_id);
    case BOX: return scan_box(cursor, truth);
    case AREA: return scan_area(cursor, truth);
    case CROWD: return scan_flag(cursor, &truth->crowd, true);
    case MASK: return scan_mask(cursor, &truth->mask, true, head);
    case SKIPPED: return scan_flag(cursor, &marks->skipped, false);
    case REASON: return scan_text(cursor, true);
    case UNANSWERED: return scan_flag(cursor, &marks->unanswered, false);
    default: return skip_value(cursor, &other);
    }
}

/* What takes part, and as what (ground_truth._record): a truth keeps its mask; a skipped one and a
 * crowd without a mask are known by their box. */
static bool settle(const Evaluation *evaluation, Truth *truth, bool marked)
{
    bool has_mask = truth->mask.kind != MASK_NONE && truth->mask.kind != MASK_EMPTY;
    truth->skipped = !truth->crowd && (marked || !has_mask);
    if (!evaluation->masks && !truth->has_box)
        return false;
    if (has_mask && !truth->skipped && (evaluation->masks || !truth->has_area))
        return true;
    if (truth->mask.kind == MASK_TEXT) {
        Span text = {truth->mask.text, truth->mask.length, truth->mask.escapes};
        if (!sound_text(text))
            return false;
    }
    memset(&truth->mask, 0, sizeof truth->mask);
    if (evaluation->masks) {
        /* An odd box is left to pycocotools' own rasteriser. */
        truth->mask.kind = MASK_REGION;
        return truth->has_box && truth->box[2] >= 0 && truth->box[3] >= 0 &&
               truth->box[2] + truth->box[3] < 1e5 && truth->box[0] < 1e6 &&
               truth->box[1] < 1e6 && truth->box[0] > -1e6 && truth->box[1] > -1e6;
    }
    if (!truth->has_area)
        truth->area = truth->box[2] * truth->box[3];
    truth->has_area = true;
    return true;
}

static bool scan_annotation(Cursor *cursor, Reader *reader)
{
    Evaluation *evaluation = reader->evaluation;
    if (evaluation->truth_count == reader->truth_capacity) {
        double done = (double)(cursor->at - reader->annotations) /
                      (double)(cursor->end - reader->annotations);
        evaluation->truths = arena_more(&evaluation->arena, evaluation->truths,
                                        evaluation->truth_count, &reader->truth_capacity, done,
                                        sizeof *evaluation->truths);
        if (!evaluation->truths)
            return failed(reader, NO_MEMORY);
    }
    Truth *truth = &evaluation->truths[evaluation->truth_count];
    bool more = true;
    Marks marks = {false, false};
    unsigned seen = 0;
    Span key;
    memset(truth, 0, sizeof *truth);
    while (more) {
        if (!scan_key(cursor, &key))
            return false;
        unsigned field = field_of(key);
        if (seen & field || !scan_field(cursor, field, truth, &marks, &reader->head) ||
            !next_or_close(cursor, '}', &more))
            return false;
        seen |= field;
    }
    if ((seen & (ID | IMAGE | CATEGORY)) != (ID | IMAGE | CATEGORY))
        return false;
    if (!settle(evaluation, truth, marks.skipped))
        return false;
    evaluation->truth_count++;
    evaluation->crowds += truth->crowd;
    evaluation->skipped += truth->skipped;
    evaluation->unanswered += truth->skipped && marks.unanswered;
    evaluation->marked_crowds += truth->crowd && marks.skipped;
    return true;
}

static bool scan_file(Cursor *cursor, Reader *reader)
{
    Span key, other;
    bool more = true, sound;
    if (!expect(cursor, '{'))
        return false;
    while (more) {
        if (!scan_key(cursor, &key))
            return false;
        if (key_is(key, "images") && !reader->has_images) {
            reader->has_images = true;
            sound = scan_records(cursor, reader, scan_image);
        } else if (key_is(key, "categories") && !reader->has_categories) {
            reader->has_categories = true;
            sound = scan_records(cursor, reader, scan_category);
        } else if (key_is(key, "annotations") && !reader->has_annotations) {
            reader->has_annotations = true;
            reader->annotations = cursor->at;
            sound = scan_records(cursor, reader, scan_annotation);
        } else {
            sound = !key_is(key, "images") && !key_is(key, "categories") &&
                    !key_is(key, "annotations") && skip_value(cursor, &other);
        }
        if (!sound || !next_or_close(cursor, '}', &more))
            return false;
    }
    return reader->has_images && reader->has_categories && reader->has_annotations &&
           peek(cursor) == 0 && cursor->at == cursor->end;
}

/* Sizes by rank, and each truth's ranks. */
static Status resolve(Evaluation *evaluation, Reader *reader)
{
    size_t count = reader->images.count;
    int64_t *given = new_items(count, sizeof *given);
    evaluation->heights = arena_items(&evaluation->arena, count, sizeof *evaluation->heights);
    evaluation->widths = arena_items(&evaluation->arena, count, sizeof *evaluation->widths);
    if (!given || !evaluation->heights || !evaluation->widths) {
        free(given);
        return NO_MEMORY;
    }
    if (count)
        memcpy(given, reader->images.ids, count * sizeof *given);
    Status status = ids_build(&evaluation->images, reader->images.ids, count);
    reader->images.ids = NULL; /* the index owns them now */
    for (size_t i = 0; i < count && status == FINE; i++) {
        int32_t rank = ids_find(&evaluation->images, given[i]);
        evaluation->heights[rank] = reader->images.heights[i];
        evaluation->widths[rank] = reader->images.widths[i];
    }
    free(given);
    if (status != FINE)
        return status;
    status = ids_build(&evaluation->categories, reader->categories, reader->category_count);
    reader->categories = NULL;
    for (size_t i = 0; i < evaluation->truth_count && status == FINE; i++) {
        Truth *truth = &evaluation->truths[i];
        truth->image = ids_find(&evaluation->images, truth->image_id);
        truth->category = ids_find(&evaluation->categories, truth->category_id);
        if (truth->image < 0 || truth->category < 0)
            return UNUSUAL;
        if ((truth->mask.kind == MASK_TEXT || truth->mask.kind == MASK_COUNTS) &&
            (truth->mask.height != evaluation->heights[truth->image] ||
             truth->mask.width != evaluation->widths[truth->image]))
            return UNUSUAL;
    }
    return status;
}

static Status check_unique(const Evaluation *evaluation)
{
    int64_t *ids = new_items(evaluation->truth_count, sizeof *ids);
    if (!ids)
        return NO_MEMORY;
    for (size_t i = 0; i < evaluation->truth_count; i++)
        ids[i] = evaluation->truths[i].id;
    Status status = ids_unique(ids, evaluation->truth_count);
    free(ids);
    return status;
}

Status read_truth(Evaluation *evaluation, const uint8_t *text, size_t length)
{
    Reader reader = {.evaluation = evaluation, .status = UNUSUAL};
    Cursor cursor = {text, text + length};
    Status status = scan_file(&cursor, &reader) ? FINE : reader.status;
    if (status == FINE && evaluation->truth_count >= INT32_MAX)
        status = UNUSUAL;
    if (status == FINE)
        status = resolve(evaluation, &reader);
    if (status == FINE)
        status = check_unique(evaluation);
    free(reader.images.ids);
    free(reader.images.heights);
    free(reader.images.widths);
    free(reader.categories);
    return status;
}
