#include "object.h"

#include "../read/reading.h"
#include "../sum/evaluation.h"

PyObject *unusual;

bool raise_status(Status status)
{
    if (status == UNUSUAL)
        PyErr_SetString(unusual, "left to the general path");
    else if (status == NO_MEMORY)
        PyErr_NoMemory();
    return status == FINE;
}

Evaluation *claim(Object *self, State state)
{
    if (self->busy || self->state != state) {
        PyErr_SetString(PyExc_RuntimeError,
                        self->busy ? "in use by another thread" : "called out of order");
        return NULL;
    }
    self->busy = true;
    return &self->core;
}

PyObject *done(Object *self, bool fine)
{
    self->busy = false;
    return fine ? Py_NewRef(Py_None) : NULL;
}

int evaluation_init(Object *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"ground_truth", "results", "masks", "threads", "areas", NULL};
    Py_buffer ground_truth, results;
    int masks, threads, areas = 0;
    if (self->state != EMPTY || self->busy) {
        PyErr_SetString(PyExc_RuntimeError, "initialised twice");
        return -1;
    }
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "y*y*pi|p", names, &ground_truth, &results,
                                     &masks, &threads, &areas))
        return -1;
    self->ground_truth = ground_truth;
    self->results = results;
    self->core.results = (Text){results.buf, (size_t)results.len};
    self->core.masks = masks;
    self->core.given_areas = areas;
    self->core.threads = threads < 1 ? 1 : smaller(threads, MOST_THREADS);
    self->busy = true;
    Status status;
    Py_BEGIN_ALLOW_THREADS
    status = read_files(&self->core, ground_truth.buf, (size_t)ground_truth.len);
    Py_END_ALLOW_THREADS
    self->busy = false;
    if (!raise_status(status))
        return -1;
    self->state = READ;
    return 0;
}

static void release(Object *self)
{
    if (self->ground_truth.obj)
        PyBuffer_Release(&self->ground_truth);
    if (self->results.obj)
        PyBuffer_Release(&self->results);
}

void evaluation_dealloc(Object *self)
{
    if (self->owner)
        Py_DECREF(self->owner);
    else
        free_evaluation(&self->core);
    release(self);
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

PyObject *evaluation_polygons(Object *self, PyObject *unused)
{
    (void)unused;
    Evaluation *core = claim(self, READ);
    PyObject *list = core ? PyList_New(0) : NULL;
    bool of_gt = true;
    size_t index = 0;
    MaskText mask;
    while (list && next_polygons(core, &of_gt, &index, &mask)) {
        int32_t image = of_gt ? core->annotations[index].image : core->predictions[index].image;
        PyObject *item = Py_BuildValue("(Oniiy#)", of_gt ? Py_True : Py_False,
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

PyObject *evaluation_give(Object *self, PyObject *args)
{
    int of_gt;
    Py_ssize_t index;
    const char *counts;
    Py_ssize_t length;
    if (!PyArg_ParseTuple(args, "pny#", &of_gt, &index, &counts, &length))
        return NULL;
    Evaluation *core = claim(self, READ);
    if (!core)
        return NULL;
    Status status = index < 0 ? UNUSUAL
        : give_mask(core, of_gt, (size_t)index, (const uint8_t *)counts, (size_t)length);
    return done(self, raise_status(status));
}

PyObject *evaluation_view(Object *self, PyObject *args)
{
    int place;
    if (!PyArg_ParseTuple(args, "i", &place))
        return NULL;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    self->busy = false;
    if (place < 0 || place >= core->view_count)
        return PyErr_Format(PyExc_IndexError, "no such view");
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    Object *view = (Object *)PyType_GenericNew(type, NULL, NULL);
    if (!view)
        return NULL;
    view->core = core->views[place];
    view->owner = Py_NewRef((PyObject *)self);
    view->state = MATCHED;
    return (PyObject *)view;
}

PyObject *evaluation_match(Object *self, PyObject *unused)
{
    (void)unused;
    Evaluation *core = claim(self, READ);
    if (!core)
        return NULL;
    Status status;
    Py_BEGIN_ALLOW_THREADS
    status = finish_matching(core);
    Py_END_ALLOW_THREADS
    self->state = status == FINE ? MATCHED : EMPTY;
    release(self);
    return done(self, raise_status(status));
}
