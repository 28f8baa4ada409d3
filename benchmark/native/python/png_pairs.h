/* The function `count_png_pairs` of `benchmark._native`; _native.pyi gives its types. */
#ifndef O365SEG_PNG_PAIRS_H
#define O365SEG_PNG_PAIRS_H

#include "object.h"

PyObject *count_png_pairs(PyObject *module, PyObject *args);

#endif
