/* Predictions as arrays, written as the JSON records of a results file. */
#ifndef O365SEG_RECORDS_H
#define O365SEG_RECORDS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* The module's `records`; _native.pyi gives its type. */
PyObject *write_records(PyObject *module, PyObject *args);

#endif
