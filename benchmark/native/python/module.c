/* The Python module `benchmark._native`. Only buffers, numbers, strings and containers of them pass
 * between Python and the core, so that the command needs no numpy; benchmark/_native.pyi gives the
 * types. */
#include "judgements.h"
#include "mapped.h"
#include "numbers.h"
#include "object.h"
#include "parameters.h"
#include "png_pairs.h"
#include "records.h"

#include "../match/skip_rule.h"

static PyMethodDef methods[] = {
    {"polygons", (PyCFunction)evaluation_polygons, METH_NOARGS,
     "Polygons left to draw: (is ground truth, index, height, width, JSON text)."},
    {"give", (PyCFunction)evaluation_give, METH_VARARGS,
     "Replaces polygons by compressed run lengths."},
    {"configure", (PyCFunction)parameters_configure, METH_VARARGS,
     "Sets thresholds, area ranges, limits of detections and recalls."},
    {"compare_boundaries", (PyCFunction)parameters_compare_boundaries, METH_VARARGS,
     "Has matching take the smaller of mask and boundary IoU."},
    {"add_sizes", (PyCFunction)parameters_add_sizes, METH_VARARGS,
     "Adds a view in ranges of the size relative to the image: the root of area / image area."},
    {"select", (PyCFunction)parameters_select, METH_VARARGS,
     "Sets the images and categories that take part."},
    {"record", (PyCFunction)parameters_record, METH_VARARGS,
     "Has matching keep which annotation each prediction takes under a rule."},
    {"judge", (PyCFunction)judgements_judge, METH_VARARGS,
     "Has matching judge errors by kind at IoU 0.5, under a rule."},
    {"match", (PyCFunction)evaluation_match, METH_NOARGS,
     "Matches predictions; the files are not needed afterwards."},
    {"view", (PyCFunction)evaluation_view, METH_VARARGS,
     "The same predictions as matched in the ranges of a view."},
    {"stats", (PyCFunction)number_stats, METH_VARARGS,
     "The 12 numbers under a rule, and AP by rule."},
    {"range_means", (PyCFunction)number_range_means, METH_VARARGS,
     "AP, AP at the thresholds 0 and 5, and AR of each area range."},
    {"curves", (PyCFunction)number_curves, METH_VARARGS, "Fills precision, recall and scores."},
    {"absorbed", (PyCFunction)number_absorbed, METH_VARARGS,
     "Number of absorbed predictions at each threshold."},
    {"absorbed_by_category", (PyCFunction)number_absorbed_by_category, METH_VARARGS,
     "Fills the number of absorbed predictions of each category at the first threshold."},
    {"images_with_objects", (PyCFunction)number_images_with_objects, METH_VARARGS,
     "Marks the images that have annotations to find, by category."},
    {"facts", (PyCFunction)number_facts, METH_NOARGS,
     "Counts of what was evaluated, and what the user must know."},
    {"ids", (PyCFunction)number_ids, METH_VARARGS, "Sorted ids: of images, or of categories."},
    {"match_count", (PyCFunction)number_match_count, METH_VARARGS,
     "Number of predictions of a category."},
    {"positives", (PyCFunction)number_positives, METH_VARARGS,
     "Fills the number of annotations to find, by category and area range."},
    {"image_positives", (PyCFunction)number_image_positives, METH_VARARGS,
     "Fills the number of annotations to find, by area range and image."},
    {"matches", (PyCFunction)number_matches, METH_VARARGS, "Fills the matches of a category."},
    {"record_counts", (PyCFunction)number_record_counts, METH_NOARGS,
     "Number of cells, predictions and annotations that `records` fills."},
    {"records", (PyCFunction)number_records, METH_VARARGS, "Fills what evalImgs are made of."},
    {"errors", (PyCFunction)judgements_errors, METH_NOARGS,
     "Number of errors by kind, and AP with each fixed."},
    {"judged_count", (PyCFunction)judgements_count, METH_NOARGS,
     "Number of predictions that `judged` fills."},
    {"judged", (PyCFunction)judgements_fill, METH_VARARGS, "Fills the judgements of predictions."},
    {"confusion", (PyCFunction)judgements_confusion, METH_VARARGS, "Fills the confusion matrix."},
    {"resample", (PyCFunction)number_resample, METH_VARARGS, "Fills AP by resample and category, in an area range."},
    {NULL, NULL, 0, NULL}};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Evaluation(ground_truth, results, masks, threads): one evaluation."},
    {Py_tp_new, (void *)PyType_GenericNew},
    {Py_tp_init, (void *)evaluation_init},
    {Py_tp_dealloc, (void *)evaluation_dealloc},
    {Py_tp_methods, methods},
    {0, NULL}};

static PyType_Spec evaluation_type = {"benchmark._native.Evaluation", sizeof(Object), 0,
                                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, slots};

static PyMethodDef functions[] = {
    {"count_segment_pairs", count_segment_pairs, METH_VARARGS,
     "How often two PNGs of an image have which segment ids at the same pixel, by image."},
    {"count_label_pairs", count_label_pairs, METH_VARARGS,
     "How often two PNGs of an image have which labels at the same pixel, in all images."},
    {"records", write_records, METH_VARARGS,
     "Predictions of an image as JSON records, separated by commas."},
    {"end_if_lost", mapped_end_if_lost, METH_VARARGS,
     "Has the process end with a line if a mapped file is shortened."},
    {"forget_mapped", mapped_forget, METH_NOARGS, "Undoes all `end_if_lost`."},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "benchmark._native", "The evaluator's native core.", -1, functions, NULL,
    NULL, NULL, NULL};

#ifndef INTERFACE
#define INTERFACE 0 /* not built by setup.py */
#endif

static bool add_skip_rules(PyObject *module)
{
    PyObject *names = PyTuple_New(RULES);
    for (Py_ssize_t rule = 0; names && rule < RULES; rule++) {
        PyObject *name = PyUnicode_FromString(SKIP_RULES[rule].name);
        if (name)
            PyTuple_SetItem(names, rule, name);
        else
            Py_CLEAR(names);
    }
    bool added = names && PyModule_AddObjectRef(module, "SKIP_RULES", names) == 0;
    Py_XDECREF(names);
    return added;
}

PyMODINIT_FUNC PyInit__native(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (!module)
        return NULL;
    PyObject *type = PyType_FromSpec(&evaluation_type);
    unusual = PyErr_NewException("benchmark._native.Unusual", PyExc_Exception, NULL);
    bool added = type && unusual && add_skip_rules(module) &&
                 PyModule_AddIntConstant(module, "INTERFACE", (long)INTERFACE) == 0 &&
                 PyModule_AddObjectRef(module, "Unusual", unusual) == 0 &&
                 PyModule_AddObjectRef(module, "Evaluation", type) == 0;
    Py_XDECREF(type);
    if (!added)
        Py_CLEAR(module);
    return module;
}
