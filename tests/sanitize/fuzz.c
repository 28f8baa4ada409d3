/* Feeds damaged files to the native core. It can be built (see fuzz.sh) with clang as a libFuzzer
 * target, or with any compiler as a program that damages its seeds at random itself.
 *
 * An input is the annotation file, a zero byte and the results file, or a PNG. The core must not
 * crash, hang or trigger a sanitizer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../benchmark/native/base/core.h"
#include "../../benchmark/native/base/settings.h"
#include "../../benchmark/native/match/skip_rule.h"
#include "../../benchmark/native/pixels/bytes.h"
#include "../../benchmark/native/pixels/pair_counts.h"
#include "../../benchmark/native/read/reading.h"
#include "../../benchmark/native/sum/error_gains.h"
#include "../../benchmark/native/sum/evaluation.h"
#include "../../benchmark/native/sum/image_records.h"
#include "../../benchmark/native/sum/judgements.h"
#include "../../benchmark/native/sum/resampling.h"
#include "../../benchmark/native/sum/summary.h"

static uint64_t evaluated;

static void use(Evaluation *evaluation)
{
    double stats[STATS], by_rule[MOST_RULES], others[MOST_RULES];
    for (int rule = 0; rule < RULES; rule++) {
        if (summarize(evaluation, (Rule)rule, stats, rule ? others : by_rule) != FINE)
            return;
        if (by_rule[rule] != stats[0] || stats[0] > 1.01)
            abort();
    }
    size_t images = evaluation->images.count, categories = evaluation->categories.count;
    if (images && images < 50 && categories < 50) {
        int32_t *weights = calloc(images, sizeof *weights);
        double *found = calloc(categories + 1, sizeof *found);
        weights[0] = 2;
        const uint32_t all = ONE_RANGE;
        (void)resample_precision(evaluation, RULE_NONE, &all, 1, RANGES - 1, 1, weights, found);
        free(weights);
        free(found);
    }
    evaluated++;
}

/* The ways of evaluating: each input is read in all of them. */
enum { BOXES, MASKS, BOUNDARIES, SIZES, PARAMETERS, AREAS, ERRORS, BOX_ERRORS, WAYS };

/* Other parameters than pycocotools' defaults, one category of all, and choices recorded. */
static void set_parameters(Evaluation *evaluation)
{
    static const double THRESHOLD[] = {0, 0.3, 1}, RECALL[] = {0, 0.5, 0.5, 2};
    Settings *settings = &evaluation->settings;
    set_thresholds(settings, THRESHOLD, 3);
    if (set_recalls(evaluation, RECALL, 4) != FINE)
        return;
    settings->limits[0] = 1;
    settings->limits[1] = settings->limits[2] = settings->most = 3;
    evaluation->selection.merged = evaluation->categories.count > 0;
    evaluation->selection.images = arena_items(&evaluation->arena, evaluation->images.count, 1);
    for (size_t i = 0; evaluation->selection.images && i < evaluation->images.count; i++)
        evaluation->selection.images[i] = i % 3 != 2;
    evaluation->records = true;
    evaluation->recorded = (Rule)(evaluation->prediction_count % (size_t)RULES);
}

static void use_records(const Evaluation *evaluation)
{
    size_t predictions, annotations, cells = evaluation->cell_count;
    count_records(evaluation, &predictions, &annotations);
    ImageRecords out = {
        malloc((cells * CELL_NUMBERS + 1) * sizeof(int64_t)), malloc((predictions + 1) * 8),
        malloc((predictions + 1) * 8), malloc((predictions + 1) * 8),
        malloc((predictions * CURVES + 1) * sizeof(int32_t)), malloc((annotations + 1) * 8),
        malloc((annotations + 1) * 8), malloc(annotations + 1)};
    fill_image_records(evaluation, &out);
    for (size_t i = 0; i < predictions * CURVES; i++)
        if (out.chosen[i] < -1 || out.chosen[i] >= (int32_t)annotations)
            abort();
    free(out.cells);
    free(out.prediction);
    free(out.score);
    free(out.ignored);
    free(out.chosen);
    free(out.annotation);
    free(out.area);
    free(out.kind);
}

/* Makes the checksums of chunks right, or damage would not get past them. */
static void mend_checksums(uint8_t *png, size_t size)
{
    CrcTables tables;
    fill_crc_tables(&tables);
    for (size_t at = 8; size - at >= 12 && at < size;) {
        size_t length = big_endian(png + at);
        if (length > size - at - 12)
            return;
        uint32_t crc = crc_of(&tables, png + at + 4, length + 4);
        for (size_t i = 0; i < 4; i++)
            png[at + 8 + length + i] = (uint8_t)(crc >> (24 - 8 * i));
        at += 12 + length;
    }
}

/* Counts the pixels of a PNG against itself. */
static void use_png(const uint8_t *data, size_t size, PixelKind kind, bool mended)
{
    enum { MOST = 1 << 22 }; /* larger images only take time */
    uint8_t *copy = malloc(size);
    memcpy(copy, data, size);
    if (mended)
        mend_checksums(copy, size);
    PngMemory memory;
    memset(&memory, 0, sizeof memory);
    Raster raster;
    if (size >= 24 && (uint64_t)big_endian(copy + 16) * big_endian(copy + 20) <= MOST &&
        read_png((Text){copy, size}, kind, &memory, &raster) == FINE) {
        PairCounts counts;
        memset(&counts, 0, sizeof counts);
        int64_t pixels = 0;
        if (!count_pairs(&raster, &raster, &counts) || !sort_pairs(&counts))
            abort();
        for (size_t i = 0; i < counts.used; i++)
            pixels += counts.sorted[i].count;
        if (pixels != (int64_t)raster.width * raster.height)
            abort();
        free_pairs(&counts);
        evaluated++;
    }
    free_png_memory(&memory);
    free(copy);
}

/* Two views, of relative sizes and of areas. */
static void add_views(Evaluation *evaluation)
{
    evaluation->views = arena_items(&evaluation->arena, 2, sizeof *evaluation->views);
    if (!evaluation->views)
        return;
    evaluation->view_count = 2;
    for (int v = 0; v < 2; v++) {
        Settings *settings = &evaluation->views[v].settings;
        settings->relative = v == 0;
        for (int a = 0; a < RANGES; a++) {
            settings->ranges[a][0] = 0.25 * a;
            settings->ranges[a][1] = v == 0 ? 0.25 * (a + 1) : 1e5;
        }
    }
}

static void judge_errors(Evaluation *evaluation)
{
    evaluation->judges = evaluation->settings.matches_zero = true;
    evaluation->recorded = (Rule)(evaluation->prediction_count % (size_t)RULES);
    evaluation->confused_score = 0.3;
    evaluation->settings.dilation = evaluation->annotation_count % 2 ? 0.02 : 0;
}

static void use_judgements(const Evaluation *evaluation)
{
    size_t judged = count_judged(evaluation), side = evaluation->categories.count + 1;
    int64_t *numbers = malloc((6 * judged + 1) * sizeof *numbers), *column = numbers;
    double *values = malloc((2 * judged + 1) * sizeof *values);
    uint8_t *fate = malloc(evaluation->annotation_count + 1);
    Judgements out = {column, column + judged, column + 2 * judged, values, column + 3 * judged,
                      column + 4 * judged, column + 5 * judged, values + judged, fate};
    fill_judgements(evaluation, &out);
    for (size_t i = 0; i < judged; i++)
        if (out.about[i] >= (int64_t)evaluation->annotation_count || out.iou[i] > 1.01 ||
            (out.kind[i] == RIGHT) != (out.about[i] >= 0 && out.iou[i] == 0))
            abort();
    free(numbers);
    free(values);
    free(fate);
    uint64_t counts[KINDS];
    double precisions[COUNTINGS];
    count_errors(evaluation, counts);
    if (error_precisions(evaluation, precisions) == FINE)
        for (int i = 0; i < COUNTINGS; i++)
            if (precisions[i] > 1.01)
                abort();
    if (side < 200) {
        int64_t *matrix = malloc(side * side * sizeof *matrix);
        (void)count_confusions(evaluation, matrix);
        free(matrix);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 0x89) {
        use_png(data, size, SEGMENT_IDS, false);
        use_png(data, size, SEGMENT_IDS, true);
        use_png(data, size, LABELS, true);
        return 0;
    }
    const uint8_t *zero = memchr(data, 0, size);
    if (!zero)
        return 0;
    size_t gt_length = (size_t)(zero - data), length = size - gt_length - 1;
    /* Copies of the exact size, so that AddressSanitizer detects reads beyond the end. */
    uint8_t *ground_truth = malloc(gt_length + 1), *results = malloc(length ? length : 1);
    ground_truth = realloc(ground_truth, gt_length ? gt_length : 1);
    memcpy(ground_truth, data, gt_length);
    memcpy(results, zero + 1, length);
    for (int way = 0; way < WAYS; way++) {
        Evaluation evaluation;
        memset(&evaluation, 0, sizeof evaluation);
        evaluation.masks = way != BOXES && way != BOX_ERRORS;
        evaluation.given_areas = way == AREAS;
        evaluation.threads = 2;
        evaluation.results = (Text){results, length};
        Status status = read_files(&evaluation, ground_truth, gt_length);
        bool of_gt = true;
        size_t index = 0;
        MaskText mask;
        while (status == FINE && next_polygons(&evaluation, &of_gt, &index, &mask))
            status = give_mask(&evaluation, of_gt, index, (const uint8_t *)"PPYO", 4);
        evaluation.settings.dilation = way == BOUNDARIES ? 0.02 : 0;
        if (status == FINE && way == SIZES)
            add_views(&evaluation);
        if (status == FINE && way == PARAMETERS)
            set_parameters(&evaluation);
        if (status == FINE && (way == ERRORS || way == BOX_ERRORS))
            judge_errors(&evaluation);
        if (status == FINE)
            status = finish_matching(&evaluation);
        for (int v = 0; status == FINE && v < evaluation.view_count; v++)
            use(&evaluation.views[v]);
        if (status == FINE && evaluation.judges)
            use_judgements(&evaluation);
        if (status == FINE && way == PARAMETERS)
            use_records(&evaluation);
        if (status == FINE)
            use(&evaluation);
        free_evaluation(&evaluation);
    }
    free(ground_truth);
    free(results);
    return 0;
}

#ifndef LIBFUZZER
static uint64_t state;

static uint32_t below(uint32_t limit)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 33) % limit);
}

static const char *const TOKENS[] = {
    "\"", "{", "}", "[", "]", ",", ":", "0", "-", "1e9", "null", "true", "1.0", "\\\\", "\\", "oooo",
    "PPPPPPP1", "99999999", "2147483648", "\"bbox\": [0,0,1,1],", "\"size\": [1,1],", "\"iscrowd\": 1,",
    "\"skipped\": true,", "\"segmentation\": [],", "0.5", "\xff", "\"counts\": [0, 1],", "`", "4"};

static size_t damage(uint8_t *data, size_t size, size_t room)
{
    for (uint32_t times = 1 + below(4); times > 0 && size > 2; times--) {
        size_t at = below((uint32_t)size);
        const char *token = TOKENS[below(sizeof TOKENS / sizeof *TOKENS)];
        size_t length = strlen(token), cut = 1 + below(12);
        switch (below(5)) {
        case 0:
            data[at] = (uint8_t)below(256);
            break;
        case 1:
            data[at] ^= (uint8_t)(1u << below(8));
            break;
        case 2:
            if (cut > size - at)
                cut = size - at;
            memmove(data + at, data + at + cut, size - at - cut);
            size -= cut;
            break;
        case 3:
            if (size + length < room) {
                memmove(data + at + length, data + at, size - at);
                memcpy(data + at, token, length);
                size += length;
            }
            break;
        default:
            for (size_t i = 0; i < 8 && at + i < size; i++)
                if (data[at + i] >= '0' && data[at + i] <= '9')
                    data[at + i] = (uint8_t)('0' + below(10));
        }
    }
    return size;
}

int main(int count, char **names)
{
    enum { ROOM = 1 << 20 };
    if (count < 4) {
        fprintf(stderr, "usage: fuzz SECONDS SEED INPUT...\n");
        return 2;
    }
    static uint8_t original[ROOM], data[ROOM];
    clock_t end = clock() + (clock_t)atoi(names[1]) * CLOCKS_PER_SEC;
    state = (uint64_t)atoi(names[2]);
    uint64_t runs = 0;
    while (clock() < end) {
        FILE *file = fopen(names[3 + below((uint32_t)count - 3)], "rb");
        if (!file)
            return 2;
        size_t size = fread(original, 1, ROOM - 4096, file);
        fclose(file);
        for (int i = 0; i < 200; i++, runs++) {
            memcpy(data, original, size);
            LLVMFuzzerTestOneInput(data, damage(data, size, ROOM));
        }
    }
    printf("%llu inputs, %llu evaluations went through to the numbers\n",
           (unsigned long long)runs, (unsigned long long)evaluated);
    return 0;
}
#endif
