/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/finder.h"

#include "base/buf.h"
#include "base/err.h"
#include "tools/engine/finder_stem.h"
#include "tools/remote/dynamic.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum field { NAME, KEYWORDS, EXAMPLES, DESCRIPTION, ARGUMENTS, FIELDS };
static const double field_weight[FIELDS] = {3, 2.5, 1.5, 1, 0.4};

#define LENGTH_PART 0.6  /* how far a long field's words count less (b of BM25) */
#define SATURATION 2.0   /* how soon more of the same word adds nothing (k1 of BM25) */
#define NEAR_PART 0.6    /* a word with a slip of the finger */
#define UNKNOWN_PART 0.3 /* a word that no tool has, for tools that search by any words */
#define TAIL_PART 0.2    /* of the best score: what is below fits by chance */

/* A word of a tool, while the index is made. */
struct word {
    char term[FINDER_TERM];
    uint16_t tool, field;
};
struct words {
    struct word *list;
    size_t count, room;
    int error;
};

struct posting {
    uint16_t tool;
    float weight;
};
struct term {
    char text[FINDER_TERM];
    float rarity;
    uint32_t first, count; /* in postings */
};
struct index {
    struct term *terms; /* sorted by text */
    size_t term_count;
    struct posting *postings;
    bool *searches;      /* of every tool of it: takes any words in an argument `query` */
    size_t first, count; /* which tools: tools_at(first) ... */
    double mean[FIELDS]; /* words of a field */
};
static struct index fixed;  /* what stood before the fork */
static struct index remote; /* behind it: tools of servers, as of remote_generation */
static unsigned remote_generation;
static bool remote_made;

/* ---- making ---- */

static void finder_add_text(struct words *w, size_t tool, enum field field, const char *text)
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
        item->tool = (uint16_t)tool;
        item->field = (uint16_t)field;
    }
}

/* Names of other tools and of arguments stand in descriptions, and say nothing about this tool. */
static void finder_add_description(struct words *w, size_t tool, const char *text)
{
    struct buf plain = {0};
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (!memchr(text, '_', len))
            buf_put(&plain, text, len);
        buf_putc(&plain, ' ');
        text += len + (text[len] != '\0');
    }
    if (buf_error(&plain) != 0)
        w->error = ERR_NOMEM;
    else
        finder_add_text(w, tool, DESCRIPTION, buf_text(&plain));
    buf_free(&plain);
}

/* The names of arguments and the words that they may be. */
static void finder_add_schema(struct words *w, size_t tool, const jdoc *schema)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    const jdoc *members = jdoc_get(schema, "enum");
    for (size_t i = 0; i < jdoc_length(members); i++)
        if (jdoc_string(jdoc_at(members, i), NULL))
            finder_add_text(w, tool, ARGUMENTS, jdoc_string(jdoc_at(members, i), NULL));
    if (jdoc_get(schema, "items"))
        finder_add_schema(w, tool, jdoc_get(schema, "items"));
    while (jdoc_next(jdoc_get(schema, "properties"), &it, &key, &value)) {
        finder_add_text(w, tool, ARGUMENTS, key);
        finder_add_schema(w, tool, value);
    }
}

static void finder_add_tool(struct index *x, struct words *w, size_t tool)
{
    const struct tools_spec *spec = tools_at(x->first + tool);
    jdoc *schema = NULL;
    finder_add_text(w, tool, NAME, spec->name);
    finder_add_text(w, tool, KEYWORDS, spec->keywords);
    for (const char *const *say = spec->examples; *say; say++)
        finder_add_text(w, tool, EXAMPLES, *say);
    finder_add_description(w, tool, spec->description);
    int error =
        jdoc_parse(spec->arguments_schema, strlen(spec->arguments_schema), &schema, NULL, 0);
    x->searches[tool] = !spec->core && jdoc_get(jdoc_get(schema, "properties"), "query");
    if (error == 0)
        finder_add_schema(w, tool, schema);
    else
        w->error = error;
    jdoc_free(schema);
}

static int finder_compare_words(const void *x, const void *y)
{
    const struct word *a = x, *b = y;
    int order = strcmp(a->term, b->term);
    return order != 0 ? order : (int)a->tool - (int)b->tool;
}

/* What one word adds in its field: less in a field longer than that of most tools. */
static void finder_weigh_fields(struct index *x, const struct words *w, float *part)
{
    size_t total[FIELDS] = {0};
    for (size_t i = 0; i < w->count; i++) {
        part[w->list[i].tool * FIELDS + w->list[i].field]++;
        total[w->list[i].field]++;
    }
    for (size_t i = 0; i < FIELDS; i++)
        x->mean[i] = x == &fixed ? (double)total[i] / (double)x->count : fixed.mean[i];
    for (size_t i = 0; i < x->count * FIELDS; i++) {
        double mean = x->mean[i % FIELDS];
        double length = mean > 0 ? part[i] / mean : 1;
        part[i] = (float)(field_weight[i % FIELDS] / (1 - LENGTH_PART + LENGTH_PART * length));
    }
}

static const struct term *finder_find_term(const struct index *x, const char *text);

/* How much a word tells: a server's tools are few, so the large index's count stands beside. */
static void finder_weigh_terms(struct index *x)
{
    double all = (double)(x == &fixed ? x->count : x->count + fixed.count);
    for (size_t i = 0; i < x->term_count; i++) {
        double n = x->terms[i].count;
        const struct term *same = x != &fixed ? finder_find_term(&fixed, x->terms[i].text) : NULL;
        n += same ? same->count : 0;
        x->terms[i].rarity = (float)log(1 + (all - n + 0.5) / (n + 0.5));
    }
}

/* The sorted words become terms and postings; both have room for every word. */
static void finder_fill_index(struct index *x, const struct words *w, const float *part)
{
    struct term *term = NULL;
    struct posting *posting = NULL;
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++) {
        const struct word *word = &w->list[i];
        bool same = i > 0 && strcmp(word->term, w->list[i - 1].term) == 0;
        if (!same) {
            term = &x->terms[x->term_count++];
            memcpy(term->text, word->term, sizeof term->text);
            term->first = (uint32_t)count;
            term->count = 0;
        }
        if (!same || posting->tool != word->tool) {
            posting = &x->postings[count++];
            *posting = (struct posting){word->tool, 0};
            term->count++;
        }
        posting->weight += part[word->tool * FIELDS + word->field];
    }
    finder_weigh_terms(x);
}

static void finder_drop_index(struct index *x)
{
    free(x->terms);
    free(x->postings);
    free(x->searches);
    memset(x, 0, sizeof *x);
}

static int finder_fill(struct index *x, struct words *w, float *part)
{
    x->searches = calloc(x->count + 1, sizeof *x->searches);
    if (!x->searches || !part)
        return ERR_NOMEM;
    for (size_t i = 0; i < x->count && w->error == 0; i++)
        finder_add_tool(x, w, i);
    if (w->error != 0)
        return w->error;
    x->terms = calloc(w->count + 1, sizeof *x->terms);
    x->postings = calloc(w->count + 1, sizeof *x->postings);
    if (!x->terms || !x->postings || (!w->list && w->count > 0))
        return ERR_NOMEM;
    if (w->count > 0)
        qsort(w->list, w->count, sizeof *w->list, finder_compare_words);
    finder_weigh_fields(x, w, part);
    finder_fill_index(x, w, part);
    struct term *terms = realloc(x->terms, (x->term_count + 1) * sizeof *terms);
    x->terms = terms ? terms : x->terms; /* only gives back what was too much */
    return 0;
}

static int finder_make_index(struct index *x, size_t first, size_t count)
{
    struct words w = {0};
    x->first = first;
    x->count = count;
    float *part = calloc(count * FIELDS + 1, sizeof *part);
    int error = finder_fill(x, &w, part);
    if (error != 0)
        finder_drop_index(x);
    free(part);
    free(w.list);
    return error;
}

int finder_prepare(void)
{
    if (fixed.terms)
        return 0;
    return finder_make_index(&fixed, 0,
        tools_count() - (dynamic_count() - dynamic_declared_count()));
}

void finder_forget(void)
{
    finder_drop_index(&fixed);
    finder_drop_index(&remote);
    remote_made = false;
}

static int finder_prepare_remote(void)
{
    int error = finder_prepare();
    if (error != 0 || (remote_made && remote_generation == dynamic_generation()))
        return error;
    finder_drop_index(&remote);
    error = finder_make_index(&remote, fixed.count, tools_count() - fixed.count);
    remote_made = error == 0;
    remote_generation = dynamic_generation();
    return error;
}

/* ---- asking ---- */

static void finder_add_scores(const struct index *x, const struct term *term, double part,
    double *scores)
{
    for (uint32_t i = 0; i < term->count; i++) {
        const struct posting *p = &x->postings[term->first + i];
        scores[x->first + p->tool] += part * term->rarity * p->weight / (SATURATION + p->weight);
    }
}

static int finder_compare_term(const void *text, const void *term)
{
    return strcmp(text, ((const struct term *)term)->text);
}

static const struct term *finder_find_term(const struct index *x, const char *text)
{
    return x->term_count == 0 ?
        NULL :
        bsearch(text, x->terms, x->term_count, sizeof *x->terms, finder_compare_term);
}

static bool finder_score_exact(const struct index *x, const char *text, double *scores)
{
    const struct term *found = finder_find_term(x, text);
    if (found)
        finder_add_scores(x, found, 1, scores);
    return found != NULL;
}

static bool finder_score_near(const struct index *x, const char *text, double *scores)
{
    bool known = false;
    for (size_t i = 0; i < x->term_count; i++)
        if (finder_stem_near(text, x->terms[i].text)) {
            finder_add_scores(x, &x->terms[i], NEAR_PART, scores);
            known = true;
        }
    return known;
}

/* A name or a subject, perhaps: what can be asked for anything may help. */
static void finder_score_unknown(const struct index *x, double *scores)
{
    for (size_t i = 0; i < x->count; i++)
        scores[x->first + i] += x->searches[i] ? UNKNOWN_PART : 0;
}

static void finder_score_term(const char *text, double *scores)
{
    bool known = finder_score_exact(&fixed, text, scores);
    known = finder_score_exact(&remote, text, scores) || known;
    if (known)
        return;
    known = finder_score_near(&fixed, text, scores);
    known = finder_score_near(&remote, text, scores) || known;
    if (known)
        return;
    finder_score_unknown(&fixed, scores);
    finder_score_unknown(&remote, scores);
}

#define QUERY_TERMS 64 /* of one query; a longer text has said enough by then */

static void finder_score_query(const char *query, double *scores)
{
    char terms[QUERY_TERMS][FINDER_TERM];
    size_t count = 0;
    while (count < QUERY_TERMS && finder_stem_next(&query, terms[count])) {
        size_t i = 0;
        while (strcmp(terms[i], terms[count]) != 0)
            i++;
        if (i == count)
            finder_score_term(terms[count++], scores);
    }
}

#define NAMED 1000.0 /* above all that words can score */

static bool finder_is_name_part(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Who says a tool's very name means it. */
static void finder_score_names(const char *query, double *scores)
{
    for (size_t i = 0; i < tools_count(); i++) {
        const char *name = tools_at(i)->name, *p = query;
        size_t len = strlen(name);
        for (; scores[i] < NAMED && (p = strstr(p, name)); p++)
            if ((p == query || !finder_is_name_part(p[-1])) && !finder_is_name_part(p[len]))
                scores[i] += NAMED;
    }
}

int finder_search(const char *query, size_t limit, const struct tools_spec **out, size_t *count)
{
    double best = 0;
    double *scores;
    int error = finder_prepare_remote();
    *count = 0;
    if (error != 0)
        return error;
    if (!(scores = calloc(tools_count(), sizeof *scores)))
        return ERR_NOMEM;
    finder_score_query(query, scores);
    finder_score_names(query, scores);
    while (*count < limit && *count < FINDER_MAX) {
        size_t top = 0;
        for (size_t i = 1; i < tools_count(); i++)
            if (scores[i] > scores[top])
                top = i;
        best = best > 0 || scores[top] >= NAMED ? best : scores[top];
        if (scores[top] <= 0 || scores[top] < best * TAIL_PART)
            break;
        out[(*count)++] = tools_at(top);
        scores[top] = 0;
    }
    free(scores);
    return 0;
}
