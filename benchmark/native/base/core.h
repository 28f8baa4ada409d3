/* What the parts of the native core share: the evaluation, its pieces, and how failure is told.
 *
 * The core never reports a fault of the input itself. Whatever it does not take for plain and
 * sound is UNUSUAL; the caller then evaluates in Python, which finds the words or the number. */
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
    MOST_DETECTIONS = 100, /* pycocotools' maxDets[-1], per image and category */
    STATS = 12,
    MOST_THREADS = 64,
    PAGES_DROPPED = 48 << 20 /* bytes of a mapped file read before they are let go */
};

typedef enum { FINE, UNUSUAL, NO_MEMORY } Status;

/* What becomes of predictions on skipped instances; benchmark.reading.choices.SkipRule describes
 * the rules, and RULE_NAMES (match/skip_rule.h) gives their names. RULE_NONE is the last. */
typedef enum { RULE_BOX, RULE_BOX50, RULE_IOA, RULE_NONE, RULES } Rule;

/* One bit for each area range a and threshold t: bit a * THRESHOLDS + t. */
typedef uint64_t Bits;
#define ALL_BITS ((((Bits)1) << CURVES) - 1)
#define ONE_RANGE ((((Bits)1) << THRESHOLDS) - 1)

typedef enum {
    MASK_NONE,     /* there is none */
    MASK_EMPTY,    /* `[]`: no pixel */
    MASK_TEXT,     /* compressed run lengths: the raw inside of a JSON string */
    MASK_COUNTS,   /* plain run lengths: a JSON list of whole numbers */
    MASK_POLYGONS, /* a JSON list that Python is to rasterise; becomes MASK_GIVEN */
    MASK_GIVEN,    /* compressed run lengths from Python: no JSON, a string that we own */
    MASK_REGION    /* a truth without a mask: its box */
} MaskKind;

/* Where a mask is described; `text` points into one of the two files, or is owned (GIVEN). */
typedef struct {
    const uint8_t *text;
    uint32_t length;
    int32_t height, width; /* as described; only of TEXT and COUNTS */
    uint8_t kind;
    bool escapes; /* of TEXT: backslashes are doubled in it */
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
} Truth;

/* A file's text; `mapped` where it is a read-only file mapping from its first byte on. */
typedef struct {
    const uint8_t *text;
    size_t length;
    bool mapped;
} MappedText;

/* Sorted ids; a place among them is a rank. `table` is an open hash of ranks, -1 where free. */
typedef struct {
    int64_t *sorted;
    int32_t *table;
    size_t count, table_size;
} Ids;

/* The predictions and truths of one image and category, as spans of two orders. The predictions'
 * span is in pycocotools' score order; the first `kept` of them take part. */
typedef struct {
    int32_t image, category;
    uint32_t first, count, kept;
    uint32_t place; /* of its first outcome: cells by category and then image, kept ones only */
    uint32_t truth_first, truth_count;
} Cell;

/* What becomes of a prediction: tp = matched & ~ignored, fp = ~matched & ~ignored. */
typedef struct {
    Bits matched, ignored;
} Outcome;

/* A run's place in the sorted ranking of a category. */
typedef struct {
    double score;
    uint32_t place; /* of its outcome */
    uint32_t rank;  /* within its cell */
} Ranked;

typedef struct {
    bool masks;          /* masks are compared, else boxes */
    bool needs_masks;    /* predictions' masks are read: for comparison or for their boxes */
    bool areas_of_boxes; /* pycocotools takes a prediction's area from its box */
    bool any_skipped;    /* and masks are compared: the four rules differ */
    int threads;
    MappedText results;
    Arena arena; /* holds all arrays below but those of the ids */

    Ids images, categories;
    int32_t *heights, *widths; /* by image rank */

    Truth *truths;
    size_t truth_count, crowds, skipped;
    size_t unanswered;    /* of the skipped: no rater has answered yet */
    size_t marked_crowds; /* said to be skipped: a release made for stock tools */
    Prediction *predictions;
    size_t prediction_count;
    double (*boxes)[4]; /* NULL where none is used */

    uint32_t *order, *truth_order; /* by image, category; then score or the file's order */
    Cell *cells;
    size_t cell_count;
    uint32_t *by_category;    /* cells, by category and then image */
    uint32_t *category_start; /* into by_category, categories + 1 */
    uint32_t (*positives)[RANGES]; /* by category */

    Ranked *ranking;       /* predictions that take part, by category and then score */
    uint32_t *ranking_start; /* into ranking, categories + 1 */

    Outcome *outcomes[RULES]; /* by place; one array may serve several rules */
    uint8_t *outside;         /* as `order`: bit a where the area is outside range a */
    uint64_t absorbed[RULES][THRESHOLDS];
    uint64_t moved;           /* predictions whose size class the box changes */
    int64_t lost_image, lost_category; /* of a found truth with id 0 */
    bool lost;
} Evaluation;

static inline int smaller(int a, int b) { return a < b ? a : b; }

#endif
