/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/record_match.h"

#include "base/err.h"
#include "base/utf8.h"
#include "tools/kit/record.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX 24
#define WORD_SIZE 32
#define NAME_SHOWN 60
#define LOOK_MAX 100 /* records looked at, those with most of the words */

struct words {
    char all[WORDS_MAX][WORD_SIZE];
    size_t count;
};

static bool record_match_is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

static void record_match_split(const char *text, struct words *w)
{
    size_t len = 0;
    w->count = 0;
    for (const char *p = text;; p++) {
        unsigned char c = (unsigned char)*p;
        if (record_match_is_letter(c) && w->count < WORDS_MAX) {
            if (len + 1 < WORD_SIZE)
                w->all[w->count][len++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        } else if (len > 0 && c != '\'') {
            w->all[w->count++][len] = '\0';
            len = 0;
        }
        if (c == '\0')
            return;
    }
}

/* Insertions, deletions and changes of one letter. */
static size_t record_match_distance(const char *a, const char *b)
{
    size_t row[WORD_SIZE], n = strlen(b);
    for (size_t k = 0; k <= n; k++)
        row[k] = k;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t k = 1; k <= n; k++) {
            size_t best = corner + (a[i - 1] != b[k - 1]);
            corner = row[k];
            if (row[k] + 1 < best)
                best = row[k] + 1;
            if (row[k - 1] + 1 < best)
                best = row[k - 1] + 1;
            row[k] = best;
        }
    }
    return row[n];
}

static int record_match_word_score(const char *name, const char *said)
{
    size_t len = strlen(said);
    if (strcmp(name, said) == 0)
        return 10;
    if (len >= 3 && strncmp(name, said, len) == 0)
        return 8;
    if (strlen(name) >= 4 && strncmp(name, said, strlen(name)) == 0 && len - strlen(name) <= 2)
        return 7;
    if (len >= 5 && strlen(name) >= 4 && record_match_distance(name, said) <= (len >= 8 ? 2 : 1))
        return 6;
    return 0;
}

int record_match_score(const char *name, const char *said)
{
    struct words n, s;
    size_t found = 0;
    int sum = 0;
    bool same;
    record_match_split(name, &n);
    record_match_split(said, &s);
    if (s.count == 0)
        return 0;
    same = n.count == s.count;
    for (size_t i = 0; i < s.count; i++) {
        int best = 0;
        for (size_t k = 0; k < n.count; k++) {
            int one = record_match_word_score(n.all[k], s.all[i]);
            best = one > best ? one : best;
        }
        same = same && strcmp(n.all[i], s.all[i]) == 0;
        found += best > 0;
        sum += best;
    }
    if (same)
        return 100;
    int average = sum * 3 / (int)s.count; /* up to 30 */
    if (found == s.count)
        return RECORD_MATCH_SURE + average + (n.count == s.count ? 5 : 0);
    return found * 2 >= s.count ? average + 1 : 0;
}

bool record_match_named(const char *name, const char *said)
{
    struct words n, s;
    record_match_split(name, &n);
    record_match_split(said, &s);
    for (size_t i = 0; i < s.count; i++) {
        const size_t len = strlen(s.all[i]);
        size_t k = 0;
        while (k < n.count && strcmp(n.all[k], s.all[i]) != 0 &&
            (len < 3 || strncmp(n.all[k], s.all[i], len) != 0))
            k++;
        if (k == n.count)
            return false;
    }
    return s.count > 0;
}

static bool record_match_has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    bool starts = true;
    for (const char *p = text; *p != '\0'; p++) {
        if (starts && strncasecmp(p, word, len) == 0 &&
            (len >= 3 || !record_match_is_letter((unsigned char)p[len])))
            return true;
        starts = !record_match_is_letter((unsigned char)*p);
    }
    return false;
}

int record_match_words(const char *text, const char *said)
{
    struct words s;
    int found = 0;
    record_match_split(said, &s);
    for (size_t i = 0; i < s.count; i++)
        found += record_match_has_word(text, s.all[i]);
    return found;
}

struct found {
    char id[64], name[NAME_SHOWN * 4], date[40];
    int score;
};

struct search {
    const struct record_match_query *query;
    const char *said;
    struct found best[RECORD_MATCH_SHOWN + 1]; /* the last one is dropped */
    size_t count, sure, same;
};

static void record_match_describe(struct found *f, const struct record_match_query *q,
    const jdoc *record)
{
    int64_t number = 0;
    if (jdoc_get_int(record, "id", &number) == 0)
        snprintf(f->id, sizeof f->id, "%lld", (long long)number);
    else
        snprintf(f->id, sizeof f->id, "%s", jdoc_text_or(record, "id", ""));
    snprintf(f->name, sizeof f->name, "%s", jdoc_text_or(record, q->name_key, ""));
    utf8_mend_end(f->name);
    snprintf(f->date, sizeof f->date, "%s",
        q->date_key ? jdoc_text_or(record, q->date_key, "") : "");
}

static int record_match_look(void *arg, const jdoc *record)
{
    struct search *s = arg;
    if (s->query->is_wanted && !s->query->is_wanted(record))
        return 0;
    int score = record_match_score(jdoc_text_or(record, s->query->name_key, ""), s->said);
    if (score == 0)
        return 0;
    s->same += score == 100;
    s->sure += score >= RECORD_MATCH_SURE;
    size_t i = s->count < RECORD_MATCH_SHOWN ? s->count++ : RECORD_MATCH_SHOWN;
    s->best[i].score = 0;
    for (; i > 0 && s->best[i - 1].score < score; i--)
        s->best[i] = s->best[i - 1];
    if (i < RECORD_MATCH_SHOWN) {
        record_match_describe(&s->best[i], s->query, record);
        s->best[i].score = score;
    }
    return 0;
}

static void record_match_list(const struct search *s, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < s->count && len < size; i++) {
        const struct found *f = &s->best[i];
        int n = snprintf(out + len, size - len, "%s\"%s\"%s%s (%s %s)", i > 0 ? "; " : "", f->name,
            f->date[0] != '\0' ? " of " : "", f->date, s->query->id_argument, f->id);
        len += n > 0 ? (size_t)n : 0;
    }
    utf8_mend_end(out);
}

static int record_match_refuse(struct tools_run *run, const struct search *s)
{
    const struct record_match_query *q = s->query;
    char matches[800];
    int error;
    record_match_list(s, matches, sizeof matches);
    if (s->count == 0)
        error = run_fail(run, "not_found", "There is no such %s. %s lists those there are.",
            q->noun, q->list_tool);
    else if (s->sure == 0)
        error = run_fail(run, "not_found", "There is no such %s. Like it: %s.", q->noun, matches);
    else
        error = run_fail(run, "ambiguous", "%zu match; ask which one is meant, and give %s: %s.",
            s->sure, q->id_argument, matches);
    return error != 0 ? error : ERR_INVALID;
}

/* Of the family's words those that may be meant by one that was said. */
static int record_match_forms_of(const char *said, const struct records_texts *words,
    struct arena *arena, struct records_word *out)
{
    out->count = 0;
    out->forms = arena_array(arena, words->count + 1, sizeof *out->forms);
    for (size_t i = 0; out->forms && i < words->count; i++)
        if (record_match_word_score(words->all[i], said) > 0)
            out->forms[out->count++] = words->all[i];
    return out->forms ? 0 : ERR_NOMEM;
}

int record_match_find(struct tools_run *run, const char *family, const char *prefix,
    const char *said, size_t max, struct records_list *out)
{
    struct words s;
    struct records_word forms[RECORDS_SAID_MAX];
    const char *list[RECORDS_SAID_MAX];
    struct records_texts words;
    struct store *store = run->context->store;
    memset(out, 0, sizeof *out);
    record_match_split(said, &s);
    s.count = s.count < RECORDS_SAID_MAX ? s.count : RECORDS_SAID_MAX;
    for (size_t i = 0; i < s.count; i++)
        list[i] = s.all[i];
    if (s.count == 0)
        return 0;
    int error = records_words(store, run->context->uid, family,
        &(struct records_texts){list, s.count}, run->arena, &words);
    for (size_t i = 0; error == 0 && i < s.count; i++)
        error = record_match_forms_of(list[i], &words, run->arena, &forms[i]);
    return error != 0 ? error :
                        records_search(store, run->context->uid,
                            &(struct records_query){.family = family,
                                .prefix = prefix,
                                .words = forms,
                                .count = s.count,
                                .max = max},
                            run->arena, out);
}

int record_match_pick(struct tools_run *run, const struct record_match_query *query,
    const char *said, const char **id)
{
    struct search s = {.query = query, .said = said};
    struct records_list found;
    int error = record_match_find(run, query->family, "w:", said, LOOK_MAX, &found);
    if (error == 0)
        error = record_list(&found, record_match_look, &s);
    if (error != 0)
        return error;
    if (s.same != 1 && s.sure != 1)
        return record_match_refuse(run, &s);
    if (s.best[0].score < RECORD_MATCH_SURE)
        return record_match_refuse(run, &s);
    *id = arena_strdup(run->arena, s.best[0].id);
    return *id ? 0 : ERR_NOMEM;
}

int record_match_choose(struct tools_run *run, const struct record_match_query *query,
    jdoc **record, const char **seen)
{
    const char *id = jdoc_string(jdoc_get(run->args, query->id_argument), NULL);
    const char *name = jdoc_string(jdoc_get(run->args, query->argument), NULL);
    int error = 0;
    *record = NULL;
    if (!id && !name) {
        const char *path = arena_printf(run->arena, "/%s", query->argument);
        const char *expected = arena_printf(run->arena, "the %s of a %s, or %s", query->name_key,
            query->noun, query->id_argument);
        error = path && expected ?
            run_fail_at(run, path, expected, "Say which %s is meant.", query->noun) :
            ERR_NOMEM;
        return error != 0 ? error : ERR_INVALID;
    }
    if (!id)
        error = record_match_pick(run, query, name, &id);
    if (error == 0)
        error = record_get(run, query->family, id, record, seen);
    if (error != ERR_NOT_FOUND)
        return error;
    error = run_fail(run, "not_found", "There is no such %s. %s lists those there are.",
        query->noun, query->list_tool);
    return error != 0 ? error : ERR_INVALID;
}
