/* What all rooms of the native core share: the evaluation, its parts and the status codes.
 *
 * Rooms, each including only the ones before it:
 *   base/    this file, the settings, memory (arena, memory), threads (workers) and whole files
 *   read/    from JSON text to records: scanners, ids, annotation and results files
 *   match/   from records to matches: run lengths, drawn polygons, overlaps, matching, skip rules
 *   sum/     from matches to numbers: curves, summary, resamples; whole evaluations
 *   pixels/  PNGs of ids or labels, and how often pairs of values meet in two of them
 *   python/  the Python module `benchmark._native`
 *
 * The core never reports what is wrong with its input. It returns UNUSUAL for any input that it
 * does not handle, valid or not; the caller then evaluates in Python, which gives the numbers or
 * the error. */
#ifndef O365SEG_CORE_H
#define O365SEG_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

enum {
    THRESHOLDS = 10,
    RANGES = 4,
    CURVES = THRESHOLDS * RANGES,
    RECALLS = 101,
    LIMITS = 3,
    MOST_DETECTIONS = 100, /* pycocotools' default maxDets[-1], per image and category */
    STATS = 12,
    MOST_THREADS = 64,
    MOST_VIEWS = 16
};

typedef enum { FINE, UNUSUAL, NO_MEMORY } Status;

/* A rule for predictions on skipped instances: its position in SKIP_RULES (match/skip_rule.c). */
typedef int Rule;
enum { RULE_NONE, MOST_RULES = 8 };

/* One bit for each area range a and threshold t: bit a * THRESHOLDS + t. */
typedef uint64_t Bits;
#define ALL_BITS ((((Bits)1) << CURVES) - 1)
#define ONE_RANGE ((((Bits)1) << THRESHOLDS) - 1)

typedef enum {
    MASK_NONE,     /* no mask */
    MASK_EMPTY,    /* `[]`: no pixels */
    MASK_TEXT,     /* compressed run lengths: the raw contents of a JSON string */
    MASK_COUNTS,   /* plain run lengths: a JSON list of integers */
    MASK_POLYGONS, /* a JSON list of polygons */
    MASK_ODD_POLYGONS, /* the same, left to Python; becomes MASK_GIVEN */
    MASK_GIVEN,    /* compressed run lengths, owned by the evaluation; not JSON */
    MASK_REGION    /* an annotation without a mask: its box */
} MaskKind;

/* The source text of a mask. `text` points into one of the two files or is owned (MASK_GIVEN). */
typedef struct {
    const uint8_t *text;
    uint32_t length;
    int32_t height, width; /* as given; TEXT and COUNTS only */
    uint8_t kind;
    bool escapes; /* TEXT only: contains escaped backslashes */
} MaskText;

typedef struct {
    MaskText mask;
    double score;
    int32_t image, category; /* ranks among the sorted ids */
} Prediction;

typedef struct {
    MaskText mask;
    int64_t id, image_id, category_id;
    double area;
    double box[4];
    int32_t image, category;
    bool has_area, has_box, crowd, skipped;
} Annotation;

/* A file's text. */
typedef struct {
    const uint8_t *text;
    size_t length;
} Text;

/* Sorted ids; the index of an id is its rank. `table` is an open-addressing hash table of ranks, -1
 * where free. */
typedef struct {
    int64_t *sorted;
    int32_t *table;
    size_t count, table_size;
} Ids;

/* The predictions and annotations of one image and category, as ranges of `order` and `gt_order`.
 * Predictions are in pycocotools' score order; the first `kept` of them are evaluated. */
typedef struct {
    int32_t image, category;
    uint32_t first, count, kept;
    uint32_t position; /* of its first outcome; outcomes are by category, then image */
    uint32_t gt_first, gt_count;
} Cell;

/* The outcome of a prediction: tp = matched & ~ignored, fp = ~matched & ~ignored. */
typedef struct {
    Bits matched, ignored;
} Outcome;

/* The kind of a prediction's error, after TIDE (match/judging.c); RIGHT: a true positive. */
typedef enum {
    RIGHT, CLASSIFICATION, LOCALISATION, BOTH, DUPLICATE, BACKGROUND, MISSED, KINDS
} ErrorKind;

/* How one prediction was judged. Annotations by index, -1 for none. */
typedef struct {
    double iou;       /* with `target`, or else the highest with any object */
    int32_t taken;    /* the object of its category that it matches */
    int32_t target;   /* the annotation that its error is about */
    int32_t fixed;    /* rank of the category in which it is right once fixed, or -1 */
    int32_t confused; /* the object it matches in any category; NOT_CONFUSED: it takes no part */
    uint8_t kind;
    bool ignored;
} Judgement;
enum { NOT_CONFUSED = -2 };

/* What became of an annotation. */
typedef enum { NO_OBJECT, FOUND, POINTED_AT, UNFOUND } Fate;

/* pycocotools' Params. Fewer thresholds, ranges or limits than there is room for repeat one. */
typedef struct {
    double thresholds[THRESHOLDS]; /* at most 1 - 1e-10 */
    double least;                  /* the lowest threshold: overlaps below it are not recorded */
    double ranges[RANGES][2];      /* of areas */
    uint32_t limits[LIMITS];       /* ascending */
    uint32_t most;                 /* predictions evaluated per image and category */
    bool relative;                 /* areas are √(area / image area), of masks whatever `bbox` */
    double dilation;               /* width of boundaries, of the diagonal; 0: not compared */
    bool matches_zero;             /* annotations of id 0 can be found (by pycocotools they cannot) */
    double *recalls;               /* ascending */
    size_t recall_count;
} Settings;

/* What takes part, by rank; NULL: all. */
typedef struct {
    uint8_t *images, *categories;
    bool merged; /* categories are not told apart (pycocotools' useCats = 0) */
} Selection;

/* An item of the sorted ranking of a category. */
typedef struct {
    double score;
    uint32_t position; /* index of its outcome */
    uint32_t rank;  /* within its cell */
} Ranked;

typedef struct Evaluation {
    bool masks;          /* masks are compared, otherwise boxes */
    bool needs_masks;    /* predictions' masks are needed: for comparison or for their boxes */
    bool areas_of_boxes; /* pycocotools takes a prediction's area from its box */
    bool any_skipped;    /* and masks are compared: the rules give different results */
    bool given_areas;    /* the areas of predictions are in the file */
    int threads;
    Text results;
    Arena arena; /* owns all arrays below except those of the ids */

    Settings settings;
    Selection selection;
    Ids images, categories;
    int32_t *heights, *widths; /* by image rank */

    Annotation *annotations; /* the ground truth */
    size_t annotation_count, crowds, skipped;
    size_t unanswered;    /* of the skipped: not yet answered by a rater */
    size_t marked_crowds; /* crowds marked as skipped: a release made for pycocotools */
    bool federated;       /* LVIS: images list the categories that were looked for */
    size_t ignore_flags;  /* `ignore` without `iscrowd` or `skipped`: without effect */
    Prediction *predictions;
    size_t prediction_count;
    double (*boxes)[4]; /* NULL if none is used */
    double *areas;      /* of predictions; NULL unless `given_areas` */

    /* What takes part, by image, then category, then score or file order. */
    uint32_t *order, *gt_order;
    size_t ordered, gt_ordered;
    Cell *cells;
    size_t cell_count;
    uint32_t *by_category;    /* indices of cells, by category, then image */
    uint32_t *category_start; /* index into by_category, categories + 1 */
    uint32_t (*positives)[RANGES]; /* by category */

    Ranked *ranking;       /* evaluated predictions, by category, then score */
    uint32_t *ranking_start; /* index into ranking, categories + 1 */

    Outcome *outcomes[MOST_RULES]; /* by position; several rules may share one array */
    Rule recorded;            /* the rule that `chosen` is of */
    bool records;             /* whether to fill `chosen` */
    int32_t (*chosen)[CURVES]; /* by position: the matched annotation's index in its cell, or -1 */
    bool judges;              /* whether to judge errors, under the rule `recorded` */
    double confused_score;    /* the least score of a prediction that takes part in `confused` */
    Judgement *judgements;    /* by position */
    uint8_t *fates;           /* by annotation: Fate */
    uint8_t *outside;         /* parallel to `order`: bit a is set if the area is outside range a */
    struct Evaluation *views; /* the same predictions matched in other area ranges */
    int view_count;
    bool is_view;             /* shares all but settings, outcomes, `outside` and positives */
    uint64_t absorbed[MOST_RULES][THRESHOLDS];
    uint64_t moved;           /* predictions whose area range differs between box and mask */
    uint64_t no_pixels, gt_no_pixels; /* compared masks without a pixel */
    int64_t lost_image, lost_category; /* of a matched annotation with id 0 */
    bool lost;
} Evaluation;

static inline int smaller(int a, int b) { return a < b ? a : b; }

#endif
