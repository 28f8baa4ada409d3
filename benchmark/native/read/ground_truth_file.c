/* Reads ground truth: the records of o365seg.formats.records by the rules of
 * benchmark.reading.ground_truth, for plain files. */
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
    const uint8_t *annotations_start;
    MaskHead head;
    size_t annotation_capacity;
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

/* Reads a string; also null if `nullable`. */
static bool scan_text(Cursor *cursor, bool nullable)
{
    Span text;
    if (nullable && peek(cursor) == 'n')
        return scan_word(cursor, "null");
    return scan_raw_string(cursor, &text) && is_valid_text(text);
}

static bool scan_image(Cursor *cursor, Reader *reader)
{
    enum { ID = 1, WIDTH = 2, HEIGHT = 4, NAME = 8 };
    Images *images = &reader->images;
    int64_t id = 0, width = 0, height = 0;
    unsigned seen = 0, field;
    bool more = true, valid;
    Span key, other;
    while (more) {
        if (!scan_key(cursor, &key))
            return false;
        if (key_is(key, "id"))
            field = ID, valid = scan_integer(cursor, &id);
        else if (key_is(key, "width"))
            field = WIDTH, valid = scan_integer(cursor, &width);
        else if (key_is(key, "height"))
            field = HEIGHT, valid = scan_integer(cursor, &height);
        else if (key_is(key, "file_name"))
            field = NAME, valid = scan_text(cursor, false);
        else {
            if (key_is(key, "neg_category_ids") || key_is(key, "not_exhaustive_category_ids"))
                reader->evaluation->federated |= peek(cursor) != 'n'; /* not null */
            field = 0, valid = skip_value(cursor, &other);
        }
        if (!valid || seen & field || !next_or_close(cursor, '}', &more))
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
    bool more = true, valid;
    Span key, other;
    while (more) {
        if (!scan_key(cursor, &key))
            return false;
        if (key_is(key, "id"))
            field = ID, valid = scan_integer(cursor, &id);
        else if (key_is(key, "name"))
            field = NAME, valid = scan_text(cursor, false);
        else if (key_is(key, "supercategory"))
            field = SUPER, valid = scan_text(cursor, true);
        else
            field = 0, valid = skip_value(cursor, &other);
        if (!valid || seen & field || !next_or_close(cursor, '}', &more))
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

static bool scan_box(Cursor *cursor, Annotation *gt)
{
    if (peek(cursor) == 'n')
        return scan_word(cursor, "null");
    if (!expect(cursor, '['))
        return false;
    for (int i = 0; i < 4; i++) {
        if (!scan_number(cursor, &gt->box[i]) || !expect(cursor, i < 3 ? ',' : ']'))
            return false;
        if (gt->box[i] > 1e9 || gt->box[i] < -1e9)
            return false;
    }
    gt->has_box = true;
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

static bool scan_area(Cursor *cursor, Annotation *gt)
{
    if (peek(cursor) == 'n')
        return scan_word(cursor, "null");
    gt->has_area = true;
    return scan_number(cursor, &gt->area);
}

enum {
    ID = 1, IMAGE = 2, CATEGORY = 4, BOX = 8, AREA = 16, CROWD = 32, MASK = 64, SKIPPED = 128,
    REASON = 256, UNANSWERED = 512, IGNORE = 1024
};

static unsigned field_of(Span key)
{
    static const struct { const char *name; unsigned field; } FIELDS[] = {
        {"id", ID}, {"image_id", IMAGE}, {"category_id", CATEGORY}, {"bbox", BOX},
        {"area", AREA}, {"iscrowd", CROWD}, {"segmentation", MASK}, {"skipped", SKIPPED},
        {"skip_reason", REASON}, {"unanswered", UNANSWERED},
        {"ignore", IGNORE}};
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        if (key_is(key, FIELDS[i].name))
            return FIELDS[i].field;
    return 0;
}

/* The marks of a release on an instance without a mask, and a mark of other data sets. */
typedef struct {
    bool skipped, unanswered, ignore;
} Marks;

/* Reads any value; it is a flag if it is true or a number other than zero. */
static bool scan_any_flag(Cursor *cursor, bool *flag)
{
    Span other;
    double number;
    uint8_t first = peek(cursor);
    if (first == 't')
        *flag = true;
    if (first != '-' && (first < '0' || first > '9'))
        return skip_value(cursor, &other);
    if (!scan_number(cursor, &number))
        return false;
    *flag = number != 0;
    return true;
}

static bool scan_field(Cursor *cursor, unsigned field, Annotation *gt, Marks *marks,
                       MaskHead *head)
{
    Span other;
    switch (field) {
    case ID: return scan_integer(cursor, &gt->id);
    case IMAGE: return scan_integer(cursor, &gt->image_id);
    case CATEGORY: return scan_integer(cursor, &gt->category_id);
    case BOX: return scan_box(cursor, gt);
    case AREA: return scan_area(cursor, gt);
    case CROWD: return scan_flag(cursor, &gt->crowd, true);
    case MASK: return scan_mask(cursor, &gt->mask, true, head);
    case SKIPPED: return scan_flag(cursor, &marks->skipped, false);
    case REASON: return scan_text(cursor, true);
    case UNANSWERED: return scan_flag(cursor, &marks->unanswered, false);
    case IGNORE: return scan_any_flag(cursor, &marks->ignore);
    default: return skip_value(cursor, &other);
    }
}

/* Decides whether an annotation is skipped and whether its mask or its box is used, as
 * ground_truth._record does: an ordinary annotation keeps its mask; a skipped one and a crowd
 * without a mask are represented by their box. False if the annotation is not plain. */
static bool classify(const Evaluation *evaluation, Annotation *gt, bool marked)
{
    bool has_mask = gt->mask.kind != MASK_NONE && gt->mask.kind != MASK_EMPTY;
    gt->skipped = !gt->crowd && (marked || !has_mask);
    if (!evaluation->masks && !gt->has_box)
        return false;
    if (has_mask && !gt->skipped && (evaluation->masks || !gt->has_area))
        return true;
    if (gt->mask.kind == MASK_TEXT) {
        Span text = {gt->mask.text, gt->mask.length, gt->mask.escapes};
        if (!is_valid_text(text))
            return false;
    }
    memset(&gt->mask, 0, sizeof gt->mask);
    if (evaluation->masks) {
        /* Unusual boxes are left to pycocotools. */
        gt->mask.kind = MASK_REGION;
        return gt->has_box && gt->box[2] >= 0 && gt->box[3] >= 0 &&
               gt->box[2] + gt->box[3] < 1e5 && gt->box[0] < 1e6 &&
               gt->box[1] < 1e6 && gt->box[0] > -1e6 && gt->box[1] > -1e6;
    }
    if (!gt->has_area)
        gt->area = gt->box[2] * gt->box[3];
    gt->has_area = true;
    return true;
}

static bool scan_annotation(Cursor *cursor, Reader *reader)
{
    Evaluation *evaluation = reader->evaluation;
    if (evaluation->annotation_count == reader->annotation_capacity) {
        double done = (double)(cursor->at - reader->annotations_start) /
                      (double)(cursor->end - reader->annotations_start);
        evaluation->annotations = arena_more(&evaluation->arena, evaluation->annotations,
                                             evaluation->annotation_count,
                                             &reader->annotation_capacity, done,
                                             sizeof *evaluation->annotations);
        if (!evaluation->annotations)
            return failed(reader, NO_MEMORY);
    }
    Annotation *gt = &evaluation->annotations[evaluation->annotation_count];
    bool more = true;
    Marks marks = {false, false, false};
    unsigned seen = 0;
    Span key;
    memset(gt, 0, sizeof *gt);
    while (more) {
        if (!scan_key(cursor, &key))
            return false;
        unsigned field = field_of(key);
        if (seen & field || !scan_field(cursor, field, gt, &marks, &reader->head) ||
            !next_or_close(cursor, '}', &more))
            return false;
        seen |= field;
    }
    if ((seen & (ID | IMAGE | CATEGORY)) != (ID | IMAGE | CATEGORY))
        return false;
    if (!classify(evaluation, gt, marks.skipped))
        return false;
    evaluation->annotation_count++;
    evaluation->crowds += gt->crowd;
    evaluation->skipped += gt->skipped;
    evaluation->unanswered += gt->skipped && marks.unanswered;
    evaluation->marked_crowds += gt->crowd && marks.skipped;
    evaluation->ignore_flags += marks.ignore && !gt->crowd && !marks.skipped &&
                                !marks.unanswered;
    return true;
}

static bool scan_file(Cursor *cursor, Reader *reader)
{
    Span key, other;
    bool more = true, valid;
    if (!expect(cursor, '{'))
        return false;
    while (more) {
        if (!scan_key(cursor, &key))
            return false;
        if (key_is(key, "images") && !reader->has_images) {
            reader->has_images = true;
            valid = scan_records(cursor, reader, scan_image);
        } else if (key_is(key, "categories") && !reader->has_categories) {
            reader->has_categories = true;
            valid = scan_records(cursor, reader, scan_category);
        } else if (key_is(key, "annotations") && !reader->has_annotations) {
            reader->has_annotations = true;
            reader->annotations_start = cursor->at;
            valid = scan_records(cursor, reader, scan_annotation);
        } else {
            valid = !key_is(key, "images") && !key_is(key, "categories") &&
                    !key_is(key, "annotations") && skip_value(cursor, &other);
        }
        if (!valid || !next_or_close(cursor, '}', &more))
            return false;
    }
    return reader->has_images && reader->has_categories && reader->has_annotations &&
           peek(cursor) == 0 && cursor->at == cursor->end;
}

/* Sets the image sizes by rank and the ranks of each annotation. */
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
    for (size_t i = 0; i < evaluation->annotation_count && status == FINE; i++) {
        Annotation *gt = &evaluation->annotations[i];
        gt->image = ids_find(&evaluation->images, gt->image_id);
        gt->category = ids_find(&evaluation->categories, gt->category_id);
        if (gt->image < 0 || gt->category < 0)
            return UNUSUAL;
        if ((gt->mask.kind == MASK_TEXT || gt->mask.kind == MASK_COUNTS) &&
            (gt->mask.height != evaluation->heights[gt->image] ||
             gt->mask.width != evaluation->widths[gt->image]))
            return UNUSUAL;
    }
    return status;
}

static Status check_unique(const Evaluation *evaluation)
{
    int64_t *ids = new_items(evaluation->annotation_count, sizeof *ids);
    if (!ids)
        return NO_MEMORY;
    for (size_t i = 0; i < evaluation->annotation_count; i++)
        ids[i] = evaluation->annotations[i].id;
    Status status = ids_unique(ids, evaluation->annotation_count);
    free(ids);
    return status;
}

Status read_ground_truth(Evaluation *evaluation, const uint8_t *text, size_t length)
{
    Reader reader = {.evaluation = evaluation, .status = UNUSUAL};
    Cursor cursor = {text, text + length};
    Status status = scan_file(&cursor, &reader) ? FINE : reader.status;
    if (status == FINE && evaluation->annotation_count >= INT32_MAX)
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
