/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/records/entry.h"

#include "base/err.h"
#include "base/utf8.h"
#include "tools/engine/kinds.h"
#include "tools/kit/amount.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"
#include "tools/kit/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TITLE_MAX 120
#define DETAIL_MAX 60
#define SAID_MAX 500

const jdoc *entry_member(const jdoc *record, const char *path)
{
    char key[64];
    const char *slash;
    while (record && (slash = strchr(path, '/'))) {
        snprintf(key, sizeof key, "%.*s", (int)(slash - path), path);
        record = jdoc_get(record, key);
        path = slash + 1;
    }
    return record ? jdoc_get(record, path) : NULL;
}

const char *entry_title(struct tools_run *run, const struct kind *kind, const jdoc *record)
{
    char title[TITLE_MAX + 4];
    const char *text = NULL;
    for (const char *const *path = kind->label; !text && *path; path++)
        text = jdoc_string(entry_member(record, *path), NULL);
    snprintf(title, sizeof title, "%.*s", TITLE_MAX, text && *text ? text : kind->title);
    utf8_mend_end(title);
    return arena_strdup(run->arena, title);
}

const char *entry_day(struct tools_run *run, const struct kind *kind, const jdoc *record)
{
    const char *text = kind->date ? jdoc_text_or(record, kind->date, "") : "";
    return arena_printf(run->arena, "%.10s", text);
}

bool entry_amount(const struct kind *kind, const jdoc *record, int64_t *minor,
    const char **currency)
{
    char key[80];
    *currency = jdoc_text_or(record, "currency", "");
    for (const char *const *money = kind->money; money && *money; money++) {
        snprintf(key, sizeof key, "%s_minor", *money);
        if (jdoc_get_int(record, key, minor) == 0 && strlen(*currency) == 3)
            return true;
    }
    return false;
}

/* ", 500 mg, at 08:00 every day", or "". NULL: no memory. */
static const char *entry_detail(struct tools_run *run, const struct kind *kind, const jdoc *record)
{
    const char *text = "";
    for (const char *const *path = kind->detail; text && path && *path; path++) {
        const char *more = jdoc_string(entry_member(record, *path), NULL);
        char part[DETAIL_MAX + 4];
        snprintf(part, sizeof part, "%.*s", DETAIL_MAX, more ? more : "");
        utf8_mend_end(part);
        text = part[0] ? arena_printf(run->arena, "%s, %s", text, part) : text;
    }
    return text;
}

const char *entry_line(struct tools_run *run, const struct kind *kind, const jdoc *record)
{
    char sum[AMOUNT_TEXT_SIZE] = "";
    const char *currency, *title = entry_title(run, kind, record),
                          *day = entry_day(run, kind, record);
    const char *detail = entry_detail(run, kind, record);
    int64_t minor;
    if (!title || !day || !detail)
        return NULL;
    if (entry_amount(kind, record, &minor, &currency))
        amount_text(minor, currency, sum);
    return arena_printf(run->arena, "\"%s\"%s%s%s%s%s", title, detail, sum[0] ? ", " : "", sum,
        day[0] && strcmp(day, title) != 0 ? ", " : "", strcmp(day, title) != 0 ? day : "");
}

jdoc *entry_brief(struct tools_run *run, const struct kind *kind, const char *id,
    const jdoc *record)
{
    const char *currency, *title = entry_title(run, kind, record),
                          *day = entry_day(run, kind, record);
    int64_t minor;
    jdoc *brief = title && day ? jdoc_new_object() : NULL;
    if (!brief)
        return NULL;
    int failed = jdoc_set_string(brief, "kind", kind->name) | jdoc_set_string(brief, "id", id) |
        jdoc_set_string(brief, "title", title);
    if (day[0])
        failed |= jdoc_set_string(brief, "date", day);
    if (entry_amount(kind, record, &minor, &currency))
        failed |= jdoc_set_double(brief, "amount", amount_to_number(minor, currency)) |
            jdoc_set_string(brief, "currency", currency);
    if (failed == 0)
        return brief;
    jdoc_free(brief);
    return NULL;
}

void entry_hide(const struct kind *kind, jdoc *record)
{
    for (const char *const *member = kind->hidden; record && member && *member; member++)
        jdoc_remove(record, *member);
}

/* --- what was said --- */

static bool entry_is_among(const char *words, const char *word, size_t len)
{
    for (const char *at = words; *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (n == len && strncasecmp(at, word, len) == 0)
            return true;
        at += n;
    }
    return false;
}

/* Does the word say no more than the kind does? */
static bool entry_is_plain(const struct kind *kind, const char *word, size_t len)
{
    static const char plain[] =
        "the a an my our that this one ones it of for from in on at to with all any last latest "
        "der die das den dem mein meine el la los las mi de del le les mon ma mes du";
    if (entry_is_among(plain, word, len) || entry_is_among(kind->title, word, len))
        return true;
    for (size_t i = 0; i < KIND_LANGUAGES; i++)
        if (entry_is_among(kind->words[i], word, len))
            return true;
    return false;
}

/* Of what was said the words that tell one record from another. */
static void entry_strip(const struct kind *kind, const char *said, char out[SAID_MAX])
{
    size_t used = 0;
    for (const char *at = said; *at; at += strspn(at, " \t\n.,;:!?\"")) {
        size_t len = strcspn(at, " \t\n.,;:!?\"");
        if (len > 0 && !entry_is_plain(kind, at, len) && used + len + 2 < SAID_MAX) {
            memcpy(out + used, at, len);
            used += len;
            out[used++] = ' ';
        }
        at += len;
    }
    out[used > 0 ? used - 1 : 0] = '\0';
}

/* What a record is matched by: its names, then what it can be filtered by, its day and amount. */
static const char *entry_words(struct tools_run *run, const struct kind *kind, const jdoc *record)
{
    const char *text = entry_line(run, kind, record);
    for (const char *const *path = kind->label; text && *path; path++) {
        const char *more = jdoc_string(entry_member(record, *path), NULL);
        text = more ? arena_printf(run->arena, "%s %.200s", text, more) : text;
    }
    for (const char *const *path = kind->filter; text && path && *path; path++) {
        const char *more = jdoc_string(entry_member(record, *path), NULL);
        text = more ? arena_printf(run->arena, "%s %.60s", text, more) : text;
    }
    return text;
}

/* Of the names alone. What is only like one, or like something else of the record, is not sure. */
static int entry_score_exact(struct tools_run *run, const struct kind *kind, const jdoc *record,
    const char *words)
{
    const char *all = entry_words(run, kind, record);
    int alike = all ? record_match_score(all, words) : ERR_NOMEM, best = 0;
    for (const char *const *path = kind->label; *path; path++) {
        const char *name = jdoc_string(entry_member(record, *path), NULL);
        int score = name && record_match_named(name, words) ? record_match_score(name, words) : 0;
        best = score > best ? score : best;
    }
    if (alike < 0 || best >= RECORD_MATCH_SURE)
        return alike < 0 ? alike : best;
    return alike < RECORD_MATCH_SURE ? alike : RECORD_MATCH_SURE - 1;
}

int entry_score(struct tools_run *run, const struct kind *kind, const jdoc *record,
    const char *said)
{
    char words[SAID_MAX];
    entry_strip(kind, said, words);
    if (words[0] == '\0')
        return RECORD_MATCH_SURE; /* it names the kind, so any may be meant */
    if (kind->exact)
        return entry_score_exact(run, kind, record, words);
    const char *title = entry_title(run, kind, record), *all = entry_words(run, kind, record);
    if (!title || !all)
        return ERR_NOMEM;
    int by_title = record_match_score(title, words), by_all = record_match_score(all, words);
    return by_title > by_all ? by_title : by_all;
}

/* --- walks --- */

static int entry_each_of(struct entry_walk *walk, const struct records_walked *found, entry_fn *fn,
    void *arg)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < found->count; i++) {
        jdoc *record = NULL;
        error = jdoc_parse(found->all[i].json, strlen(found->all[i].json), &record, NULL, 0);
        if (error != 0)
            return error == ERR_NOMEM ? error : ERR_INTERNAL;
        walk->looked++;
        error = fn(arg, found->all[i].id, record);
        jdoc_free(record);
        if (error == ERR_LIMIT) { /* the walk goes on behind this one */
            snprintf(walk->at.id, sizeof walk->at.id, "%s", found->all[i].id);
            snprintf(walk->at.score, sizeof walk->at.score, "%s", found->all[i].score);
            walk->more = walk->more || i + 1 < found->count;
        }
    }
    return error;
}

int entry_each(struct tools_run *run, struct entry_walk *walk, entry_fn *fn, void *arg)
{
    int error = 0;
    walk->at.family = walk->kind->family;
    walk->looked = 0;
    walk->more = true;
    while (error == 0 && walk->more && walk->looked < ENTRY_LOOK_MAX) {
        struct records_walked found;
        struct arena *arena = arena_new();
        if (!arena)
            return ERR_NOMEM;
        error = records_walk_on(run->context->store, run->context->uid, &walk->at, ENTRY_PAGE,
            arena, &found);
        walk->more = found.count == ENTRY_PAGE;
        if (error == 0)
            error = entry_each_of(walk, &found, fn, arg);
        arena_free(arena);
    }
    return error == ERR_LIMIT ? 0 : error;
}

int entry_span(struct tools_run *run, struct entry_walk *walk)
{
    const struct zone *z;
    struct timestamp from = {0}, to = {0};
    int error = timestamp_zone(run, &z);
    walk->at.from = -RECORD_FOREVER;
    walk->at.to = RECORD_FOREVER;
    if (error == 0)
        error = timestamp_argument(run, "from", z, &from);
    if (error == 0)
        walk->at.from = from.ms;
    if (error == 0 || error == ERR_NOT_FOUND)
        error = timestamp_argument(run, "to", z, &to);
    if (error == 0)
        walk->at.to = to.has_time ? to.ms : timestamp_day(to.ms, 1, z) - 1;
    if (error == 0 && walk->at.to < walk->at.from) {
        error = run_fail_at(run, "/to", "a day that is not before `from`", "to is before from");
        error = error != 0 ? error : ERR_INVALID;
    }
    return error == ERR_NOT_FOUND ? 0 : error;
}
