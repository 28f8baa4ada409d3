/* The functions of `benchmark._native` that compare PNGs; _native.pyi gives their types. */
#ifndef O365SEG_PNG_PAIRS_H
#define O365SEG_PNG_PAIRS_H

#include "object.h"

PyObject *count_segment_pairs(PyObject *module, PyObject *args);
PyObject *count_label_pairs(PyObject *module, PyObject *args);

#endif
