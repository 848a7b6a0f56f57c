/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/engine/finder.h"

#include "base/buf.h"
#include "base/err.h"
#include "tools/engine/finder_index.h"
#include "tools/engine/finder_other.h"
#include "tools/engine/kinds.h"
#include "tools/engine/speech.h"
#include "tools/remote/dynamic.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_PART 0.6     /* a word with a slip of the finger */
#define ALSO_PART 0.35    /* the further terms of one word, beside the best of them */
#define UNKNOWN_RARITY 2. /* a word that no tool has: a name, often */
#define TAIL_PART 0.2     /* of the best score: what is below fits by chance */
#define WEAK_PART 0.35    /* of what a weak word scores, when it is asked whether anything fits */
#define FIT_SCORE 1.0     /* what fits scores as much at least */
#define FIT_PART 0.09     /* of what it could score, were each word one of its own */
#define OTHER_PART 1.0    /* of the score of what no tool is for */

static struct finder_index fixed;  /* what stood before the fork */
static struct finder_index remote; /* behind it: tools of servers, as of remote_generation */
static struct finder_index other;  /* what no tool is for */
static unsigned remote_generation;
static bool remote_made;

/* ---- making ---- */

/* Names of other tools and of arguments stand in descriptions, and say nothing about this tool. */
static int finder_add_description(struct finder_words *w, size_t document, const char *text)
{
    struct buf plain = {0};
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (!memchr(text, '_', len))
            buf_put(&plain, text, len);
        buf_putc(&plain, ' ');
        text += len + (text[len] != '\0');
    }
    int error = buf_error(&plain);
    if (error == 0)
        finder_index_add(w, document, FINDER_DESCRIPTION, buf_text(&plain));
    buf_free(&plain);
    return error;
}

/* The names of arguments and the words that they may be. */
static void finder_add_schema(struct finder_words *w, size_t document, const jdoc *schema)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;
    const jdoc *members = jdoc_get(schema, "enum");
    for (size_t i = 0; i < jdoc_length(members); i++)
        if (jdoc_string(jdoc_at(members, i), NULL))
            finder_index_add(w, document, FINDER_ARGUMENTS, jdoc_string(jdoc_at(members, i), NULL));
    if (jdoc_get(schema, "items"))
        finder_add_schema(w, document, jdoc_get(schema, "items"));
    while (jdoc_next(jdoc_get(schema, "properties"), &it, &key, &value)) {
        finder_index_add(w, document, FINDER_ARGUMENTS, key);
        finder_add_schema(w, document, value);
    }
}

/*
 * A tool for records of every kind is for what people call them, too. In English: what they say in
 * other languages becomes English words first (speech.h).
 */
static void finder_add_kinds(struct finder_words *w, size_t document, const jdoc *schema)
{
    const jdoc *names = jdoc_get(jdoc_get(jdoc_get(schema, "properties"), "kind"), "enum");
    if (jdoc_length(names) != kinds_count())
        return;
    for (size_t i = 0; i < kinds_count(); i++)
        finder_index_add(w, document, FINDER_ARGUMENTS, kinds_at(i)->words[KIND_EN]);
}

static int finder_add_tool(struct finder_words *w, size_t first, size_t document)
{
    const struct tools_spec *spec = tools_at(first + document);
    jdoc *schema = NULL;
    finder_index_add(w, document, FINDER_NAME, spec->name);
    finder_index_add(w, document, FINDER_KEYWORDS, spec->keywords);
    for (const char *const *say = spec->examples; *say; say++)
        finder_index_add(w, document, FINDER_EXAMPLES, *say);
    int error = finder_add_description(w, document, spec->description);
    if (error == 0)
        error =
            jdoc_parse(spec->arguments_schema, strlen(spec->arguments_schema), &schema, NULL, 0);
    if (error == 0) {
        finder_add_schema(w, document, schema);
        finder_add_kinds(w, document, schema);
    }
    jdoc_free(schema);
    return error;
}

static int finder_add_other(struct finder_words *w, size_t first, size_t document)
{
    finder_index_add(w, document, FINDER_KEYWORDS, finder_other[first + document]);
    return 0;
}

/* The words that say little are told to an index when it is new. */
static int finder_make(struct finder_index *x, size_t count,
    int (*add)(struct finder_words *words, size_t first, size_t document),
    const struct finder_index *measure)
{
    int error = finder_index_make(x, 0, count, add, measure);
    if (error == 0)
        finder_index_weaken(x, finder_weak);
    return error;
}

int finder_prepare(void)
{
    int error = speech_prepare();
    if (error == 0 && !fixed.terms)
        error = finder_make(&fixed, tools_count() - (dynamic_count() - dynamic_declared_count()),
            finder_add_tool, NULL);
    if (error == 0 && !other.terms)
        error = finder_make(&other, finder_other_count, finder_add_other, &fixed);
    return error;
}

void finder_forget(void)
{
    finder_index_drop(&fixed);
    finder_index_drop(&remote);
    finder_index_drop(&other);
    remote_made = false;
}

static int finder_prepare_remote(void)
{
    int error = finder_prepare();
    if (error != 0 || (remote_made && remote_generation == dynamic_generation()))
        return error;
    finder_index_drop(&remote);
    error = finder_index_make(&remote, fixed.count, tools_count() - fixed.count, finder_add_tool,
        &fixed);
    remote_made = error == 0;
    remote_generation = dynamic_generation();
    return error;
}

/* ---- asking ---- */

/* A wish while it is weighed. The scores of tools stand in front of those of other subjects. */
struct finder_wish {
    double *scores, *fits; /* of all words so far; with weak words counted less */
    double *best, *sum;    /* of the present word */
    bool strong;           /* the present word is no weak one */
    size_t tools, all;
    double could; /* what a tool would score that has each word as one of its own */
};

static void finder_add_scores(struct finder_wish *wish, const struct finder_index *x,
    const struct finder_term *term, double part)
{
    size_t first = x == &other ? wish->tools : x->first;
    for (uint32_t i = 0; i < term->count; i++) {
        const struct finder_posting *p = &x->postings[term->first + i];
        double score = part * finder_index_score(term, p);
        size_t at = first + p->document;
        wish->sum[at] += score;
        wish->best[at] = score > wish->best[at] ? score : wish->best[at];
    }
}

static const struct finder_index *const indexes[] = {&fixed, &remote, &other};
#define INDEXES (sizeof indexes / sizeof *indexes)

/* Returns how much the term tells; 0: no tool and no subject has it. */
static double finder_score_term(struct finder_wish *wish, const char *text)
{
    double rarity = 0;
    for (size_t i = 0; i < INDEXES; i++) {
        const struct finder_term *term = finder_index_find(indexes[i], text);
        if (!term)
            continue;
        finder_add_scores(wish, indexes[i], term, 1);
        wish->strong |= !term->weak;
        rarity = (double)term->rarity > rarity ? (double)term->rarity : rarity;
    }
    return rarity;
}

static double finder_score_near(struct finder_wish *wish, const char *text)
{
    double rarity = 0;
    for (size_t i = 0; i < INDEXES; i++)
        for (size_t k = 0; k < indexes[i]->term_count; k++) {
            const struct finder_term *term = &indexes[i]->terms[k];
            if (!finder_stem_near(text, term->text))
                continue;
            finder_add_scores(wish, indexes[i], term, NEAR_PART);
            wish->strong |= !term->weak;
            rarity = (double)term->rarity > rarity ? (double)term->rarity : rarity;
        }
    return rarity;
}

/* The word is done: of its terms the best one counts, the others a little. */
static void finder_take_word(struct finder_wish *wish, double rarity)
{
    double part = wish->strong || rarity == 0 ? 1 : WEAK_PART;
    wish->could += part * (rarity > 0 ? rarity : UNKNOWN_RARITY);
    for (size_t i = 0; i < wish->all; i++) {
        double score = wish->best[i] + ALSO_PART * (wish->sum[i] - wish->best[i]);
        wish->scores[i] += score;
        wish->fits[i] += part * score;
        wish->best[i] = wish->sum[i] = 0;
    }
    wish->strong = false;
}

static bool finder_is_known(const char *term)
{
    return finder_index_find(&fixed, term) || finder_index_find(&other, term);
}

/* What was said in English itself, or what no list of another language has: a name, a brand. */
static double finder_score_english(struct finder_wish *wish, const struct speech_token *token)
{
    const char *text = token->plain;
    char term[FINDER_TERM];
    if (!finder_stem_next(&text, term))
        return -1;
    double rarity = finder_score_term(wish, term);
    return rarity > 0 ? rarity : finder_score_near(wish, term);
}

/* One word, or some that belong together; returns how many. */
static size_t finder_score_word(struct finder_wish *wish, enum speech_language language,
    const struct speech_token *tokens, size_t count)
{
    struct speech_meaning meaning = {.count = 0};
    size_t taken = speech_understand(language, tokens, count, &meaning);
    double rarity = 0;
    for (size_t i = 0; taken > 0 && i < meaning.count; i++) {
        double one = finder_score_term(wish, meaning.terms[i]);
        rarity = one > rarity ? one : rarity;
    }
    if (taken <= 1 && (taken == 0 || language == SPEECH_ENGLISH)) {
        if (taken == 0 && speech_is_filler(language, tokens))
            return 1;
        double one = finder_score_english(wish, tokens);
        if (one < 0 && taken == 0)
            return 1;
        rarity = one > rarity ? one : rarity;
    }
    finder_take_word(wish, rarity);
    return taken > 0 ? taken : 1;
}

static bool finder_was_said(const struct speech_token *tokens, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(tokens[i].plain, tokens[at].plain) == 0)
            return true;
    return false;
}

static void finder_score_query(const char *query, struct finder_wish *wish)
{
    struct speech_token tokens[SPEECH_TOKENS];
    size_t count = speech_split(query, tokens);
    enum speech_language language = speech_guess(tokens, count, finder_is_known);
    for (size_t i = 0; i < count;)
        i += finder_was_said(tokens, i) ? 1 :
                                          finder_score_word(wish, language, tokens + i, count - i);
}

#define NAMED 1000.0 /* above all that words can score */

static bool finder_is_name_part(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* Who says a tool's very name means it. */
static bool finder_score_names(const char *query, double *scores)
{
    bool named = false;
    for (size_t i = 0; i < tools_count(); i++) {
        const char *name = tools_at(i)->name, *p = query;
        size_t len = strlen(name);
        for (; scores[i] < NAMED && (p = strstr(p, name)); p++)
            if ((p == query || !finder_is_name_part(p[-1])) && !finder_is_name_part(p[len])) {
                scores[i] += NAMED;
                named = true;
            }
    }
    return named;
}

static double finder_top(const double *scores, size_t from, size_t to)
{
    double top = 0;
    for (size_t i = from; i < to; i++)
        top = scores[i] > top ? scores[i] : top;
    return top;
}

/* Does the best tool fit, or is it only the least unfit? */
static bool finder_fits(const struct finder_wish *wish)
{
    double top = finder_top(wish->fits, 0, wish->tools);
    return top >= FIT_SCORE && top >= FIT_PART * wish->could &&
        top >= OTHER_PART * finder_top(wish->fits, wish->tools, wish->all);
}

static void finder_choose(double *scores, size_t limit, const struct tools_spec **out,
    size_t *count)
{
    double best = 0;
    while (*count < limit && *count < FINDER_MAX) {
        size_t top = 0;
        for (size_t i = 1; i < tools_count(); i++)
            if (scores[i] > scores[top])
                top = i;
        best = best > 0 || scores[top] >= NAMED ? best : scores[top];
        if (scores[top] <= 0 || scores[top] < best * TAIL_PART)
            return;
        out[(*count)++] = tools_at(top);
        scores[top] = 0;
    }
}

int finder_search(const char *query, size_t limit, const struct tools_spec **out, size_t *count)
{
    struct finder_wish wish = {0};
    int error = finder_prepare_remote();
    *count = 0;
    if (error != 0)
        return error;
    wish.tools = tools_count();
    wish.all = wish.tools + other.count;
    wish.scores = calloc(4 * wish.all, sizeof *wish.scores);
    if (!wish.scores)
        return ERR_NOMEM;
    wish.fits = wish.scores + wish.all;
    wish.best = wish.fits + wish.all;
    wish.sum = wish.best + wish.all;
    finder_score_query(query, &wish);
    bool fits = finder_fits(&wish);
    if (finder_score_names(query, wish.scores) || fits)
        finder_choose(wish.scores, limit, out, count);
    free(wish.scores);
    return 0;
}
