/* SPDX-License-Identifier: BSD-2-Clause */
/* Which record a call means. */
#include "tools/records/entry.h"

#include "base/err.h"
#include "tools/engine/kinds.h"
#include "tools/engine/tools.h"
#include "tools/kit/record.h"
#include "tools/kit/record_match.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct kind *entry_kind(const struct tools_run *run)
{
    return kinds_find(jdoc_text_or(run->args, "kind", ""));
}

int entry_match(struct tools_run *run, struct entry_matches *m, const struct kind *kind,
    const char *id, const jdoc *record, int score)
{
    size_t i = m->count < ENTRY_SHOWN ? m->count : ENTRY_SHOWN;
    m->same += score == 100;
    m->sure += score >= RECORD_MATCH_SURE;
    if (i == ENTRY_SHOWN && m->all[i - 1].score >= score)
        return 0;
    for (; i > 0 && m->all[i - 1].score < score; i--)
        m->all[i] = m->all[i - 1];
    m->all[i] = (struct entry_found){.id = arena_strdup(run->arena, id),
        .line = entry_line(run, kind, record),
        .score = score};
    m->count += m->count < ENTRY_SHOWN;
    return m->all[i].id && m->all[i].line ? 0 : ERR_NOMEM;
}

const struct entry_found *entry_meant(const struct entry_matches *m)
{
    return (m->same == 1 || m->sure == 1) && m->all[0].score >= RECORD_MATCH_SURE ? &m->all[0] :
                                                                                    NULL;
}

int entry_refuse_several(struct tools_run *run, const struct kind *kind,
    const struct entry_matches *m)
{
    int error;
    const char *list = "";
    for (size_t i = 0; list && i < m->count; i++)
        list = arena_printf(run->arena, "%s%s%s (id %s)", list, i > 0 ? "; " : "", m->all[i].line,
            m->all[i].id);
    if (!list)
        return ERR_NOMEM;
    if (m->count == 0)
        error = run_fail(run, "not_found",
            "There is no such %s. list_records lists those there are.", kind->title);
    else if (m->sure == 0 && kind->exact)
        error = run_ask_back(run, "/name", "the name as it is noted, or the id of the one meant",
            "\"%.100s\" is not noted. Is %s meant? Ask, as it may be another one: %s.",
            jdoc_text_or(run->args, "name", ""), m->count == 1 ? "this" : "one of these", list);
    else if (m->sure == 0)
        error = run_fail(run, "not_found", "There is no such %s. Like it: %s.", kind->title, list);
    else
        error = run_ask_back(run, jdoc_has(run->args, "name") ? "/name" : "/id",
            "the id of the one that is meant",
            "%zu may be meant; ask which one, and give its id: %s.", m->sure, list);
    return error != 0 ? error : ERR_INVALID;
}

/* --- by name --- */

struct entry_search {
    struct tools_run *run;
    const struct kind *kind;
    const char *said;
    struct entry_matches matches;
};

static int entry_look(void *arg, const char *id, const jdoc *record)
{
    struct entry_search *s = arg;
    int score = entry_score(s->run, s->kind, record, s->said);
    if (score <= 0)
        return score;
    return entry_match(s->run, &s->matches, s->kind, id, record, score);
}

static bool entry_says_last(const char *said)
{
    static const char *const words[] = {"last", "latest", "newest", "the last one", "the latest"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(said, words[i]) == 0)
            return true;
    return false;
}

static int entry_take_first(void *arg, const char *id, const jdoc *record)
{
    struct entry_search *s = arg;
    int error = entry_match(s->run, &s->matches, s->kind, id, record, RECORD_MATCH_SURE);
    return error != 0 ? error : ERR_LIMIT;
}

static int entry_pick_by_name(struct tools_run *run, const struct kind *kind, const char *said,
    const char **id)
{
    struct entry_search *s = arena_array(run->arena, 1, sizeof *s);
    struct entry_walk walk = {.kind = kind,
        .at = {.from = -RECORD_FOREVER, .to = RECORD_FOREVER, .newest_first = true}};
    if (!s)
        return ERR_NOMEM;
    *s = (struct entry_search){.run = run, .kind = kind, .said = said};
    int error = entry_each(run, &walk, entry_says_last(said) ? entry_take_first : entry_look, s);
    const struct entry_found *meant = error == 0 ? entry_meant(&s->matches) : NULL;
    if (error != 0)
        return error;
    if (!meant)
        return entry_refuse_several(run, kind, &s->matches);
    *id = meant->id;
    return 0;
}

static int entry_missing(struct tools_run *run, const struct kind *kind)
{
    int error = run_fail(run, "not_found",
        "There is no %s with this id. list_records lists those "
        "there are; with `deleted`, those that were deleted.",
        kind->title);
    return error != 0 ? error : ERR_INVALID;
}

int entry_pick(struct tools_run *run, struct entry *out)
{
    const struct kind *kind = entry_kind(run);
    const char *id = jdoc_string(jdoc_get(run->args, "id"), NULL),
               *name = jdoc_string(jdoc_get(run->args, "name"), NULL);
    *out = (struct entry){.kind = kind};
    if (!kind)
        return ERR_INTERNAL;
    if (!id && !name) {
        int error = run_fail_at(run, "/id", "id, or name: what the user calls it",
            "Which %s is meant?", kind->title);
        return error != 0 ? error : ERR_INVALID;
    }
    int error = id ? 0 : entry_pick_by_name(run, kind, name, &id);
    if (error != 0)
        return error;
    out->id = id;
    error = record_get(run, kind->family, id, &out->record, &out->seen);
    return error == ERR_NOT_FOUND ? entry_missing(run, kind) : error;
}

/* --- another tool --- */

/* The other tool's result in the form of this one's. */
static jdoc *entry_shape(struct tools_run *run)
{
    const struct kind *kind = run->shape_arg;
    const jdoc *own = jdoc_get(run->result, run->spec->entity);
    jdoc *record = own ? jdoc_dup(own) : jdoc_new_object(), *shaped = jdoc_new_object();
    entry_hide(kind, record);
    int failed = !shaped || jdoc_set_bool(shaped, "success", true) != 0 ||
        jdoc_set_string(shaped, "message", jdoc_text_or(run->result, "message", "")) != 0 ||
        jdoc_set_string(shaped, "kind", kind->name) != 0;
    if (!failed && record && jdoc_set(shaped, "record", record) == 0)
        return shaped;
    if (failed)
        jdoc_free(record);
    jdoc_free(shaped);
    return NULL;
}

static int entry_call(struct tools_run *run, const struct tools_spec *spec, bool preview)
{
    struct tools_problem problem;
    if (tools_check(spec, run->args, &problem) != 0) {
        int error = run_fail_at(run, problem.path, problem.expected, "%s", problem.message);
        return error != 0 ? error : ERR_INVALID;
    }
    run->spec = spec;
    int error = preview ? spec->preview(run) : spec->handler(run);
    if (error != ERR_PENDING)
        return error;
    if (run->on_cancel) /* kinds name tools that answer at once */
        run->on_cancel(run);
    return ERR_INTERNAL;
}

int entry_delegate(struct tools_run *run, const struct kind *kind, const char *tool, jdoc *args,
    bool preview)
{
    const struct tools_spec *own = run->spec, *spec = tools_find(tool);
    jdoc *own_args = run->args;
    const char *effect;
    int error = record_effect(run, &effect);
    if (error == 0 && (!spec || (preview && !spec->preview)))
        error = ERR_INTERNAL;
    if (error == 0) {
        run->args = args;
        run->effect = effect;
        run->shape = entry_shape;
        run->shape_arg = kind;
        error = entry_call(run, spec, preview);
        args = run->args;
    }
    run->args = own_args;
    run->spec = own;
    run->effect = NULL;
    run->shape = NULL;
    jdoc_free(args);
    return error == ERR_INVALID ? 0 : error;
}
