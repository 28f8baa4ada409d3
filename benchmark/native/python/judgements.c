#include "judgements.h"

#include <math.h>

#include "../base/settings.h"
#include "../match/skip_rule.h"
#include "../sum/error_gains.h"
#include "../sum/judgements.h"
#include "arrays.h"

PyObject *judgements_judge(Object *self, PyObject *args)
{
    const double half = 0.5;
    const char *name;
    double score;
    Rule rule;
    if (!PyArg_ParseTuple(args, "sd", &name, &score))
        return NULL;
    if (!find_rule(name, &rule))
        return PyErr_Format(PyExc_ValueError, "unknown skip rule '%s'", name);
    Evaluation *core = claim(self, READ);
    if (!core)
        return NULL;
    core->judges = true;
    core->recorded = rule;
    core->confused_score = score;
    core->settings.matches_zero = true;
    set_thresholds(&core->settings, &half, 1);
    for (int a = 0; a < RANGES; a++) {
        core->settings.ranges[a][0] = -INFINITY;
        core->settings.ranges[a][1] = INFINITY;
    }
    return done(self, true);
}

/* Claims the core if it has judged. */
static Evaluation *claim_judged(Object *self)
{
    Evaluation *core = claim(self, MATCHED);
    if (core && !core->judges) {
        PyErr_SetString(PyExc_RuntimeError, "nothing was judged");
        self->busy = false;
        return NULL;
    }
    return core;
}

PyObject *judgements_errors(Object *self, PyObject *unused)
{
    (void)unused;
    uint64_t counts[KINDS];
    double precisions[COUNTINGS];
    Evaluation *core = claim_judged(self);
    if (!core)
        return NULL;
    Status status;
    Py_BEGIN_ALLOW_THREADS
    count_errors(core, counts);
    status = error_precisions(core, precisions);
    Py_END_ALLOW_THREADS
    self->busy = false;
    if (!raise_status(status))
        return NULL;
    PyObject *numbers = PyTuple_New(KINDS);
    for (int kind = 0; numbers && kind < KINDS; kind++) {
        PyObject *count = PyLong_FromUnsignedLongLong(counts[kind]);
        if (count)
            PyTuple_SetItem(numbers, kind, count);
        else
            Py_CLEAR(numbers);
    }
    PyObject *found = tuple_of(precisions, COUNTINGS);
    if (numbers && found)
        return Py_BuildValue("(NN)", numbers, found);
    Py_XDECREF(numbers);
    Py_XDECREF(found);
    return NULL;
}

PyObject *judgements_count(Object *self, PyObject *unused)
{
    (void)unused;
    Evaluation *core = claim_judged(self);
    if (!core)
        return NULL;
    size_t count = count_judged(core);
    self->busy = false;
    return PyLong_FromSize_t(count);
}

PyObject *judgements_fill(Object *self, PyObject *args)
{
    enum { ARRAYS = 9 };
    Py_buffer arrays[ARRAYS];
    Evaluation *core = claim_judged(self);
    if (!core)
        return NULL;
    bool fine = PyArg_ParseTuple(args, "w*w*w*w*w*w*w*w*w*", &arrays[0], &arrays[1], &arrays[2],
                                 &arrays[3], &arrays[4], &arrays[5], &arrays[6], &arrays[7],
                                 &arrays[8]);
    if (fine) {
        size_t count = count_judged(core);
        for (int i = 0; fine && i < ARRAYS - 1; i++)
            fine = sized(&arrays[i], count, sizeof(int64_t));
        fine = fine && sized(&arrays[ARRAYS - 1], core->annotation_count, 1);
        if (fine)
            fill_judgements(core, &(Judgements){
                arrays[0].buf, arrays[1].buf, arrays[2].buf, arrays[3].buf, arrays[4].buf,
                arrays[5].buf, arrays[6].buf, arrays[7].buf, arrays[8].buf});
        for (int i = 0; i < ARRAYS; i++)
            PyBuffer_Release(&arrays[i]);
    }
    return done(self, fine);
}

PyObject *judgements_confusion(Object *self, PyObject *args)
{
    Evaluation *core = claim_judged(self);
    size_t side = core ? core->categories.count + 1 : 0;
    return core ? into_counts(self, args, side * side, count_confusions) : NULL;
}
