/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/finder_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double field_weight[FINDER_FIELDS] = {3, 2.5, 1.5, 1, 0.4};

#define LENGTH_PART 0.6 /* how far a long field's words count less (b of BM25) */
#define SATURATION 2.0  /* how soon more of the same word adds nothing (k1 of BM25) */

/* A word of a document, while the index is made. */
struct word {
    char term[FINDER_TERM];
    uint16_t document, field;
};
struct finder_words {
    struct word *list;
    size_t count, room;
    int error;
};

void finder_index_add(struct finder_words *w, size_t document, enum finder_field field,
    const char *text)
{
    char term[FINDER_TERM];
    while (w->error == 0 && finder_stem_next(&text, term)) {
        if (w->count == w->room) {
            size_t room = w->room > 0 ? w->room * 2 : 4096;
            struct word *list = realloc(w->list, room * sizeof *list);
            if (!list) {
                w->error = ERR_NOMEM;
                return;
            }
            w->list = list;
            w->room = room;
        }
        struct word *item = &w->list[w->count++];
        memcpy(item->term, term, sizeof term);
        item->document = (uint16_t)document;
        item->field = (uint16_t)field;
    }
}

static int finder_index_compare_words(const void *x, const void *y)
{
    const struct word *a = x, *b = y;
    int order = strcmp(a->term, b->term);
    return order != 0 ? order : (int)a->document - (int)b->document;
}

/* What one word adds in its field: less in a field longer than that of most documents. */
static void finder_index_weigh_fields(struct finder_index *x, const struct finder_words *w,
    const struct finder_index *measure, float *part)
{
    size_t total[FINDER_FIELDS] = {0};
    for (size_t i = 0; i < w->count; i++) {
        part[w->list[i].document * FINDER_FIELDS + w->list[i].field]++;
        total[w->list[i].field]++;
    }
    for (size_t i = 0; i < FINDER_FIELDS; i++)
        x->mean[i] = measure ? measure->mean[i] : (double)total[i] / (double)x->count;
    for (size_t i = 0; i < x->count * FINDER_FIELDS; i++) {
        double mean = x->mean[i % FINDER_FIELDS];
        double length = mean > 0 ? part[i] / mean : 1;
        part[i] =
            (float)(field_weight[i % FINDER_FIELDS] / (1 - LENGTH_PART + LENGTH_PART * length));
    }
}

/* How much a word tells: a small index's own count stands beside the large one's. */
static void finder_index_weigh_terms(struct finder_index *x, const struct finder_index *measure)
{
    double all = (double)(x->count + (measure ? measure->count : 0));
    for (size_t i = 0; i < x->term_count; i++) {
        double n = x->terms[i].count;
        const struct finder_term *same =
            measure ? finder_index_find(measure, x->terms[i].text) : NULL;
        n += same ? same->count : 0;
        x->terms[i].rarity = (float)log(1 + (all - n + 0.5) / (n + 0.5));
    }
}

/* The sorted words become terms and postings; both have room for every word. */
static void finder_index_fill(struct finder_index *x, const struct finder_words *w,
    const float *part)
{
    struct finder_term *term = NULL;
    struct finder_posting *posting = NULL;
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++) {
        const struct word *word = &w->list[i];
        bool same = i > 0 && strcmp(word->term, w->list[i - 1].term) == 0;
        if (!same) {
            term = &x->terms[x->term_count++];
            memcpy(term->text, word->term, sizeof term->text);
            term->first = (uint32_t)count;
            term->count = 0;
            term->weak = false;
        }
        if (!same || posting->document != word->document) {
            posting = &x->postings[count++];
            *posting = (struct finder_posting){word->document, 0};
            term->count++;
        }
        posting->weight += part[word->document * FINDER_FIELDS + word->field];
    }
}

void finder_index_drop(struct finder_index *x)
{
    free(x->terms);
    free(x->postings);
    memset(x, 0, sizeof *x);
}

static int finder_index_take(struct finder_index *x, struct finder_words *w,
    const struct finder_index *measure, float *part)
{
    if (w->error != 0 || !part)
        return w->error != 0 ? w->error : ERR_NOMEM;
    x->terms = calloc(w->count + 1, sizeof *x->terms);
    x->postings = calloc(w->count + 1, sizeof *x->postings);
    if (!x->terms || !x->postings || (!w->list && w->count > 0))
        return ERR_NOMEM;
    if (w->count > 0)
        qsort(w->list, w->count, sizeof *w->list, finder_index_compare_words);
    finder_index_weigh_fields(x, w, measure, part);
    finder_index_fill(x, w, part);
    finder_index_weigh_terms(x, measure);
    struct finder_term *terms = realloc(x->terms, (x->term_count + 1) * sizeof *terms);
    if (terms) /* it only gives back what was too much */
        x->terms = terms;
    return 0;
}

int finder_index_make(struct finder_index *x, size_t first, size_t count,
    int (*add)(struct finder_words *words, size_t first, size_t document),
    const struct finder_index *measure)
{
    struct finder_words w = {0};
    x->first = first;
    x->count = count;
    float *part = calloc(count * FINDER_FIELDS + 1, sizeof *part);
    for (size_t i = 0; i < count && w.error == 0; i++) {
        int error = add(&w, first, i);
        w.error = w.error != 0 ? w.error : error;
    }
    int error = finder_index_take(x, &w, measure, part);
    if (error != 0)
        finder_index_drop(x);
    free(part);
    free(w.list);
    return error;
}

static int finder_index_compare_term(const void *text, const void *term)
{
    return strcmp(text, ((const struct finder_term *)term)->text);
}

const struct finder_term *finder_index_find(const struct finder_index *x, const char *text)
{
    return x->term_count == 0 ?
        NULL :
        bsearch(text, x->terms, x->term_count, sizeof *x->terms, finder_index_compare_term);
}

void finder_index_weaken(struct finder_index *x, const char *text)
{
    char term[FINDER_TERM];
    while (x->term_count > 0 && finder_stem_next(&text, term)) {
        struct finder_term *found =
            bsearch(term, x->terms, x->term_count, sizeof *x->terms, finder_index_compare_term);
        if (found)
            found->weak = true;
    }
}

double finder_index_score(const struct finder_term *term, const struct finder_posting *posting)
{
    return (double)term->rarity * (double)posting->weight / (SATURATION + (double)posting->weight);
}
