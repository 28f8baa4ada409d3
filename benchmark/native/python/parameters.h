/* Methods of `benchmark._native.Evaluation` that set what is evaluated, before matching;
 * _native.pyi gives their types. */
#ifndef O365SEG_PARAMETERS_H
#define O365SEG_PARAMETERS_H

#include "object.h"

PyObject *parameters_configure(Object *self, PyObject *args);
PyObject *parameters_compare_boundaries(Object *self, PyObject *args);
PyObject *parameters_add_sizes(Object *self, PyObject *args);
PyObject *parameters_select(Object *self, PyObject *args);
PyObject *parameters_record(Object *self, PyObject *args);

#endif
