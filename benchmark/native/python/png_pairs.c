#include "png_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/workers.h"
#include "../pixels/paired_files.h"

/* The files of some images: of each, the first PNG, then the second. */
typedef struct {
    const char **paths;
    size_t images;
} Files;

static bool take_files(PyObject *paths, Files *files)
{
    Py_ssize_t count = PyTuple_Size(paths);
    *files = (Files){new_items((size_t)count, sizeof *files->paths), (size_t)count / 2};
    if (!files->paths) {
        PyErr_NoMemory();
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        char *path; /* an error where it has a zero byte inside */
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(paths, i), &path, NULL) < 0)
            return false;
        files->paths[i] = path;
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

/* Counts each image; `results` stay unsorted where one is unusual. */
static Status count_segments(const Files *files, PairCounts *results)
{
    PairMemory memory = {0};
    Status status = FINE;
    for (size_t i = 0; status != NO_MEMORY && i < files->images; i++) {
        status = count_paired_files(files->paths[2 * i], files->paths[2 * i + 1], SEGMENT_IDS,
                                    &memory, &results[i]);
        if (status == FINE && !sort_pairs(&results[i]))
            status = NO_MEMORY;
    }
    free_pair_memory(&memory);
    return status == NO_MEMORY ? NO_MEMORY : FINE;
}

static PyObject *list_of(const PairCounts *results, size_t images)
{
    PyObject *list = PyList_New((Py_ssize_t)images);
    for (size_t i = 0; list && i < images; i++) {
        PyObject *item = results[i].sorted ? triples(&results[i]) : Py_NewRef(Py_None);
        if (item)
            PyList_SetItem(list, (Py_ssize_t)i, item);
        else
            Py_CLEAR(list);
    }
    return list;
}

PyObject *count_segment_pairs(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *paths, *found = NULL;
    Files files = {0};
    if (!PyArg_ParseTuple(args, "O!", &PyTuple_Type, &paths))
        return NULL;
    PairCounts *results = new_items((size_t)PyTuple_Size(paths) / 2, sizeof *results);
    if (!results)
        return PyErr_NoMemory();
    if (take_files(paths, &files)) {
        Status status;
        Py_BEGIN_ALLOW_THREADS
        status = count_segments(&files, results);
        Py_END_ALLOW_THREADS
        if (raise_status(status))
            found = list_of(results, files.images);
    }
    for (size_t i = 0; i < files.images; i++)
        free_pairs(&results[i]);
    free(results);
    free(files.paths);
    return found;
}

typedef struct {
    PairMemory memory;
    PairCounts image, all; /* the image's own are few, and near */
} LabelWorker;

typedef struct {
    Files files;
    uint8_t *left; /* by image: it needs the general path */
    LabelWorker workers[MOST_THREADS];
} LabelJob;

static Status count_labels(void *context, int worker, size_t first, size_t last)
{
    LabelJob *job = context;
    LabelWorker *own = &job->workers[worker];
    for (size_t i = first; i < last; i++) {
        const char **paths = &job->files.paths[2 * i];
        Status status = count_paired_files(paths[0], paths[1], LABELS, &own->memory, &own->image);
        if (status == NO_MEMORY || !move_pairs(&own->image, &own->all))
            return NO_MEMORY;
        job->left[i] = status == UNUSUAL;
    }
    return FINE;
}

/* Counts all images together, in `all` of the first worker. */
static Status count_all_labels(LabelJob *job, int threads)
{
    Status status = run_workers(threads, job->files.images, 1, count_labels, job);
    PairCounts *all = &job->workers[0].all;
    for (size_t i = 1; status == FINE && i < MOST_THREADS; i++)
        if (!move_pairs(&job->workers[i].all, all))
            status = NO_MEMORY;
    return status == FINE && !sort_pairs(all) ? NO_MEMORY : status;
}

static PyObject *indices_of(const uint8_t *chosen, size_t count)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < count; i++) {
        if (!chosen[i])
            continue;
        PyObject *index = PyLong_FromSize_t(i);
        if (!index || PyList_Append(list, index) < 0)
            Py_CLEAR(list);
        Py_XDECREF(index);
    }
    return list;
}

/* A pair of what was counted, and the images that are left. */
static PyObject *label_results(const LabelJob *job)
{
    PyObject *pairs = triples(&job->workers[0].all);
    PyObject *left = pairs ? indices_of(job->left, job->files.images) : NULL;
    PyObject *found = left ? PyTuple_Pack(2, pairs, left) : NULL;
    Py_XDECREF(pairs);
    Py_XDECREF(left);
    return found;
}

static void free_label_job(LabelJob *job)
{
    for (size_t i = 0; i < MOST_THREADS; i++) {
        free_pair_memory(&job->workers[i].memory);
        free_pairs(&job->workers[i].image);
        free_pairs(&job->workers[i].all);
    }
    free(job->files.paths);
    free(job->left);
    free(job);
}

PyObject *count_label_pairs(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *paths, *found = NULL;
    int threads;
    if (!PyArg_ParseTuple(args, "O!i", &PyTuple_Type, &paths, &threads))
        return NULL;
    LabelJob *job = new_items(1, sizeof *job);
    if (!job)
        return PyErr_NoMemory();
    job->left = new_items((size_t)PyTuple_Size(paths) / 2, 1);
    if (!job->left)
        PyErr_NoMemory();
    else if (take_files(paths, &job->files)) {
        Status status;
        Py_BEGIN_ALLOW_THREADS
        status = count_all_labels(job, threads < 1 ? 1 : threads);
        Py_END_ALLOW_THREADS
        if (raise_status(status))
            found = label_results(job);
    }
    free_label_job(job);
    return found;
}
