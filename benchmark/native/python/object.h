/* The Python object `benchmark._native.Evaluation`: its state, and the steps up to matched. */
#ifndef O365SEG_OBJECT_H
#define O365SEG_OBJECT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "../base/core.h"

/* What was done so far; each method works in one state. */
typedef enum { EMPTY, READ, MATCHED } State;

typedef struct {
    PyObject_HEAD
    PyObject *owner; /* of a view: the object whose memory it shares */
    Evaluation core;
    Py_buffer ground_truth, results; /* the files; masks point into them until they are matched */
    State state;
    bool busy; /* a Python thread is using the core without the interpreter's lock */
} Object;

/* The exception `Unusual`. */
extern PyObject *unusual;

/* Sets the exception for a status; returns whether the status is FINE. */
bool raise_status(Status status);

/* Claims the core if the object is in `state`; clear `busy` when done. NULL with an exception
 * where it is in use or in another state. */
Evaluation *claim(Object *self, State state);

/* Ends a call that claimed the core: None, or NULL if not `fine`, with the exception set before. */
PyObject *done(Object *self, bool fine);

/* Methods of the Python type; _native.pyi gives their types. */
int evaluation_init(Object *self, PyObject *args, PyObject *kwargs);
void evaluation_dealloc(Object *self);
PyObject *evaluation_polygons(Object *self, PyObject *unused);
PyObject *evaluation_give(Object *self, PyObject *args);
PyObject *evaluation_view(Object *self, PyObject *args);
PyObject *evaluation_match(Object *self, PyObject *unused);

#endif
