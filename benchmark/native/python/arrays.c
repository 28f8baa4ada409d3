#include "arrays.h"

PyObject *tuple_of(const double *values, Py_ssize_t count)
{
    PyObject *tuple = PyTuple_New(count);
    for (Py_ssize_t i = 0; tuple && i < count; i++) {
        PyObject *value = PyFloat_FromDouble(values[i]);
        if (value)
            PyTuple_SetItem(tuple, i, value);
        else
            Py_CLEAR(tuple);
    }
    return tuple;
}

bool sized(const Py_buffer *buffer, size_t count, size_t size)
{
    if (buffer->len >= 0 && (size_t)buffer->len / size == count &&
        (size_t)buffer->len % size == 0)
        return true;
    PyErr_SetString(PyExc_ValueError, "an array of the wrong size");
    return false;
}

PyObject *into_counts(Object *self, PyObject *args, size_t count,
                      Status (*fill)(const Evaluation *, int64_t *))
{
    Py_buffer counts;
    bool fine = PyArg_ParseTuple(args, "w*", &counts);
    if (fine) {
        fine = sized(&counts, count, sizeof(int64_t)) &&
               raise_status(fill(&self->core, counts.buf));
        PyBuffer_Release(&counts);
    }
    return done(self, fine);
}
