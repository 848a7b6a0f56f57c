/* SPDX-License-Identifier: BSD-2-Clause */
/* What is forgotten; for good: out of the history as well, also what was forgotten before. */
#include "tools/memory/memory_parts.h"

#include "store/changes.h"
#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"

#include "base/err.h"

#include <string.h>

#define SHOWN 20 /* forgotten facts in a result */
#define PAST_PAGE 16
_Static_assert(REMEMBERED_MAX < RECORDS_WRITES_MAX, "everything is forgotten at once");

/* What a call means. */
struct memory_forgets {
    struct remembered_list now; /* facts of today */
    struct remembered_list
        past; /* for good: forgotten or replaced before, and still in the history */
    bool all;
};

static bool memory_forget_for_good(const struct tools_run *run)
{
    return jdoc_is_true(run->args, "for_good");
}

/* ---- what was forgotten before ---- */

static bool memory_forget_has(const struct remembered_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->all[i].id, id) == 0)
            return true;
    return false;
}

static int memory_forget_past_add(struct tools_run *run, const char *json,
    struct remembered_list *past, size_t *room)
{
    struct remembered_list one;
    const char *copy = arena_strdup(run->arena, json);
    int error = copy ? remembered_take(&copy, 1, run->arena, &one) : ERR_NOMEM;
    if (error != 0 || one.count == 0)
        return error;
    if (past->count == *room) {
        *room = *room ? 2 * *room : 64;
        struct remembered *all = arena_array(run->arena, *room, sizeof *all);
        if (!all)
            return ERR_NOMEM;
        if (past->count)
            memcpy(all, past->all, past->count * sizeof *all);
        past->all = all;
    }
    past->all[past->count++] = one.all[0];
    return 0;
}

/* The texts of the history, the latest first, without facts that are there today. */
static int memory_forget_past(struct tools_run *run, const struct remembered_list *now,
    struct remembered_list *past)
{
    struct changes_list page = {.more = true};
    size_t room = 0;
    int error = 0;
    *past = (struct remembered_list){0};
    for (size_t from = 0; error == 0 && page.more; from += PAST_PAGE) {
        struct arena *own = arena_new(); /* what else is in the history is not kept */
        error = own ?
            changes_deleted_from(run->context->store, run->context->uid,
                &(struct changes_look){.family = REMEMBERED_FAMILY, .from = from, .max = PAST_PAGE},
                own, &page) :
            ERR_NOMEM;
        for (size_t i = 0; error == 0 && i < page.count; i++)
            for (size_t k = 0; error == 0 && k < page.all[i].count; k++) {
                const struct changes_write *w = &page.all[i].writes[k];
                if (w->was && strcmp(w->family, REMEMBERED_FAMILY) == 0 &&
                    !memory_forget_has(now, w->id))
                    error = memory_forget_past_add(run, w->was, past, &room);
            }
        arena_free(own);
    }
    return error;
}

/* Leaves those that the words mean best, or that say what `one` says. */
static void memory_forget_choose(struct remembered_list *past, const char *said,
    const struct remembered *one)
{
    size_t kept = 0;
    int best = 0;
    for (size_t i = 0; i < past->count && !one; i++)
        best = memory_score(&past->all[i], said) > best ? memory_score(&past->all[i], said) : best;
    for (size_t i = 0; i < past->count; i++) {
        const struct remembered *old = &past->all[i];
        if (one ? memory_is_same(old->text, one->text) : best && memory_score(old, said) == best)
            past->all[kept++] = *old;
    }
    past->count = kept;
}

/* ---- what is meant ---- */

static bool memory_forget_knows(const struct remembered_list *list, const char *said)
{
    for (size_t i = 0; i < list->count; i++)
        if (memory_score(&list->all[i], said))
            return true;
    return false;
}

/* One fact of today; for good also those of the past that say the same, or none but these. */
static int memory_forget_meant_one(struct tools_run *run, const char *said,
    struct memory_forgets *m)
{
    const struct remembered *one = NULL;
    if (m->past.count == 0 || memory_forget_knows(&m->now, said)) {
        int error = memory_pick(run, &m->now, "/memory", said, &one);
        if (error != 0)
            return error;
        m->now = (struct remembered_list){.all = m->now.all + (one - m->now.all), .count = 1};
        memory_forget_choose(&m->past, said, one);
        return 0;
    }
    memory_forget_choose(&m->past, said, NULL);
    if (m->past.count == 0) { /* nobody knows it: that is said */
        int error = memory_pick(run, &m->now, "/memory", said, &one);
        return error == 0 ? ERR_INTERNAL : error;
    }
    m->now.count = 0;
    return 0;
}

static int memory_forget_meant(struct tools_run *run, struct memory_forgets *m)
{
    const char *said = jdoc_string(jdoc_get(run->args, "memory"), NULL);
    *m = (struct memory_forgets){
        .all = strcmp(jdoc_text_or(run->args, "what", "one"), "everything") == 0};
    int error = memory_list(run, &m->now);
    if (error == 0 && !m->all && !said) {
        error = run_fail_at(run, "/memory", "the id or words of what is to be forgotten",
            "Which fact? Say \"memory\", or \"what\": \"everything\".");
        return error == 0 ? ERR_INVALID : error;
    }
    if (error == 0 && memory_forget_for_good(run))
        error = memory_forget_past(run, &m->now, &m->past);
    return error != 0 || m->all ? error : memory_forget_meant_one(run, said, m);
}

static bool memory_forget_nothing(const struct memory_forgets *m)
{
    return m->now.count == 0 && m->past.count == 0;
}

int memory_preview_forget(struct tools_run *run)
{
    struct memory_forgets m;
    int error = memory_forget_meant(run, &m);
    if (error != 0)
        return error == ERR_INVALID ? 0 : error;
    if (memory_forget_nothing(&m))
        return run_fail(run, "not_found", "Nothing is remembered.");
    error = about_deletion(run, NULL);
    if (error != 0)
        return error;
    const char *how = memory_forget_for_good(run) ? ", for good" : "";
    if (m.all && m.now.count == 0)
        return preview_say(run, "forget everything that was forgotten before, for good");
    if (m.all && m.now.count > 1)
        return preview_say(run, "forget everything that is remembered, %zu facts%s", m.now.count,
            how);
    const struct remembered *one = m.now.count ? m.now.all : m.past.all;
    return preview_say(run, "forget %s%s", preview_text(run->arena, one->text, PREVIEW_BODY), how);
}

/* ---- forgetting ---- */

static bool memory_forget_say(struct tools_run *run, const struct memory_forgets *m)
{
    size_t count = m->now.count;
    if (memory_forget_for_good(run) && m->all && m->past.count)
        return run_succeed(run,
            "Forgotten for good, everything, also what was forgotten before. Nothing can bring it "
            "back.");
    if (memory_forget_for_good(run))
        return count <= 1 ?
            run_succeed(run, "Forgotten for good. Nothing can bring it back.") :
            run_succeed(run, "Forgotten for good, all %zu facts. Nothing can bring them back.",
                count);
    return count == 1 ?
        run_succeed(run, "Forgotten: %s. Undo can bring it back for 30 days.", m->now.all->text) :
        run_succeed(run, "Forgotten, all %zu facts. Undo can bring them back for 30 days.", count);
}

static int memory_forget_result(struct tools_run *run, const struct memory_forgets *m)
{
    jdoc *list = jdoc_new_array();
    int error = list ? 0 : ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < m->now.count && i < SHOWN && !memory_forget_for_good(run);
         i++)
        error =
            memory_add(list, &m->now.all[i]); /* the result is kept: nothing that goes for good */
    if (error == 0 && !memory_forget_say(run, m))
        error = ERR_NOMEM;
    if (error != 0) {
        jdoc_free(list);
        return error;
    }
    size_t count = m->now.count ? m->now.count : m->past.count;
    error = jdoc_set(run->result, "forgotten", list);
    return error == 0 ? jdoc_set_int(run->result, "count", (int64_t)count) : error;
}

static int memory_forget_commit(struct tools_run *run, const struct memory_forgets *m,
    const struct record_item *items, size_t count)
{
    struct changes_purge what = {.family = REMEMBERED_FAMILY, .all = m->all};
    const char **ids = arena_array(run->arena, m->past.count + 1, sizeof *ids);
    if (!ids)
        return ERR_NOMEM;
    for (what.count = 0; what.count < m->past.count && !m->all; what.count++)
        ids[what.count] = m->past.all[what.count].id;
    what.ids = ids;
    return record_commit_for_good(run, items, count, &what);
}

static int memory_forget_try(struct tools_run *run, void *arg)
{
    struct memory_forgets m;
    int error = memory_forget_meant(run, &m);
    (void)arg;
    if (error != 0)
        return error;
    if (memory_forget_nothing(&m))
        return run_fail(run, "not_found", "Nothing is remembered.");
    struct record_item *items = arena_array(run->arena, m.now.count + 1, sizeof *items);
    size_t count = 0;
    if (!items)
        return ERR_NOMEM;
    for (; count < m.now.count; count++)
        items[count] = (struct record_item){.family = REMEMBERED_FAMILY,
            .id = m.now.all[count].id,
            .seen = m.now.all[count].json};
    if (count == 0) /* that it was done is noted with a write: this one finds nothing */
        items[count++] = (struct record_item){.family = REMEMBERED_FAMILY,
            .id = m.past.all[0].id,
            .seen = RECORDS_SEEN_NONE};
    error = memory_forget_result(run, &m);
    if (error != 0)
        return error;
    return memory_forget_for_good(run) ? memory_forget_commit(run, &m, items, count) :
                                         record_commit(run, items, count, false);
}

int memory_tool_forget(struct tools_run *run)
{
    return record_retry(run, memory_forget_try, NULL);
}
