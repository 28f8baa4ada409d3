/* Reads one record of COCO's results format. */
#include "results_record.h"

#include <string.h>

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

/* Reads a box of four numbers, an empty list, or null. */
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

enum { IMAGE = 1, CATEGORY = 2, SCORE = 4, MASK = 8, BOX = 16, AREA = 32 };

static unsigned field_of(Span key)
{
    switch (key.length) {
    case 4: return key_is(key, "bbox") ? BOX : key_is(key, "area") ? AREA : 0;
    case 5: return key_is(key, "score") ? SCORE : 0;
    case 8: return key_is(key, "image_id") ? IMAGE : 0;
    case 11: return key_is(key, "category_id") ? CATEGORY : 0;
    case 12: return key_is(key, "segmentation") ? MASK : 0;
    default: return 0;
    }
}

static bool scan_field(Cursor *cursor, unsigned field, Record *record, Layout *layout)
{
    Span other;
    switch (field) {
    case IMAGE: return scan_id(cursor, &record->image_id);
    case CATEGORY: return scan_id(cursor, &record->category_id);
    case SCORE: return scan_number(cursor, &record->score);
    case MASK: return scan_mask(cursor, &record->mask, false, &layout->mask);
    case BOX: return scan_box(cursor, record->box, &record->boxed);
    case AREA:
        record->given_area = layout->areas;
        return layout->areas ? scan_number(cursor, &record->area) : skip_value(cursor, &other);
    default: return skip_value(cursor, &other);
    }
}

/* Reads the end of the record, or everything before value number `index`: the separator and the
 * key. */
static bool scan_to_value(Cursor *cursor, size_t index, bool *more, unsigned *field)
{
    Span key;
    if (index == 0) {
        *more = true;
        if (!expect(cursor, '{'))
            return false;
    } else if (!next_or_close(cursor, '}', more)) {
        return false;
    }
    if (*more && !scan_key(cursor, &key))
        return false;
    *field = *more ? field_of(key) : 0;
    return true;
}

bool scan_record(Cursor *cursor, Record *record, Layout *layout)
{
    enum { MOST_KNOWN = sizeof layout->values / sizeof *layout->values };
    bool more = true;
    memset(record, 0, sizeof *record);
    for (size_t index = 0; more; index++) {
        size_t known = index < MOST_KNOWN ? index : MOST_KNOWN - 1;
        unsigned field = layout->values[known].field;
        const uint8_t *start = cursor->at;
        if (!repeats(cursor, &layout->values[known].before)) {
            if (!scan_to_value(cursor, index, &more, &field))
                return false;
            if (!more)
                break;
            remember(&layout->values[known].before, start, cursor->at);
            layout->values[known].field = field;
        }
        if (record->seen & field || !scan_field(cursor, field, record, layout))
            return false;
        record->seen |= field;
    }
    unsigned needed = IMAGE | CATEGORY | SCORE | (layout->areas ? AREA : 0);
    return (record->seen & needed) == needed;
}
