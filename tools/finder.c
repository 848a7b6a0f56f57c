#include "tools/finder.h"

#include "base/buf.h"
#include "base/err.h"
#include "tools/finder_stem.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum field { NAME, KEYWORDS, EXAMPLES, DESCRIPTION, ARGUMENTS, FIELDS };
static const double field_weight[FIELDS] = { 3, 2.5, 1.5, 1, 0.4 };

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
static struct {
    struct term *terms; /* sorted by text */
    size_t term_count;
    struct posting *postings;
    bool *searches; /* of every tool: takes any words in an argument `query` */
} finder;

/* ---- making ---- */

static void add_text(struct words *w, size_t tool, enum field field, const char *text)
{
    char term[FINDER_TERM];
    while (w->error == 0 && finder_stem_next(&text, term)) {
        if (w->count == w->room) {
            size_t room = w->room > 0 ? w->room * 2 : 4096;
            struct word *list = realloc(w->list, room * sizeof *list);
            if (list == NULL) {
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
static void add_description(struct words *w, size_t tool, const char *text)
{
    struct buf plain = { 0 };
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (memchr(text, '_', len) == NULL)
            buf_put(&plain, text, len);
        buf_putc(&plain, ' ');
        text += len + (text[len] != '\0');
    }
    if (buf_error(&plain) != 0)
        w->error = ERR_NOMEM;
    else
        add_text(w, tool, DESCRIPTION, buf_text(&plain));
    buf_free(&plain);
}

/* The names of arguments and the words that they may be. */
static void add_schema(struct words *w, size_t tool, const jdoc *schema)
{
    struct jdoc_iter it = { 0 };
    const char *key;
    jdoc *value;
    const jdoc *members = jdoc_get(schema, "enum");
    for (size_t i = 0; i < jdoc_length(members); i++)
        if (jdoc_string(jdoc_at(members, i), NULL) != NULL)
            add_text(w, tool, ARGUMENTS, jdoc_string(jdoc_at(members, i), NULL));
    if (jdoc_get(schema, "items") != NULL)
        add_schema(w, tool, jdoc_get(schema, "items"));
    while (jdoc_next(jdoc_get(schema, "properties"), &it, &key, &value)) {
        add_text(w, tool, ARGUMENTS, key);
        add_schema(w, tool, value);
    }
}

static void add_tool(struct words *w, size_t tool)
{
    const struct tools_spec *spec = tools_at(tool);
    jdoc *schema = NULL;
    add_text(w, tool, NAME, spec->name);
    add_text(w, tool, KEYWORDS, spec->keywords);
    for (const char *const *say = spec->examples; *say != NULL; say++)
        add_text(w, tool, EXAMPLES, *say);
    add_description(w, tool, spec->description);
    int result = jdoc_parse(spec->arguments_schema, strlen(spec->arguments_schema), &schema, NULL,
        0);
    finder.searches[tool] = !spec->core
        && jdoc_get(jdoc_get(schema, "properties"), "query") != NULL;
    if (result == 0)
        add_schema(w, tool, schema);
    else
        w->error = result;
    jdoc_free(schema);
}

static int compare_words(const void *x, const void *y)
{
    const struct word *a = x, *b = y;
    int order = strcmp(a->term, b->term);
    return order != 0 ? order : (int)a->tool - (int)b->tool;
}

/* What one word adds in its field: less in a field longer than that of most tools. */
static void weigh_fields(const struct words *w, float *part)
{
    size_t tools = tools_count(), total[FIELDS] = { 0 };
    for (size_t i = 0; i < w->count; i++) {
        part[w->list[i].tool * FIELDS + w->list[i].field]++;
        total[w->list[i].field]++;
    }
    for (size_t i = 0; i < tools * FIELDS; i++) {
        double mean = (double)total[i % FIELDS] / (double)tools;
        double length = mean > 0 ? part[i] / mean : 1;
        part[i] = (float)(field_weight[i % FIELDS] / (1 - LENGTH_PART + LENGTH_PART * length));
    }
}

/* The sorted words become terms and postings; both have room for every word. */
static void fill_index(const struct words *w, const float *part)
{
    struct term *term = NULL;
    struct posting *posting = NULL;
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++) {
        const struct word *word = &w->list[i];
        bool same = i > 0 && strcmp(word->term, w->list[i - 1].term) == 0;
        if (!same) {
            term = &finder.terms[finder.term_count++];
            memcpy(term->text, word->term, sizeof term->text);
            term->first = (uint32_t)count;
            term->count = 0;
        }
        if (!same || posting->tool != word->tool) {
            posting = &finder.postings[count++];
            *posting = (struct posting){ word->tool, 0 };
            term->count++;
        }
        posting->weight += part[word->tool * FIELDS + word->field];
    }
    for (size_t i = 0; i < finder.term_count; i++) {
        double n = finder.terms[i].count, all = (double)tools_count();
        finder.terms[i].rarity = (float)log(1 + (all - n + 0.5) / (n + 0.5));
    }
}

static void drop_index(void)
{
    free(finder.terms);
    free(finder.postings);
    free(finder.searches);
    memset(&finder, 0, sizeof finder);
}

static int make_index(struct words *w, float *part)
{
    finder.searches = calloc(tools_count() + 1, sizeof *finder.searches);
    if (finder.searches == NULL || part == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < tools_count() && w->error == 0; i++)
        add_tool(w, i);
    if (w->error != 0)
        return w->error;
    finder.terms = calloc(w->count + 1, sizeof *finder.terms);
    finder.postings = calloc(w->count + 1, sizeof *finder.postings);
    if (finder.terms == NULL || finder.postings == NULL || w->list == NULL)
        return ERR_NOMEM;
    qsort(w->list, w->count, sizeof *w->list, compare_words);
    weigh_fields(w, part);
    fill_index(w, part);
    struct term *terms = realloc(finder.terms, (finder.term_count + 1) * sizeof *terms);
    finder.terms = terms != NULL ? terms : finder.terms; /* only gives back what was too much */
    return 0;
}

int finder_prepare(void)
{
    struct words w = { 0 };
    if (finder.terms != NULL)
        return 0;
    float *part = calloc(tools_count() * FIELDS, sizeof *part);
    int result = make_index(&w, part);
    if (result != 0)
        drop_index();
    free(part);
    free(w.list);
    return result;
}

/* ---- asking ---- */

static void add_scores(const struct term *term, double part, double *scores)
{
    for (uint32_t i = 0; i < term->count; i++) {
        const struct posting *p = &finder.postings[term->first + i];
        scores[p->tool] += part * term->rarity * p->weight / (SATURATION + p->weight);
    }
}

static int compare_term(const void *text, const void *term)
{
    return strcmp(text, ((const struct term *)term)->text);
}

static void score_term(const char *text, double *scores)
{
    const struct term *found = bsearch(text, finder.terms, finder.term_count, sizeof *finder.terms,
        compare_term);
    if (found != NULL) {
        add_scores(found, 1, scores);
        return;
    }
    bool known = false;
    for (size_t i = 0; i < finder.term_count; i++)
        if (finder_stem_near(text, finder.terms[i].text)) {
            add_scores(&finder.terms[i], NEAR_PART, scores);
            known = true;
        }
    /* A name or a subject, perhaps: what can be asked for anything may help. */
    for (size_t i = 0; i < tools_count() && !known; i++)
        scores[i] += finder.searches[i] ? UNKNOWN_PART : 0;
}

#define QUERY_TERMS 64 /* of one query; a longer text has said enough by then */

static void score_query(const char *query, double *scores)
{
    char terms[QUERY_TERMS][FINDER_TERM];
    size_t count = 0;
    while (count < QUERY_TERMS && finder_stem_next(&query, terms[count])) {
        size_t i = 0;
        while (strcmp(terms[i], terms[count]) != 0)
            i++;
        if (i == count)
            score_term(terms[count++], scores);
    }
}

#define NAMED 1000.0 /* above all that words can score */

static bool is_name_part(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Who says a tool's very name means it. */
static void score_names(const char *query, double *scores)
{
    for (size_t i = 0; i < tools_count(); i++) {
        const char *name = tools_at(i)->name, *p = query;
        size_t len = strlen(name);
        for (; scores[i] < NAMED && (p = strstr(p, name)) != NULL; p++)
            if ((p == query || !is_name_part(p[-1])) && !is_name_part(p[len]))
                scores[i] += NAMED;
    }
}

int finder_search(const char *query, size_t limit, const struct tools_spec **out, size_t *count)
{
    double best = 0;
    double *scores;
    int result = finder_prepare();
    *count = 0;
    if (result != 0)
        return result;
    if ((scores = calloc(tools_count(), sizeof *scores)) == NULL)
        return ERR_NOMEM;
    score_query(query, scores);
    score_names(query, scores);
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
