/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/money/import.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/converted.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"
#include "tools/kit/timestamp.h"
#include "tools/money/money.h"

#include "base/clock.h"
#include "store/attachments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PART 40 /* expenses of one script, so that none holds Redis up */
#define DAY_MS INT64_C(86400000)

/* --- what is stored already --- */

struct import_compare {
    struct import *in;
    struct statement_entry **order; /* by day, sum and currency */
    size_t count;
};

static int import_compare_key(const struct statement_entry *e, const char *date, int64_t minor,
    const char *currency)
{
    int order = strcmp(e->date, date);

    if (order == 0)
        order = (e->minor > minor) - (e->minor < minor);
    return order ? order : strcmp(e->currency, currency);
}

static int import_compare_entries(const void *a, const void *b)
{
    const struct statement_entry *x = *(struct statement_entry *const *)a,
                                 *y = *(struct statement_entry *const *)b;
    int order = import_compare_key(x, y->date, y->minor, y->currency);

    return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* The first that is not below. */
static size_t import_first(const struct import_compare *c, const char *date, int64_t minor,
    const char *currency)
{
    size_t from = 0, to = c->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (import_compare_key(c->order[middle], date, minor, currency) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Both folded (statement_fold), once each: a day may have thousands of one sum. */
static bool import_same_payee(const char *x, const char *y)
{
    return x[0] && x[1] && y[0] && y[1] && (strstr(x, y) || strstr(y, x));
}

/* Each expense that is stored is one row's duplicate at most. */
static int import_compare_stored(void *arg, const jdoc *expense)
{
    struct import_compare *c = arg;
    const char *date = jdoc_text_or(expense, "date", ""), *id = jdoc_text_or(expense, "id", ""),
               *currency = jdoc_text_or(expense, "currency", "");
    int64_t minor = jdoc_int_or(expense, "amount_minor", 0);
    size_t first = import_first(c, date, minor, currency);
    bool take = c->in->s.map.take_duplicates;
    char folded[STATEMENT_FOLDED];

    for (size_t i = first; i < c->count; i++) {
        if (import_compare_key(c->order[i], date, minor, currency) != 0)
            break;
        if (strcmp(c->order[i]->id, id) == 0) /* the row itself */
            return 0;
    }
    statement_fold(jdoc_text_or(expense, "description", ""), folded);
    for (size_t i = first; i < c->count; i++) {
        struct statement_entry *e = c->order[i];
        if (import_compare_key(e, date, minor, currency) != 0)
            break;
        if (e->fate != STATEMENT_READY)
            continue;
        if (import_same_payee(e->folded, folded)) {
            e->fate = take ? STATEMENT_READY : STATEMENT_DUPLICATE;
            e->similar |= take;
            return 0;
        }
        e->similar = true;
    }
    return 0;
}

static int import_look_stored(struct import *in, struct statement_entry *e)
{
    struct arena *own = arena_new();
    const char *json = NULL;
    int error = !own ? ERR_NOMEM :
                       records_get(in->run->context->store, in->run->context->uid, MONEY_EXPENSE,
                           e->id, own, &json);

    if (error == 0) {
        const char *mine = arena_printf(own, "\"import_id\":\"%s\"", in->id);
        if (!mine)
            error = ERR_NOMEM;
        else
            e->fate = strstr(json, mine) ? STATEMENT_OWN : STATEMENT_KNOWN;
    }
    arena_free(own);
    return error == ERR_NOT_FOUND ? 0 : error;
}

static int import_compare(struct import *in)
{
    struct statement *s = &in->s;
    struct import_compare c = {.in = in};
    int64_t from = INT64_MAX, to = INT64_MIN;
    char folded[STATEMENT_FOLDED];
    int error = 0;

    c.order = arena_array(in->run->arena, s->count + 1, sizeof *c.order);
    if (!c.order)
        return ERR_NOMEM;
    for (size_t i = 0; !error && i < s->count; i++) {
        struct statement_entry *e = &s->entries[i];
        if (e->fate != STATEMENT_READY)
            continue;
        from = e->ms < from ? e->ms : from;
        to = e->ms > to ? e->ms : to;
        statement_fold(e->text, folded);
        e->folded = arena_strdup(in->run->arena, folded);
        if (!e->folded)
            return ERR_NOMEM;
        c.order[c.count++] = e;
        error = import_look_stored(in, e);
    }
    if (error || c.count == 0)
        return error;
    qsort(c.order, c.count, sizeof *c.order, import_compare_entries);
    return record_each(in->run, MONEY_EXPENSE, from - DAY_MS, to + 2 * DAY_MS,
        import_compare_stored, &c);
}

/* --- the file --- */

/* The same file with the same arguments has the same id. */
static int import_identify(struct import *in, const char *text, size_t len)
{
    char digest[IDENT_SHA256_SIZE];
    struct buf all = {0};

    ident_sha256_hex(text, len, digest);
    buf_puts(&all, digest);
    jdoc_write_canonical(in->run->args, &all);
    int error = buf_error(&all);
    if (!error)
        ident_sha256_hex(buf_text(&all), all.len, digest);
    snprintf(in->id, sizeof in->id, "import-%.32s", digest);
    buf_free(&all);
    return error;
}

static int import_take(struct import *in, const char *text, size_t len)
{
    int error = import_identify(in, text, len);

    if (!error)
        error = statement_read(in->run, text, len, &in->s);
    return error ? error : import_compare(in);
}

static int import_refuse(struct tools_run *run, const char *path, const char *why)
{
    int error = run_fail_at(run, path, "attachment_id or text", "%s", why);

    return error ? error : ERR_INVALID;
}

static int import_find(struct tools_run *run, const char *id, struct attachment *a)
{
    int error = attachments_find(run->context->store, run->context->uid, id, true, a);

    if (error != ERR_NOT_FOUND)
        return error;
    error = run_fail(run, "not_found",
        "There is no attachment %.60s; it may have expired. Ask the user to send it again.", id);
    return error ? error : ERR_INVALID;
}

int import_open(struct tools_run *run, struct import *in)
{
    const char *id = jdoc_string(jdoc_get(run->args, "attachment_id"), NULL);
    struct link_reply *reply = NULL;
    struct attachment a;
    size_t len = 0;
    const char *text = jdoc_string(jdoc_get(run->args, "text"), &len);

    *in = (struct import){.run = run, .name = ""};
    if (!text == !id)
        return import_refuse(run, "/attachment_id",
            "Name the attached file as attachment_id, or give its text as text.");
    if (text)
        return import_take(in, text, len);
    int error = import_find(run, id, &a);
    if (!error)
        error = attachments_read(run->context->store, run->context->uid, id, &reply);
    if (!error) {
        in->name = arena_strdup(run->arena, a.name);
        const char *bytes = link_reply_text(reply, &len);
        error = in->name ? import_take(in, bytes, len) : ERR_NOMEM;
    }
    link_reply_free(reply);
    return error;
}

void import_close(struct import *in)
{
    statement_free(&in->s);
}

void import_count(const struct import *in, bool own, struct import_totals *t)
{
    *t = (struct import_totals){.from = "", .to = ""};
    for (size_t i = 0; i < in->s.count; i++) {
        const struct statement_entry *e = &in->s.entries[i];
        t->fates[e->fate]++;
        if (e->fate != STATEMENT_READY && !(own && e->fate == STATEMENT_OWN))
            continue;
        t->count++;
        t->guessed += e->guessed;
        t->similar += e->similar;
        cost_add(&t->sums, e->minor, e->currency);
        if (t->from[0] == '\0' || strcmp(e->date, t->from) < 0)
            t->from = e->date;
        if (strcmp(e->date, t->to) > 0)
            t->to = e->date;
    }
}

int money_tool_preview_expense_import(struct tools_run *run)
{
    struct import in;
    int error = import_open(run, &in);

    if (!error)
        error = import_answer(&in);
    import_close(&in);
    return error == ERR_INVALID ? 0 : error;
}

/* --- import_expenses --- */

/* Is it what the user was told? Order of sums does not count. */
static bool import_is_expected(const struct import_totals *t, const jdoc *expected)
{
    const jdoc *sums = jdoc_get(expected, "sums");

    if (jdoc_int_or(expected, "count", -1) != (int64_t)t->count ||
        strcmp(jdoc_text_or(expected, "from", ""), t->from) != 0 ||
        strcmp(jdoc_text_or(expected, "to", ""), t->to) != 0 || jdoc_length(sums) != t->sums.count)
        return false;
    for (size_t i = 0; i < t->sums.count; i++) {
        bool found = false;
        for (size_t k = 0; k < t->sums.count; k++)
            found |= strcmp(jdoc_text_or(jdoc_at(sums, k), "currency", ""),
                         t->sums.all[i].currency) == 0 &&
                jdoc_int_or(jdoc_at(sums, k), "total_minor", -1) == t->sums.all[i].minor;
        if (!found)
            return false;
    }
    return true;
}

static int import_check(struct import *in)
{
    struct tools_run *run = in->run;
    const jdoc *expected = jdoc_get(run->args, "expected"), *open = jdoc_at(in->s.questions, 0);
    struct import_totals fresh, all;
    int error;

    if (open) {
        error = run_ask_back(run, jdoc_text_or(open, "field", ""), "the user's answer",
            "%s Nothing was taken in.", jdoc_text_or(open, "question", ""));
        return error ? error : ERR_INVALID;
    }
    import_count(in, false, &fresh);
    import_count(in, true, &all);
    if (import_is_expected(&fresh, expected) || import_is_expected(&all, expected))
        return 0;
    error = run_fail_at(run, "/expected", "what preview_expense_import tells of this mapping",
        "This file and mapping give %zu new expenses now, not what was told before. Nothing was "
        "taken in: call preview_expense_import again and show the user what it says.",
        fresh.count);
    return error ? error : ERR_INVALID;
}

static jdoc *import_expense(struct import *in, const struct statement_entry *e,
    const struct zone *z)
{
    char now[CLOCK_RFC3339_SIZE];
    jdoc *expense = jdoc_new_object();
    const char *note;

    clock_rfc3339(in->run->context->now_ms, now);
    int failed = !expense || jdoc_set_string(expense, "id", e->id) ||
        money_set(expense, e->minor, e->currency) ||
        jdoc_set_string(expense, "category", e->category) ||
        jdoc_set_string(expense, "description", e->text[0] ? e->text : NULL) ||
        jdoc_set_string(expense, "date", e->date) ||
        jdoc_set_string(expense, "timezone", zone_name(z)) ||
        jdoc_set_int(expense, "time_ms", e->ms) || jdoc_set_string(expense, "created_at", now) ||
        jdoc_set_string(expense, "import_id", in->id) || converted_put(in->run, expense, &note);
    if (!failed)
        return expense;
    jdoc_free(expense);
    return NULL;
}

/* The entries from *at on that are ready, as one script; last: with the result. */
static int import_write_part(struct import *in, const struct zone *z, const char *group, size_t *at,
    size_t *left)
{
    struct record_item items[PART];
    jdoc *documents[PART];
    size_t count = 0;
    int error = 0;

    for (; !error && *at < in->s.count && count < PART; ++*at) {
        const struct statement_entry *e = &in->s.entries[*at];
        if (e->fate != STATEMENT_READY)
            continue;
        documents[count] = import_expense(in, e, z);
        if (!documents[count]) {
            error = ERR_NOMEM;
            break;
        }
        items[count] = (struct record_item){.family = MONEY_EXPENSE,
            .id = e->id,
            .document = documents[count],
            .time_ms = e->ms,
            .seen = RECORDS_SEEN_NONE};
        count++;
    }
    *left -= count;
    if (!error)
        error = record_commit_part(in->run, items, count, group, *left == 0);
    for (size_t i = 0; i < count; i++)
        jdoc_free(documents[i]);
    return error;
}

static int import_write(struct import *in, size_t left)
{
    const struct zone *z;
    const char *group;
    size_t at = 0, all = left, stored = 0;
    int error = timestamp_zone(in->run, &z);

    if (!error)
        error = record_group(in->run, &group);
    while (!error && left > 0) {
        error = import_write_part(in, z, group, &at, &left);
        if (!error)
            stored = all - left;
    }
    if (error != ERR_CONFLICT)
        return error;
    if (stored > 0)
        return run_fail(in->run, "conflict",
            "%zu of the %zu expenses are taken in, then one had been stored by another call "
            "meanwhile. Call preview_expense_import again: it tells what is left. undo_change takes "
            "back those that are in.",
            stored, all);
    return run_fail(in->run, "conflict",
        "Some of these expenses have been stored by another call meanwhile. Call "
        "preview_expense_import again: it tells what is left.");
}

static int import_conclude(struct import *in)
{
    struct tools_run *run = in->run;
    struct import_totals fresh, all;
    char sums[COST_TEXT_SIZE];

    import_count(in, false, &fresh);
    import_count(in, true, &all);
    cost_sums_text(&all.sums, sums);
    const char *left_out = import_left_out(run, &fresh);
    size_t before = fresh.fates[STATEMENT_OWN];
    jdoc *answer = !left_out ?
        NULL :
        run_succeed(run,
            "%zu expense%s taken in: %s, from %s to %s.%s%s%s undo_change "
            "takes all of it back.",
            fresh.count, fresh.count == 1 ? " is" : "s are", sums, all.from, all.to,
            before == 0          ? "" :
                fresh.count == 0 ? " All were stored before." :
                                   " The others of them were stored before.",
            left_out[0] ? " Left out: " : "", left_out);
    jdoc *totals = answer ? import_tell_totals(&all) : NULL;
    if (!totals || jdoc_set(answer, "imported", totals))
        return ERR_NOMEM;
    int failed = jdoc_set_int(answer, "created", (int64_t)fresh.count);
    failed |= jdoc_set_int(answer, "known", (int64_t)(before + fresh.fates[STATEMENT_KNOWN]));
    failed |= jdoc_set_int(answer, "duplicates", (int64_t)fresh.fates[STATEMENT_DUPLICATE]);
    failed |= jdoc_set_int(answer, "unreadable", (int64_t)fresh.fates[STATEMENT_BAD]);
    failed |= jdoc_set_string(answer, "import_id", in->id);
    return failed ? ERR_NOMEM : import_write(in, fresh.count);
}

int money_tool_import_expenses(struct tools_run *run)
{
    struct import in;
    int error = import_open(run, &in);

    if (!error)
        error = import_check(&in);
    if (!error)
        error = import_conclude(&in);
    import_close(&in);
    return error == ERR_INVALID ? 0 : error;
}

/* --- what the user is asked --- */

static int import_say_about(struct tools_run *run, const char *name, const struct cost_sums *sums)
{
    const jdoc *expected = jdoc_get(run->args, "expected");
    jdoc *title = jdoc_new_object();
    struct timestamp from, to;
    const struct zone *z;
    int error = !title || jdoc_set_string(title, "name", name) ? ERR_NOMEM : 0;

    if (!error)
        error = about_title(run, "import", title, "name");
    jdoc_free(title);
    if (!error && sums->count == 1)
        error = about_amount(run, sums->all[0].minor, sums->all[0].currency);
    if (error || (error = timestamp_zone(run, &z)))
        return error;
    if (timestamp_parse(jdoc_text_or(expected, "from", ""), z, &from) ||
        timestamp_parse(jdoc_text_or(expected, "to", ""), z, &to))
        return 0;
    return about_when(run,
        &(struct about_when){.start_ms = from.ms, .end_ms = timestamp_day(to.ms, 1, z)}, z);
}

static int import_say(struct tools_run *run, const char *file, const char *name)
{
    const jdoc *expected = jdoc_get(run->args, "expected"), *sums = jdoc_get(expected, "sums");
    struct cost_sums all = {0};
    char text[COST_TEXT_SIZE];
    int64_t count = jdoc_int_or(expected, "count", 0);

    for (size_t i = 0; i < jdoc_length(sums); i++)
        cost_add(&all, jdoc_int_or(jdoc_at(sums, i), "total_minor", 0),
            jdoc_text_or(jdoc_at(sums, i), "currency", ""));
    cost_sums_text(&all, text);
    int error = preview_say(run, "take in %lld expense%s of %s in all, from %s to %s, out of %s%s",
        (long long)count, count == 1 ? "" : "s", text, jdoc_text_or(expected, "from", ""),
        jdoc_text_or(expected, "to", ""), file ? "the file " : "the text that was sent",
        file ? file : "");
    return error ? error : import_say_about(run, name, &all);
}

/* Reads nothing of the file: the handler takes in exactly what is `expected`, or nothing. */
int money_preview_import_expenses(struct tools_run *run)
{
    const char *id = jdoc_string(jdoc_get(run->args, "attachment_id"), NULL);
    struct attachment a = {.name = ""};
    int error = 0;

    if (!id == !jdoc_has(run->args, "text"))
        error = import_refuse(run, "/attachment_id",
            "Name the attached file as attachment_id, or give its text as text.");
    if (!error && id)
        error = import_find(run, id, &a);
    const char *name = !error && id ?
        preview_text(run->arena, a.name[0] ? a.name : "without a name", PREVIEW_TITLE) :
        NULL;
    if (!error && id && !name)
        error = ERR_NOMEM;
    if (!error)
        error = import_say(run, name, a.name);
    return error == ERR_INVALID ? 0 : error;
}
