#include "mapped.h"

#include "../base/lost_pages.h"

PyObject *mapped_end_if_lost(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer bytes;
    const char *line;
    if (!PyArg_ParseTuple(args, "y*s", &bytes, &line))
        return NULL;
    bool watched = end_if_lost(bytes.buf, (size_t)bytes.len, line);
    PyBuffer_Release(&bytes);
    return PyBool_FromLong(watched);
}

PyObject *mapped_forget(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    forget_mapped();
    return Py_NewRef(Py_None);
}
