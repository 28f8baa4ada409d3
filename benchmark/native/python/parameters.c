#include "parameters.h"

#include <string.h>

#include "../base/settings.h"
#include "../match/skip_rule.h"
#include "../read/ids.h"

/* The number of doubles in a buffer, between 1 and `most`; 0 with ValueError otherwise. */
static size_t doubles_in(const Py_buffer *buffer, size_t most)
{
    size_t count = buffer->len < 0 ? 0 : (size_t)buffer->len / sizeof(double);
    if (count == 0 || count > most || (size_t)buffer->len % sizeof(double)) {
        PyErr_SetString(PyExc_ValueError, "too many values, or none");
        return 0;
    }
    return count;
}

/* Sets the area ranges, of which fewer than RANGES repeat the last; false with ValueError. */
static bool set_ranges(Settings *settings, const Py_buffer *ranges)
{
    size_t count = doubles_in(ranges, (size_t)2 * RANGES);
    const double *bounds = ranges->buf;
    if (!count)
        return false;
    if (count % 2) {
        PyErr_SetString(PyExc_ValueError, "a range without two bounds");
        return false;
    }
    for (size_t i = 0; i < RANGES; i++) {
        size_t given = i < count / 2 ? i : count / 2 - 1;
        settings->ranges[i][0] = bounds[2 * given];
        settings->ranges[i][1] = bounds[2 * given + 1];
    }
    return true;
}

static bool configure(Evaluation *core, const Py_buffer *thresholds, const Py_buffer *ranges,
                      const Py_buffer *limits, const Py_buffer *recalls)
{
    Settings *settings = &core->settings;
    size_t t = doubles_in(thresholds, THRESHOLDS);
    size_t m = doubles_in(limits, LIMITS), r = doubles_in(recalls, SIZE_MAX / 64);
    if (!t || !m || !r || !set_ranges(settings, ranges))
        return false;
    const double *most = limits->buf;
    if (most[0] < 1 || most[m - 1] > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "a limit out of bounds");
        return false;
    }
    set_thresholds(settings, thresholds->buf, t);
    for (size_t i = 0; i < LIMITS; i++)
        settings->limits[i] = (uint32_t)most[i < m ? i : m - 1];
    return raise_status(set_recalls(core, recalls->buf, r));
}

PyObject *parameters_configure(Object *self, PyObject *args)
{
    Py_buffer thresholds, ranges, limits, recalls;
    unsigned most;
    Evaluation *core = claim(self, READ);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "y*y*y*Iy*", &thresholds, &ranges, &limits, &most,
                                 &recalls);
    if (fine) {
        fine = configure(core, &thresholds, &ranges, &limits, &recalls);
        core->settings.most = most;
        PyBuffer_Release(&thresholds);
        PyBuffer_Release(&ranges);
        PyBuffer_Release(&limits);
        PyBuffer_Release(&recalls);
    }
    return done(self, fine);
}

PyObject *parameters_compare_boundaries(Object *self, PyObject *args)
{
    double ratio;
    if (!PyArg_ParseTuple(args, "d", &ratio))
        return NULL;
    if (!(ratio > 0 && ratio < 1)) {
        PyErr_SetString(PyExc_ValueError, "the ratio must be between 0 and 1");
        return NULL;
    }
    Evaluation *core = claim(self, READ);
    if (!core)
        return NULL;
    core->settings.dilation = ratio;
    return done(self, true);
}

PyObject *parameters_add_sizes(Object *self, PyObject *args)
{
    Py_buffer ranges;
    Evaluation *core = claim(self, READ);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "y*", &ranges);
    if (fine) {
        if (!core->views)
            core->views = arena_items(&core->arena, MOST_VIEWS, sizeof *core->views);
        if (core->views && core->view_count < MOST_VIEWS) {
            Settings *settings = &core->views[core->view_count].settings;
            fine = set_ranges(settings, &ranges);
            settings->relative = true;
            core->view_count += fine;
        } else {
            PyErr_SetString(PyExc_ValueError, "too many ranges");
            fine = false;
        }
        PyBuffer_Release(&ranges);
    }
    return done(self, fine);
}

/* Flags the known ones of some ids, by rank; `*flags` stays NULL if `given` is None. */
static bool select_ids(Evaluation *core, const Ids *ids, PyObject *given, uint8_t **flags)
{
    if (given == Py_None)
        return true;
    if (!PyList_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "ids must be a list");
        return false;
    }
    *flags = arena_items(&core->arena, ids->count, sizeof **flags);
    bool fine = *flags || raise_status(NO_MEMORY);
    for (Py_ssize_t i = 0; fine && i < PyList_Size(given); i++) {
        long long id = PyLong_AsLongLong(PyList_GetItem(given, i));
        if (id == -1 && PyErr_Occurred()) {
            fine = false;
            break;
        }
        int32_t rank = ids_find(ids, id);
        if (rank >= 0)
            (*flags)[rank] = 1;
    }
    return fine;
}

PyObject *parameters_select(Object *self, PyObject *args)
{
    PyObject *images, *categories;
    int merged;
    if (!PyArg_ParseTuple(args, "OOp", &images, &categories, &merged))
        return NULL;
    Evaluation *core = claim(self, READ);
    if (!core)
        return NULL;
    core->selection.merged = merged && core->categories.count;
    bool fine = select_ids(core, &core->images, images, &core->selection.images) &&
                select_ids(core, &core->categories, categories, &core->selection.categories);
    return done(self, fine);
}

PyObject *parameters_record(Object *self, PyObject *args)
{
    const char *name;
    if (!PyArg_ParseTuple(args, "s", &name))
        return NULL;
    Evaluation *core = claim(self, READ);
    if (!core)
        return NULL;
    core->records = find_rule(name, &core->recorded);
    self->busy = false;
    if (!core->records)
        return PyErr_Format(PyExc_ValueError, "unknown skip rule '%s'", name);
    Py_RETURN_NONE;
}
