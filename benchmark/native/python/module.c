/* The core as a Python module. Only buffers, numbers and tuples cross this border, so that the
 * command needs no numpy; benchmark/average_precision/native_core.py gives it types. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

#include "../base/core.h"
#include "../base/pages.h"
#include "../read/reading.h"
#include "../sum/evaluation.h"
#include "../sum/matches.h"
#include "../sum/resampling.h"
#include "../sum/summary.h"

typedef enum { EMPTY, READ, MATCHED } State;

typedef struct {
    PyObject_HEAD
    Evaluation core;
    Py_buffer truth, results; /* the files: masks point into them until they are matched */
    State state;
    bool busy; /* a thread of Python's is at work without the interpreter's lock */
} Object;

static PyObject *unusual;

static bool raise_status(Status status)
{
    if (status == UNUSUAL)
        PyErr_SetString(unusual, "left to the general path");
    else if (status == NO_MEMORY)
        PyErr_NoMemory();
    return status == FINE;
}

/* Claims the object in a state; NULL with an exception where it is not in it. */
static Evaluation *claim(Object *self, State state)
{
    if (self->busy || self->state != state) {
        PyErr_SetString(PyExc_RuntimeError,
                        self->busy ? "in use by another thread" : "called out of order");
        return NULL;
    }
    self->busy = true;
    return &self->core;
}

static bool parse_rule(Evaluation *core, int number, Rule *rule)
{
    if (number < 0 || number >= RULES) {
        PyErr_SetString(PyExc_ValueError, "no such rule");
        return false;
    }
    *rule = core->any_skipped ? (Rule)number : RULE_NONE;
    return true;
}

static int init(Object *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"truth", "results", "masks", "threads", "mapped", NULL};
    Py_buffer truth, results;
    int masks, threads, mapped;
    if (self->state != EMPTY || self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "made once");
        return -1;
    }
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "y*y*pip", names, &truth, &results, &masks,
                                     &threads, &mapped))
        return -1;
    self->truth = truth;
    self->results = results;
    self->core.results = (MappedText){results.buf, (size_t)results.len, mapped};
    self->core.masks = masks;
    self->core.threads = threads < 1 ? 1 : smaller(threads, MOST_THREADS);
    self->busy = true;
    Status status;
    Py_BEGIN_ALLOW_THREADS
    status = read_files(&self->core, truth.buf, (size_t)truth.len);
    Py_END_ALLOW_THREADS
    self->busy = false;
    if (!raise_status(status))
        return -1;
    self->state = READ;
    return 0;
}

static void release(Object *self)
{
    if (self->truth.obj)
        PyBuffer_Release(&self->truth);
    if (self->results.obj)
        PyBuffer_Release(&self->results);
}

static void dealloc(Object *self)
{
    free_evaluation(&self->core);
    release(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *polygons(Object *self, PyObject *unused)
{
    (void)unused;
    Evaluation *core = claim(self, READ);
    PyObject *list = core ? PyList_New(0) : NULL;
    bool of_truth = true;
    size_t index = 0;
    MaskText mask;
    while (list && next_polygons(core, &of_truth, &index, &mask)) {
        int32_t image = of_truth ? core->truths[index].image : core->predictions[index].image;
        PyObject *item = Py_BuildValue("(Oniiy#)", of_truth ? Py_True : Py_False,
                                       (Py_ssize_t)index, (int)core->heights[image],
                                       (int)core->widths[image], mask.text,
                                       (Py_ssize_t)mask.length);
        if (!item || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
        index++;
    }
    self->busy = core ? false : self->busy;
    return list;
}

static PyObject *give(Object *self, PyObject *args)
{
    int of_truth;
    Py_ssize_t index;
    const char *counts;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "pny#", &of_truth, &index, &counts, &length))
        return NULL;
    Evaluation *core = claim(self, READ);
    if (!core)
        return NULL;
    Status status = index < 0 ? UNUSUAL
        : give_mask(core, of_truth, (size_t)index, (const uint8_t *)counts, (size_t)length);
    self->busy = false;
    if (!raise_status(status))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *match(Object *self, PyObject *unused)
{
    (void)unused;
    Evaluation *core = claim(self, READ);
    if (!core)
        return NULL;
    Status status;
    Py_BEGIN_ALLOW_THREADS
    status = finish_matching(core);
    Py_END_ALLOW_THREADS
    self->busy = false;
    self->state = status == FINE ? MATCHED : EMPTY;
    release(self);
    if (!raise_status(status))
        return NULL;
    Py_RETURN_NONE;
}

/* `count` doubles as a tuple. */
static PyObject *tuple_of(const double *values, Py_ssize_t count)
{
    PyObject *tuple = PyTuple_New(count);
    for (Py_ssize_t i = 0; tuple && i < count; i++) {
        PyObject *value = PyFloat_FromDouble(values[i]);
        if (value)
            PyTuple_SET_ITEM(tuple, i, value);
        else
            Py_CLEAR(tuple);
    }
    return tuple;
}

static PyObject *stats(Object *self, PyObject *args)
{
    int number;
    Rule rule;
    double values[STATS] = {0}, by_rule[RULES] = {0};
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "i", &number) && parse_rule(core, number, &rule);
    if (fine) {
        Status status;
        Py_BEGIN_ALLOW_THREADS
        status = summarize(core, rule, values, by_rule);
        Py_END_ALLOW_THREADS
        fine = raise_status(status);
    }
    self->busy = false;
    if (!fine)
        return NULL;
    PyObject *numbers = tuple_of(values, STATS), *rules = tuple_of(by_rule, RULES);
    if (numbers && rules)
        return Py_BuildValue("(NN)", numbers, rules);
    Py_XDECREF(numbers);
    Py_XDECREF(rules);
    return NULL;
}

/* A writable buffer of exactly `count` items of `size` bytes. */
static bool sized(const Py_buffer *buffer, size_t count, size_t size)
{
    if (buffer->len >= 0 && (size_t)buffer->len / size == count &&
        (size_t)buffer->len % size == 0)
        return true;
    PyErr_SetString(PyExc_ValueError, "an array of the wrong size");
    return false;
}

static PyObject *curves(Object *self, PyObject *args)
{
    int number;
    Rule rule;
    Py_buffer precision, recall, scores;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "iw*w*w*", &number, &precision, &recall, &scores);
    if (fine) {
        size_t columns = core->categories.count * RANGES * LIMITS;
        fine = parse_rule(core, number, &rule) &&
               sized(&precision, THRESHOLDS * RECALLS * columns, sizeof(double)) &&
               sized(&recall, THRESHOLDS * columns, sizeof(double)) &&
               sized(&scores, THRESHOLDS * RECALLS * columns, sizeof(double));
        if (fine) {
            Status status;
            Py_BEGIN_ALLOW_THREADS
            status = fill_curves(core, rule, precision.buf, recall.buf, scores.buf);
            Py_END_ALLOW_THREADS
            fine = raise_status(status);
        }
        PyBuffer_Release(&precision);
        PyBuffer_Release(&recall);
        PyBuffer_Release(&scores);
    }
    self->busy = false;
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *absorbed(Object *self, PyObject *args)
{
    int number;
    Rule rule;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "i", &number) && parse_rule(core, number, &rule);
    self->busy = false;
    PyObject *tuple = fine ? PyTuple_New(THRESHOLDS) : NULL;
    for (int t = 0; tuple && t < THRESHOLDS; t++) {
        PyObject *count = PyLong_FromUnsignedLongLong(core->absorbed[rule][t]);
        if (count)
            PyTuple_SET_ITEM(tuple, t, count);
        else
            Py_CLEAR(tuple);
    }
    return tuple;
}

static PyObject *facts(Object *self, PyObject *unused)
{
    (void)unused;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    self->busy = false;
    return Py_BuildValue(
        "{s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:K,s:O,s:O,s:O,s:(LL)}",
        "images", (Py_ssize_t)core->images.count,
        "categories", (Py_ssize_t)core->categories.count,
        "annotations", (Py_ssize_t)core->truth_count,
        "skipped", (Py_ssize_t)core->skipped,
        "unanswered", (Py_ssize_t)core->unanswered,
        "crowds", (Py_ssize_t)core->crowds,
        "marked_crowds", (Py_ssize_t)core->marked_crowds,
        "predictions", (Py_ssize_t)core->prediction_count,
        "moved", (unsigned long long)core->moved,
        "areas_of_boxes", core->areas_of_boxes ? Py_True : Py_False,
        "any_skipped", core->any_skipped ? Py_True : Py_False,
        "lost", core->lost ? Py_True : Py_False,
        "lost_at", (long long)core->lost_image, (long long)core->lost_category);
}

/* The sorted ids of images or categories. */
static PyObject *ids_of(Object *self, PyObject *args)
{
    int images;
    if (!PyArg_ParseTuple(args, "p", &images))
        return NULL;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    const Ids *ids = images ? &core->images : &core->categories;
    PyObject *list = PyList_New((Py_ssize_t)ids->count);
    for (size_t i = 0; list && i < ids->count; i++) {
        PyObject *id = PyLong_FromLongLong(ids->sorted[i]);
        if (id)
            PyList_SET_ITEM(list, (Py_ssize_t)i, id);
        else
            Py_CLEAR(list);
    }
    self->busy = false;
    return list;
}

static PyObject *match_count(Object *self, PyObject *args)
{
    Py_ssize_t category;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "n", &category);
    self->busy = false;
    if (fine && (category < 0 || (size_t)category >= core->categories.count)) {
        PyErr_SetString(PyExc_IndexError, "no such category");
        fine = false;
    }
    if (!fine)
        return NULL;
    return PyLong_FromUnsignedLong(core->ranking_start[category + 1] -
                                   core->ranking_start[category]);
}

static PyObject *matches(Object *self, PyObject *args)
{
    int number;
    Rule rule;
    Py_ssize_t category;
    Py_buffer image, prediction, score, matched, ignored, positives;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "inw*w*w*w*w*w*", &number, &category, &image, &prediction,
                                 &score, &matched, &ignored, &positives);
    if (fine) {
        fine = parse_rule(core, number, &rule);
        if (fine && (category < 0 || (size_t)category >= core->categories.count)) {
            PyErr_SetString(PyExc_IndexError, "no such category");
            fine = false;
        }
        size_t count = !fine ? 0 : core->ranking_start[category + 1] -
                                   core->ranking_start[category];
        fine = fine && sized(&image, count, sizeof(int32_t)) &&
               sized(&prediction, count, sizeof(int64_t)) &&
               sized(&score, count, sizeof(double)) && sized(&matched, count * CURVES, 1) &&
               sized(&ignored, count * CURVES, 1) &&
               sized(&positives, RANGES * core->images.count, sizeof(int32_t));
        if (fine) {
            Matches out = {image.buf, prediction.buf, score.buf, matched.buf, ignored.buf,
                           positives.buf};
            fill_matches(core, rule, (size_t)category, &out);
        }
        PyBuffer_Release(&image);
        PyBuffer_Release(&prediction);
        PyBuffer_Release(&score);
        PyBuffer_Release(&matched);
        PyBuffer_Release(&ignored);
        PyBuffer_Release(&positives);
    }
    self->busy = false;
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *resample(Object *self, PyObject *args)
{
    int number;
    unsigned thresholds;
    Rule rule;
    Py_ssize_t count;
    Py_buffer weights, precisions;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "iIny*w*", &number, &thresholds, &count, &weights,
                                 &precisions);
    if (fine) {
        fine = parse_rule(core, number, &rule) && count >= 0 && (thresholds & ONE_RANGE) &&
               sized(&precisions, (size_t)count * core->categories.count, sizeof(double)) &&
               sized(&weights, (size_t)count * core->images.count, sizeof(int32_t));
        if (!fine && !PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "a negative number of resamples, or no threshold");
        if (fine) {
            Status status;
            Py_BEGIN_ALLOW_THREADS
            status = resample_precision(core, rule, thresholds & ONE_RANGE, (size_t)count,
                                        weights.buf, precisions.buf);
            Py_END_ALLOW_THREADS
            fine = raise_status(status);
        }
        PyBuffer_Release(&weights);
        PyBuffer_Release(&precisions);
    }
    self->busy = false;
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *explain(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    explain_bus_errors();
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"explain_bus_errors", explain, METH_NOARGS,
     "Ends the process with an error in words where a mapped file is cut short."},
    {NULL, NULL, 0, NULL}};

static PyMethodDef methods[] = {
    {"polygons", (PyCFunction)polygons, METH_NOARGS,
     "Masks given as polygons: (of the truth, index, height, width, JSON text)."},
    {"give", (PyCFunction)give, METH_VARARGS, "Replaces polygons by compressed run lengths."},
    {"match", (PyCFunction)match, METH_NOARGS, "Matches; the files are not needed after."},
    {"stats", (PyCFunction)stats, METH_VARARGS, "The 12 numbers under a rule, AP by rule."},
    {"curves", (PyCFunction)curves, METH_VARARGS, "Fills precision, recall and scores."},
    {"absorbed", (PyCFunction)absorbed, METH_VARARGS, "Absorbed predictions per threshold."},
    {"facts", (PyCFunction)facts, METH_NOARGS, "What took part, and what must be told."},
    {"ids", (PyCFunction)ids_of, METH_VARARGS, "Sorted ids: of images, or of categories."},
    {"match_count", (PyCFunction)match_count, METH_VARARGS, "A category's predictions."},
    {"matches", (PyCFunction)matches, METH_VARARGS, "Fills a category's matches."},
    {"resample", (PyCFunction)resample, METH_VARARGS, "Fills AP per resample and category."},
    {NULL, NULL, 0, NULL}};

static PyTypeObject evaluation_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "benchmark._native.Evaluation",
    .tp_basicsize = sizeof(Object),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = "One evaluation: (truth, results, masks, threads), then match(), then numbers.",
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)init,
    .tp_dealloc = (destructor)dealloc,
    .tp_methods = methods};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "benchmark._native", "The evaluator's native core.", -1, functions, NULL,
    NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__native(void)
{
    if (PyType_Ready(&evaluation_type) < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (!module)
        return NULL;
    unusual = PyErr_NewException("benchmark._native.Unusual", PyExc_Exception, NULL);
    if (!unusual || PyModule_AddObjectRef(module, "Unusual", unusual) < 0 ||
        PyModule_AddObjectRef(module, "Evaluation", (PyObject *)&evaluation_type) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
