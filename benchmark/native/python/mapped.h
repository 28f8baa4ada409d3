/* Functions of `benchmark._native` for mapped files; _native.pyi gives their types. */
#ifndef O365SEG_MAPPED_H
#define O365SEG_MAPPED_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyObject *mapped_end_if_lost(PyObject *module, PyObject *args);
PyObject *mapped_forget(PyObject *module, PyObject *unused);

#endif
