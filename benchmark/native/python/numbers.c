#include "numbers.h"

#include "../match/skip_rule.h"
#include "../sum/image_records.h"
#include "../sum/matches.h"
#include "../sum/resampling.h"
#include "../sum/summary.h"
#include "arrays.h"

/* Finds the rule called `name`; RULE_NONE if nothing is skipped, since all rules then agree. */
static bool parse_rule(const Evaluation *core, const char *name, Rule *rule)
{
    if (!find_rule(name, rule)) {
        PyErr_Format(PyExc_ValueError, "unknown skip rule '%s'", name);
        return false;
    }
    if (!core->any_skipped)
        *rule = RULE_NONE;
    return true;
}

/* AP by the name of the skip rule. */
static PyObject *by_name(const double by_rule[MOST_RULES])
{
    PyObject *found = PyDict_New();
    for (Rule rule = RULE_NONE; found && rule < RULES; rule++) {
        PyObject *value = PyFloat_FromDouble(by_rule[rule]);
        if (!value || PyDict_SetItemString(found, SKIP_RULES[rule].name, value) < 0)
            Py_CLEAR(found);
        Py_XDECREF(value);
    }
    return found;
}

PyObject *number_stats(Object *self, PyObject *args)
{
    const char *name;
    Rule rule;
    double values[STATS] = {0}, by_rule[MOST_RULES] = {0};
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "s", &name) && parse_rule(core, name, &rule);
    if (fine) {
        Status status;
        Py_BEGIN_ALLOW_THREADS
        status = summarize(core, rule, values, by_rule);
        Py_END_ALLOW_THREADS
        fine = raise_status(status);
    }
    self->busy = false;
    if (!fine)
        return NULL;
    PyObject *numbers = tuple_of(values, STATS), *rules = by_name(by_rule);
    if (numbers && rules)
        return Py_BuildValue("(NN)", numbers, rules);
    Py_XDECREF(numbers);
    Py_XDECREF(rules);
    return NULL;
}

PyObject *number_range_means(Object *self, PyObject *args)
{
    const char *name;
    Rule rule;
    double means[RANGES][RANGE_MEANS];
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "s", &name) && parse_rule(core, name, &rule);
    if (fine) {
        Status status;
        Py_BEGIN_ALLOW_THREADS
        status = summarize_ranges(core, rule, means);
        Py_END_ALLOW_THREADS
        fine = raise_status(status);
    }
    self->busy = false;
    PyObject *list = fine ? PyList_New(0) : NULL;
    for (int range = 0; list && range < RANGES; range++) {
        PyObject *row = tuple_of(means[range], RANGE_MEANS);
        if (!row || PyList_Append(list, row) < 0)
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

PyObject *number_curves(Object *self, PyObject *args)
{
    const char *name;
    Rule rule;
    Py_buffer precision, recall, scores = {0};
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "sw*w*|w*", &name, &precision, &recall, &scores);
    if (fine) {
        size_t columns = core->categories.count * RANGES * LIMITS;
        size_t recalls = core->settings.recall_count;
        fine = parse_rule(core, name, &rule) &&
               sized(&precision, THRESHOLDS * recalls * columns, sizeof(double)) &&
               sized(&recall, THRESHOLDS * columns, sizeof(double)) &&
               (!scores.obj || sized(&scores, THRESHOLDS * recalls * columns, sizeof(double)));
        if (fine) {
            Status status;
            Py_BEGIN_ALLOW_THREADS
            status = fill_curves(core, rule, precision.buf, recall.buf, scores.buf);
            Py_END_ALLOW_THREADS
            fine = raise_status(status);
        }
        PyBuffer_Release(&precision);
        PyBuffer_Release(&recall);
        PyBuffer_Release(&scores); /* does nothing where none was given */
    }
    return done(self, fine);
}

PyObject *number_absorbed(Object *self, PyObject *args)
{
    const char *name;
    Rule rule;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "s", &name) && parse_rule(core, name, &rule);
    self->busy = false;
    PyObject *tuple = fine ? PyTuple_New(THRESHOLDS) : NULL;
    for (int t = 0; tuple && t < THRESHOLDS; t++) {
        PyObject *count = PyLong_FromUnsignedLongLong(core->absorbed[rule][t]);
        if (count)
            PyTuple_SetItem(tuple, t, count);
        else
            Py_CLEAR(tuple);
    }
    return tuple;
}

PyObject *number_absorbed_by_category(Object *self, PyObject *args)
{
    const char *name;
    Rule rule;
    Py_buffer counts;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "sw*", &name, &counts);
    if (fine) {
        fine = parse_rule(core, name, &rule) &&
               sized(&counts, core->categories.count, sizeof(int64_t));
        if (fine)
            count_absorbed(core, rule, counts.buf);
        PyBuffer_Release(&counts);
    }
    return done(self, fine);
}

PyObject *number_images_with_objects(Object *self, PyObject *args)
{
    Py_buffer found;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "w*", &found);
    if (fine) {
        fine = sized(&found, core->categories.count * core->images.count, 1);
        if (fine)
            find_images_with_objects(core, found.buf);
        PyBuffer_Release(&found);
    }
    return done(self, fine);
}

PyObject *number_facts(Object *self, PyObject *unused)
{
    (void)unused;
    Evaluation *core = claim(self, self->state == READ ? READ : MATCHED);
    if (!core)
        return NULL;
    self->busy = false;
    return Py_BuildValue(
        "{s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:n,s:K,s:K,s:K,s:O,s:O,s:O,s:O,s:(LL)}",
        "images", (Py_ssize_t)core->images.count,
        "categories", (Py_ssize_t)core->categories.count,
        "annotations", (Py_ssize_t)core->annotation_count,
        "skipped", (Py_ssize_t)core->skipped,
        "unanswered", (Py_ssize_t)core->unanswered,
        "crowds", (Py_ssize_t)core->crowds,
        "marked_crowds", (Py_ssize_t)core->marked_crowds,
        "predictions", (Py_ssize_t)core->prediction_count,
        "ignore_flags", (Py_ssize_t)core->ignore_flags,
        "no_pixels", (unsigned long long)core->no_pixels,
        "gt_no_pixels", (unsigned long long)core->gt_no_pixels,
        "moved", (unsigned long long)core->moved,
        "areas_of_boxes", core->areas_of_boxes ? Py_True : Py_False,
        "federated", core->federated ? Py_True : Py_False,
        "any_skipped", core->any_skipped ? Py_True : Py_False,
        "lost", core->lost ? Py_True : Py_False,
        "lost_at", (long long)core->lost_image, (long long)core->lost_category);
}

/* The sorted ids of images or categories. */
PyObject *number_ids(Object *self, PyObject *args)
{
    int images;
    if (!PyArg_ParseTuple(args, "p", &images))
        return NULL;
    Evaluation *core = claim(self, self->state == READ ? READ : MATCHED);
    if (!core)
        return NULL;
    const Ids *ids = images ? &core->images : &core->categories;
    PyObject *list = PyList_New((Py_ssize_t)ids->count);
    for (size_t i = 0; list && i < ids->count; i++) {
        PyObject *id = PyLong_FromLongLong(ids->sorted[i]);
        if (id)
            PyList_SetItem(list, (Py_ssize_t)i, id);
        else
            Py_CLEAR(list);
    }
    self->busy = false;
    return list;
}

/* Counts the ranked predictions of a category; sets IndexError if there is none such. */
static bool count_ranked(const Evaluation *core, Py_ssize_t category, size_t *count)
{
    if (category < 0 || (size_t)category >= core->categories.count) {
        PyErr_SetString(PyExc_IndexError, "no such category");
        return false;
    }
    *count = core->ranking_start[category + 1] - core->ranking_start[category];
    return true;
}

PyObject *number_match_count(Object *self, PyObject *args)
{
    Py_ssize_t category;
    size_t count;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "n", &category) && count_ranked(core, category, &count);
    self->busy = false;
    return fine ? PyLong_FromSize_t(count) : NULL;
}

static Status copy_positives(const Evaluation *core, int64_t *counts)
{
    for (size_t i = 0; i < core->categories.count * RANGES; i++)
        counts[i] = core->positives[i / RANGES][i % RANGES];
    return FINE;
}

PyObject *number_positives(Object *self, PyObject *args)
{
    Evaluation *core = claim(self, MATCHED);
    return core ? into_counts(self, args, core->categories.count * RANGES, copy_positives) : NULL;
}

static Status copy_image_positives(const Evaluation *core, int64_t *counts)
{
    count_image_positives(core, counts);
    return FINE;
}

PyObject *number_image_positives(Object *self, PyObject *args)
{
    Evaluation *core = claim(self, MATCHED);
    return core ? into_counts(self, args, RANGES * core->images.count, copy_image_positives)
                : NULL;
}

PyObject *number_matches(Object *self, PyObject *args)
{
    const char *name;
    Rule rule;
    Py_ssize_t category;
    Py_buffer image, prediction, score, matched, ignored, positives;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "snw*w*w*w*w*w*", &name, &category, &image, &prediction,
                                 &score, &matched, &ignored, &positives);
    if (fine) {
        size_t count;
        fine = parse_rule(core, name, &rule) && count_ranked(core, category, &count) &&
               sized(&image, count, sizeof(int32_t)) &&
               sized(&prediction, count, sizeof(int64_t)) &&
               sized(&score, count, sizeof(double)) && sized(&matched, count * CURVES, 1) &&
               sized(&ignored, count * CURVES, 1) &&
               sized(&positives, RANGES * core->images.count, sizeof(int32_t));
        if (fine) {
            Matches out = {image.buf, prediction.buf, score.buf, matched.buf, ignored.buf,
                           positives.buf};
            fill_matches(core, rule, (size_t)category, &out);
        }
        PyBuffer_Release(&image);
        PyBuffer_Release(&prediction);
        PyBuffer_Release(&score);
        PyBuffer_Release(&matched);
        PyBuffer_Release(&ignored);
        PyBuffer_Release(&positives);
    }
    return done(self, fine);
}

/* Whether each mean has thresholds, and no others than there are. */
static bool are_means(const Py_buffer *means)
{
    const uint32_t *bits = means->buf;
    size_t count = (size_t)means->len / sizeof *bits;
    bool fine = (size_t)means->len == count * sizeof *bits;
    for (size_t i = 0; fine && i < count; i++)
        fine = bits[i] && !(bits[i] & ~(uint32_t)ONE_RANGE);
    return fine;
}

PyObject *number_resample(Object *self, PyObject *args)
{
    const char *name;
    int range;
    Rule rule;
    Py_ssize_t count;
    Py_buffer means, weights, precisions;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "sy*iny*w*", &name, &means, &range, &count, &weights,
                                 &precisions);
    if (fine) {
        size_t mean_count = (size_t)means.len / sizeof(uint32_t);
        fine = parse_rule(core, name, &rule) && count >= 0 && are_means(&means) &&
               range >= 0 && range < RANGES &&
               sized(&precisions, mean_count * (size_t)count * core->categories.count,
                     sizeof(double)) &&
               sized(&weights, (size_t)count * core->images.count, sizeof(int32_t));
        if (!fine && !PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "a negative number of resamples, or no threshold or range");
        if (fine) {
            Status status;
            Py_BEGIN_ALLOW_THREADS
            status = resample_precision(core, rule, means.buf, mean_count, range, (size_t)count,
                                        weights.buf, precisions.buf);
            Py_END_ALLOW_THREADS
            fine = raise_status(status);
        }
        PyBuffer_Release(&means);
        PyBuffer_Release(&weights);
        PyBuffer_Release(&precisions);
    }
    return done(self, fine);
}

PyObject *number_record_counts(Object *self, PyObject *unused)
{
    (void)unused;
    size_t predictions, annotations;
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    count_records(core, &predictions, &annotations);
    self->busy = false;
    return Py_BuildValue("(nnn)", (Py_ssize_t)core->cell_count, (Py_ssize_t)predictions,
                         (Py_ssize_t)annotations);
}

PyObject *number_records(Object *self, PyObject *args)
{
    enum { ARRAYS = 8 };
    Py_buffer arrays[ARRAYS];
    Evaluation *core = claim(self, MATCHED);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "w*w*w*w*w*w*w*w*", &arrays[0], &arrays[1], &arrays[2],
                                 &arrays[3], &arrays[4], &arrays[5], &arrays[6], &arrays[7]);
    if (fine) {
        size_t predictions, annotations;
        count_records(core, &predictions, &annotations);
        const size_t items[ARRAYS][2] = {
            {core->cell_count, CELL_NUMBERS * sizeof(int64_t)}, {predictions, sizeof(int64_t)},
            {predictions, sizeof(double)}, {predictions, sizeof(uint64_t)},
            {predictions, CURVES * sizeof(int32_t)}, {annotations, sizeof(int64_t)},
            {annotations, sizeof(double)}, {annotations, 1}};
        for (int i = 0; fine && i < ARRAYS; i++)
            fine = sized(&arrays[i], items[i][0], items[i][1]);
        if (fine && !core->chosen) {
            PyErr_SetString(PyExc_RuntimeError, "nothing was recorded");
            fine = false;
        }
        if (fine) {
            ImageRecords out = {arrays[0].buf, arrays[1].buf, arrays[2].buf, arrays[3].buf,
                                arrays[4].buf, arrays[5].buf, arrays[6].buf, arrays[7].buf};
            fill_image_records(core, &out);
        }
        for (int i = 0; i < ARRAYS; i++)
            PyBuffer_Release(&arrays[i]);
    }
    return done(self, fine);
}
