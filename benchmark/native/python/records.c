#include "records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../read/mask_encoding.h"

/* The predictions of an image; `masks.buf` or `boxes.buf` may be NULL. */
typedef struct {
    long long image_id;
    Py_ssize_t height, width;
    Py_buffer labels, scores, masks, boxes;
    size_t count;
} Found;

static bool append_text(Output *text, const char *chars)
{
    return append(text, chars, strlen(chars));
}

/* The shortest text that reads as the same number. */
static bool append_double(Output *text, double value)
{
    char *chars = PyOS_double_to_string(value, 'r', 0, 0, NULL);
    bool fine = chars && append_text(text, chars);
    PyMem_Free(chars);
    return fine;
}

/* All masks as text, mask i from starts[i] to starts[i + 1]. */
static bool encode_all(const Found *found, Output *text, size_t *starts)
{
    size_t pixels = (size_t)found->height * (size_t)found->width;
    uint8_t *scratch = new_items(pixels, 1);
    bool fine = scratch != NULL;
    for (size_t i = 0; fine && i < found->count; i++) {
        const uint8_t *mask = (const uint8_t *)found->masks.buf + i * pixels;
        fine = encode_mask(text, mask, (size_t)found->height, (size_t)found->width, scratch);
        starts[i + 1] = text->length;
    }
    free(scratch);
    return fine;
}

static bool append_record(const Found *found, size_t i, const Output *masks, const size_t *starts,
                          Output *text)
{
    char head[96];
    const double *box = (const double *)found->boxes.buf + 4 * i;
    snprintf(head, sizeof head, "%s{\"image_id\":%lld,\"category_id\":%lld,\"score\":",
             i ? "," : "", found->image_id, (long long)((const int64_t *)found->labels.buf)[i]);
    bool fine = append_text(text, head) &&
                append_double(text, ((const double *)found->scores.buf)[i]);
    if (fine && found->masks.buf) {
        snprintf(head, sizeof head, ",\"segmentation\":{\"size\":[%lld,%lld],\"counts\":\"",
                 (long long)found->height, (long long)found->width);
        fine = append_text(text, head) &&
               append(text, masks->chars + starts[i], starts[i + 1] - starts[i]) &&
               append_text(text, "\"}");
    }
    for (int side = 0; fine && found->boxes.buf && side < 4; side++)
        fine = append_text(text, side ? "," : ",\"bbox\":[") && append_double(text, box[side]);
    return fine && append_text(text, found->boxes.buf ? "]}" : "}");
}

static PyObject *records_of(const Found *found)
{
    Output masks = {NULL, 0, 0}, text = {NULL, 0, 0};
    size_t *starts = new_items(found->count + 1, sizeof *starts);
    bool fine = starts != NULL;
    if (fine && found->masks.buf) {
        Py_BEGIN_ALLOW_THREADS
        fine = encode_all(found, &masks, starts);
        Py_END_ALLOW_THREADS
    }
    for (size_t i = 0; fine && i < found->count; i++)
        fine = append_record(found, i, &masks, starts, &text);
    PyObject *made = NULL;
    if (fine)
        made = PyBytes_FromStringAndSize(text.chars, (Py_ssize_t)text.length);
    else if (!PyErr_Occurred())
        PyErr_NoMemory();
    free(starts);
    free(masks.chars);
    free(text.chars);
    return made;
}

/* Whether a buffer is NULL or has `each` bytes a prediction; sets ValueError if not. */
static bool fits(const Py_buffer *buffer, size_t count, size_t each)
{
    if (!buffer->buf || (buffer->len >= 0 && (size_t)buffer->len == count * each))
        return true;
    PyErr_SetString(PyExc_ValueError, "an array of the wrong size");
    return false;
}

PyObject *write_records(PyObject *module, PyObject *args)
{
    (void)module;
    Found found;
    memset(&found, 0, sizeof found);
    if (!PyArg_ParseTuple(args, "Lnny*y*z*z*", &found.image_id, &found.height, &found.width,
                          &found.labels, &found.scores, &found.masks, &found.boxes))
        return NULL;
    PyObject *made = NULL;
    found.count = (size_t)found.labels.len / sizeof(int64_t);
    if (found.height <= 0 || found.width <= 0 || found.height > INT32_MAX / found.width)
        PyErr_SetString(PyExc_ValueError, "an image of the wrong size");
    else if (fits(&found.labels, found.count, sizeof(int64_t)) &&
             fits(&found.scores, found.count, sizeof(double)) &&
             fits(&found.masks, found.count, (size_t)found.height * (size_t)found.width) &&
             fits(&found.boxes, found.count, 4 * sizeof(double)))
        made = records_of(&found);
    PyBuffer_Release(&found.labels);
    PyBuffer_Release(&found.scores);
    PyBuffer_Release(&found.masks);
    PyBuffer_Release(&found.boxes);
    return made;
}
