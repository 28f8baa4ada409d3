/* Numbers and arrays that pass between Python and the core. */
#ifndef O365SEG_ARRAYS_H
#define O365SEG_ARRAYS_H

#include "object.h"

/* `count` doubles as a tuple; NULL with an exception when out of memory. */
PyObject *tuple_of(const double *values, Py_ssize_t count);

/* Whether a buffer has exactly `count` items of `size` bytes; sets ValueError if not. */
bool sized(const Py_buffer *buffer, size_t count, size_t size);

/* Fills the only argument, a writable array of `count` int64, from the claimed core, and ends the
 * call. */
PyObject *into_counts(Object *self, PyObject *args, size_t count,
                      Status (*fill)(const Evaluation *, int64_t *));

#endif
