#include "png_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../pixels/pair_counts.h"

typedef struct {
    PixelKind kind;
    size_t count;
    Text *files;         /* of each pair: the first, then the second */
    PairCounts *results; /* of each pair; not sorted where it is unusual */
    PngMemory first, second;
} Job;

static Status count_pair(Job *job, size_t pair)
{
    Raster first, second;
    Status status = read_png(job->files[2 * pair], job->kind, &job->first, &first);
    if (status == FINE)
        status = read_png(job->files[2 * pair + 1], job->kind, &job->second, &second);
    if (status == FINE && (first.width != second.width || first.height != second.height))
        status = UNUSUAL;
    if (status != FINE)
        return status;
    PairCounts *counts = &job->results[pair];
    return count_pairs(&first, &second, counts) && sort_pairs(counts) ? FINE : NO_MEMORY;
}

static Status count_all(Job *job)
{
    for (size_t pair = 0; pair < job->count; pair++)
        if (count_pair(job, pair) == NO_MEMORY)
            return NO_MEMORY;
    return FINE;
}

static bool start(Job *job, PyObject *files)
{
    job->count = (size_t)PyTuple_Size(files) / 2;
    job->files = new_items(2 * job->count, sizeof *job->files);
    job->results = new_items(job->count, sizeof *job->results);
    if (!job->files || !job->results) {
        PyErr_NoMemory();
        return false;
    }
    for (size_t i = 0; i < 2 * job->count; i++) {
        char *text;
        Py_ssize_t length;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(files, (Py_ssize_t)i), &text, &length) < 0)
            return false;
        job->files[i] = (Text){(const uint8_t *)text, (size_t)length};
    }
    return true;
}

/* int64[pairs, 3] as bytes: first value, second value, count. */
static PyObject *triples(const PairCounts *counts)
{
    PyObject *bytes =
        PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(counts->used * 3 * sizeof(int64_t)));
    char *to = bytes ? PyBytes_AsString(bytes) : NULL;
    for (size_t i = 0; to && i < counts->used; i++) {
        const PairCount *pair = &counts->sorted[i];
        int64_t numbers[3] = {(int64_t)(pair->values >> 32),
                              (int64_t)(pair->values & UINT32_MAX), pair->count};
        memcpy(to + i * sizeof numbers, numbers, sizeof numbers);
    }
    return bytes;
}

static PyObject *results(const Job *job)
{
    PyObject *list = PyList_New((Py_ssize_t)job->count);
    for (size_t i = 0; list && i < job->count; i++) {
        const PairCounts *counts = &job->results[i];
        PyObject *item = counts->sorted ? triples(counts) : Py_NewRef(Py_None);
        if (item)
            PyList_SetItem(list, (Py_ssize_t)i, item);
        else
            Py_CLEAR(list);
    }
    return list;
}

static void finish(Job *job)
{
    for (size_t i = 0; job->results && i < job->count; i++)
        free_pairs(&job->results[i]);
    free_png_memory(&job->first);
    free_png_memory(&job->second);
    free(job->files);
    free(job->results);
}

PyObject *count_png_pairs(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *files;
    int ids;
    if (!PyArg_ParseTuple(args, "O!p", &PyTuple_Type, &files, &ids))
        return NULL;
    Job job = {.kind = ids ? SEGMENT_IDS : LABELS};
    PyObject *found = NULL;
    if (start(&job, files)) {
        Status status;
        Py_BEGIN_ALLOW_THREADS
        status = count_all(&job);
        Py_END_ALLOW_THREADS
        if (raise_status(status))
            found = results(&job);
    }
    finish(&job);
    return found;
}
