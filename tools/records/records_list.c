/* SPDX-License-Identifier: BSD-2-Clause */
/* list_records. */
#include "store/changes.h"
#include "tools/engine/registry.h"
#include "tools/kit/cost.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/records/entry.h"

#include "base/err.h"
#include "base/ident.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A record by its amount. */
struct records_ranked {
    jdoc *brief;
    bool foreign; /* in other money than the user's, and nothing says what it is in that */
    int64_t minor;
};

struct records_listing {
    struct tools_run *run;
    const struct kind *kind;
    const jdoc *where;
    size_t limit;
    jdoc *list;
    struct records_ranked *ranks; /* by amount: the best first, one spare; else NULL */
    size_t ranked, fit, foreign;  /* fit: all with an amount; foreign: of them, not compared */
    bool smallest;
};

static bool records_list_holds(const char *text, const char *part)
{
    size_t len = strlen(part);
    for (; *text != '\0'; text++)
        if (strncasecmp(text, part, len) == 0)
            return true;
    return len == 0;
}

static bool records_list_fits(const jdoc *value, const jdoc *wanted)
{
    const char *text = jdoc_string(value, NULL), *want = jdoc_string(wanted, NULL);
    double number, other;
    bool flag, same;
    if (text && want)
        return records_list_holds(text, want);
    if (jdoc_bool(value, &flag) == 0 && jdoc_type(value) == JDOC_BOOL)
        return jdoc_bool(wanted, &same) == 0 ? flag == same :
                                               want && strcmp(want, flag ? "true" : "false") == 0;
    if (jdoc_double(value, &number) != 0)
        return false;
    if (jdoc_double(wanted, &other) == 0)
        return fabs(number - other) < 1e-9;
    return want && sscanf(want, "%lf", &other) == 1 && fabs(number - other) < 1e-9;
}

static bool records_list_is_wanted(const struct records_listing *l, const jdoc *record)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *wanted;
    while (jdoc_next(l->where, &it, &key, &wanted))
        if (!records_list_fits(entry_member(record, key), wanted))
            return false;
    return true;
}

static int records_list_take(void *arg, const char *id, const jdoc *record)
{
    struct records_listing *l = arg;
    if (!records_list_is_wanted(l, record))
        return 0;
    int error = jdoc_push(l->list, entry_brief(l->run, l->kind, id, record));
    return error != 0 ? error : jdoc_length(l->list) == l->limit ? ERR_LIMIT : 0;
}

/* ---- by amount ---- */

static bool records_list_before(const struct records_listing *l, const struct records_ranked *a,
    const struct records_ranked *b)
{
    if (a->foreign != b->foreign)
        return b->foreign;
    return l->smallest ? a->minor < b->minor : a->minor > b->minor;
}

/* In the user's own money. */
static bool records_list_amount(const struct records_listing *l, const jdoc *record,
    struct records_ranked *out)
{
    const char *currency, *own = cost_currency(l->run);
    if (!entry_amount(l->kind, record, &out->minor, &currency))
        return false;
    out->foreign = strcmp(currency, own) != 0;
    if (out->foreign && strcmp(jdoc_text_or(record, "converted_currency", ""), own) == 0)
        out->foreign = jdoc_get_int(record, "converted_minor", &out->minor) != 0;
    return true;
}

static int records_list_rank(void *arg, const char *id, const jdoc *record)
{
    struct records_listing *l = arg;
    struct records_ranked one = {0};
    if (!records_list_is_wanted(l, record) || !records_list_amount(l, record, &one))
        return 0;
    l->fit++;
    l->foreign += one.foreign;
    size_t at = l->ranked;
    while (at > 0 && records_list_before(l, &one, &l->ranks[at - 1]))
        at--;
    if (at == l->limit)
        return 0;
    if (!(one.brief = entry_brief(l->run, l->kind, id, record)))
        return ERR_NOMEM;
    memmove(&l->ranks[at + 1], &l->ranks[at], (l->ranked - at) * sizeof *l->ranks);
    l->ranks[at] = one;
    if (l->ranked < l->limit)
        l->ranked++;
    else
        jdoc_free(l->ranks[l->limit].brief);
    return 0;
}

static int records_list_say_ranked(struct tools_run *run, struct records_listing *l,
    const struct entry_walk *walk)
{
    const char *foreign = l->foreign ?
        arena_printf(run->arena,
            " %zu in other money, of which nothing says what they are in %s, are behind the others.",
            l->foreign, cost_currency(run)) :
        "";
    const char *most = walk->more ?
        arena_printf(run->arena, " Only the latest %d were looked at.", ENTRY_LOOK_MAX) :
        "";
    int error = 0;
    if (!foreign || !most ||
        !run_succeed(run, "The %zu %s of %zu %s records with an amount, the %s first.%s%s",
            l->ranked, l->smallest ? "smallest" : "largest", l->fit, l->kind->title,
            l->smallest ? "smallest" : "largest", foreign, most))
        return ERR_NOMEM;
    for (size_t i = 0; i < l->ranked && error == 0; i++) {
        error = jdoc_push(l->list, l->ranks[i].brief);
        l->ranks[i].brief = NULL;
    }
    return error == 0 ? jdoc_set_int(run->result, "total", (int64_t)l->fit) : error;
}

static int records_list_by_amount(struct tools_run *run, struct records_listing *l,
    struct entry_walk *walk)
{
    int error = 0;
    if (!l->kind->money)
        error =
            run_fail_at(run, "/order", "newest or oldest", "A %s has no amount.", l->kind->title);
    else if (jdoc_has(run->args, "cursor"))
        error = run_fail_at(run, "/cursor", "a larger limit, or order newest or oldest",
            "By amount there is one page.");
    if (error != 0 || !l->kind->money || jdoc_has(run->args, "cursor"))
        return error != 0 ? error : ERR_INVALID;
    if (!(l->ranks = calloc(l->limit + 1, sizeof *l->ranks)))
        return ERR_NOMEM;
    error = entry_each(run, walk, records_list_rank, l);
    if (error == 0)
        error = records_list_say_ranked(run, l, walk);
    for (size_t i = 0; i < l->ranked; i++)
        jdoc_free(l->ranks[i].brief);
    free(l->ranks);
    return error;
}

/* ---- by day ---- */

/* Every member of `where` is one that the kind can be narrowed by. */
static int records_list_check_where(struct tools_run *run, const struct kind *kind,
    const jdoc *where)
{
    struct jdoc_iter it = {0};
    const char *key, *known = "";
    jdoc *value;
    for (const char *const *f = kind->filter; known && f && *f; f++)
        known = arena_printf(run->arena, "%s%s%s", known, *known ? ", " : "", *f);
    while (known && jdoc_next(where, &it, &key, &value)) {
        const char *const *f = kind->filter;
        while (f && *f && strcmp(*f, key) != 0)
            f++;
        if (f && *f)
            continue;
        const char *path = arena_printf(run->arena, "/where/%.60s", key);
        int error = !path ?
            ERR_NOMEM :
            run_fail_at(run, path, known, "A %s cannot be looked for by this.", kind->title);
        return error != 0 ? error : ERR_INVALID;
    }
    return known ? 0 : ERR_NOMEM;
}

/* "SCORE/ID" */
static int records_list_read_cursor(struct tools_run *run, struct records_walk *at)
{
    const char *cursor = jdoc_string(jdoc_get(run->args, "cursor"), NULL);
    const char *slash = cursor ? strchr(cursor, '/') : NULL;
    if (!cursor)
        return 0;
    size_t len = slash ? (size_t)(slash - cursor) : 0;
    if (slash && len > 0 && len < sizeof at->score && slash[1] != '\0' &&
        strspn(cursor, "0123456789.e+-") == len && strlen(slash + 1) < sizeof at->id &&
        ident_is_safe(slash + 1, strlen(slash + 1), sizeof at->id - 1)) {
        char *end;
        snprintf(at->score, sizeof at->score, "%.*s", (int)len, cursor);
        err_ignore((int)strtod(at->score, &end));
        if (end != at->score && *end == '\0') {
            snprintf(at->id, sizeof at->id, "%s", slash + 1);
            return 0;
        }
    }
    int error = run_fail_at(run, "/cursor", "`cursor` of the page before", "cursor is none");
    return error != 0 ? error : ERR_INVALID;
}

static int records_list_answer(struct tools_run *run, const struct records_listing *l,
    const struct entry_walk *walk)
{
    int64_t total = 0;
    size_t count = jdoc_length(l->list);
    int error = records_count(run->context->store, run->context->uid, l->kind->family,
        walk->at.from, walk->at.to, &total);
    if (error != 0)
        return error;
    const char *narrowed = jdoc_length(l->where) > 0 ? " that fit" : "";
    jdoc *answer = run_succeed(run, "%zu %s%s%s%s, of %lld in all.%s", count, l->kind->title,
        count == 1 ? "" : " records", narrowed, walk->more ? " on this page" : "", (long long)total,
        walk->more ? " `cursor` goes on behind these." : "");
    if (!answer)
        return ERR_NOMEM;
    int failed = jdoc_set_int(answer, "total", total);
    if (walk->more)
        failed |= jdoc_set_string(answer, "cursor",
            arena_printf(run->arena, "%s/%s", walk->at.score, walk->at.id));
    return failed != 0 ? ERR_NOMEM : 0;
}

static int records_list_deleted(struct tools_run *run, struct records_listing *l)
{
    struct changes_list list;
    int error = changes_deleted(run->context->store, run->context->uid, l->kind->family, 50,
        run->arena, &list);
    for (size_t i = 0; error == 0 && !l->kind->final && i < list.count; i++)
        for (size_t k = 0; error == 0 && k < list.all[i].count; k++) {
            const struct changes_write *w = &list.all[i].writes[k];
            jdoc *record = NULL, *there = NULL;
            if (strcmp(w->family, l->kind->family) != 0 || w->now[0] != '\0' || !w->was ||
                jdoc_length(l->list) >= l->limit)
                continue;
            error = record_get(run, w->family, w->id, &there, NULL);
            jdoc_free(there);
            if (error == ERR_NOT_FOUND) {
                error = jdoc_parse(w->was, strlen(w->was), &record, NULL, 0);
                if (error == 0)
                    error = records_list_take(l, w->id, record);
                error = error == ERR_LIMIT ? 0 : error;
            }
            jdoc_free(record);
        }
    if (error != 0)
        return error;
    size_t count = jdoc_length(l->list);
    jdoc *answer = run_succeed(run, "%zu deleted %s record%s can be restored.", count,
        l->kind->title, count == 1 ? "" : "s");
    return answer ? jdoc_set_int(answer, "total", (int64_t)count) : ERR_NOMEM;
}

int records_tool_list_records(struct tools_run *run)
{
    struct records_listing l = {.run = run,
        .kind = entry_kind(run),
        .where = jdoc_get(run->args, "where"),
        .limit = (size_t)jdoc_int_or(run->args, "limit", 20),
        .list = jdoc_new_array()};
    const char *order = jdoc_text_or(run->args, "order", "newest");
    bool by_amount = strcmp(order, "largest") == 0 || strcmp(order, "smallest") == 0;
    struct entry_walk walk = {.kind = l.kind, .at = {.newest_first = strcmp(order, "oldest") != 0}};
    l.smallest = strcmp(order, "smallest") == 0;
    int error = l.list ? records_list_check_where(run, l.kind, l.where) : ERR_NOMEM;
    if (error == 0)
        error = entry_span(run, &walk);
    if (error == 0)
        error = records_list_read_cursor(run, &walk.at);
    if (error == 0 && jdoc_is_true(run->args, "deleted")) {
        error = records_list_deleted(run, &l);
    } else if (error == 0 && by_amount) {
        error = records_list_by_amount(run, &l, &walk);
    } else if (error == 0) {
        error = entry_each(run, &walk, records_list_take, &l);
        if (error == 0)
            error = records_list_answer(run, &l, &walk);
    }
    if (error == 0)
        return jdoc_set(run->result, "records", l.list);
    jdoc_free(l.list);
    return error == ERR_INVALID ? 0 : error;
}
