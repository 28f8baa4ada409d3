/* Methods of `benchmark._native.Evaluation` that judge errors; _native.pyi gives their types. */
#ifndef O365SEG_JUDGEMENTS_H
#define O365SEG_JUDGEMENTS_H

#include "object.h"

PyObject *judgements_judge(Object *self, PyObject *args);
PyObject *judgements_errors(Object *self, PyObject *unused);
PyObject *judgements_count(Object *self, PyObject *unused);
PyObject *judgements_fill(Object *self, PyObject *args);
PyObject *judgements_confusion(Object *self, PyObject *args);

#endif
