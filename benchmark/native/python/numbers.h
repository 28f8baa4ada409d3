/* Methods of `benchmark._native.Evaluation` that return numbers of a matched evaluation;
 * _native.pyi gives their types. */
#ifndef O365SEG_NUMBERS_H
#define O365SEG_NUMBERS_H

#include "object.h"

PyObject *number_stats(Object *self, PyObject *args);
PyObject *number_range_means(Object *self, PyObject *args);
PyObject *number_curves(Object *self, PyObject *args);
PyObject *number_absorbed(Object *self, PyObject *args);
PyObject *number_absorbed_by_category(Object *self, PyObject *args);
PyObject *number_images_with_objects(Object *self, PyObject *args);
PyObject *number_facts(Object *self, PyObject *unused);
PyObject *number_ids(Object *self, PyObject *args);
PyObject *number_match_count(Object *self, PyObject *args);
PyObject *number_positives(Object *self, PyObject *args);
PyObject *number_image_positives(Object *self, PyObject *args);
PyObject *number_matches(Object *self, PyObject *args);
PyObject *number_record_counts(Object *self, PyObject *unused);
PyObject *number_records(Object *self, PyObject *args);
PyObject *number_resample(Object *self, PyObject *args);

#endif
