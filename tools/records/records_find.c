/* SPDX-License-Identifier: BSD-2-Clause */
/* find_records. */
#include "tools/engine/kinds.h"
#include "tools/engine/registry.h"
#include "tools/kit/record_match.h"
#include "tools/records/entry.h"

#include "base/err.h"

#define FIND_EACH 100 /* records of a kind that a search over all kinds looks at */
#define FIND_MOST 10  /* that it shows */
#define RECORDS_FIND_ALIKE \
    " Not all have the name that was said: ask whether it is meant before such " \
    "a record is changed or deleted."

struct records_found {
    const struct kind *kind;
    const char *id;
    jdoc *brief;
    int score;
};
struct records_finding {
    struct tools_run *run;
    const struct kind *kind;
    const char *words;
    size_t looked;
    bool alike; /* one of an exact kind that is only like what was said is among them */
    struct records_found all[FIND_MOST + 1];
    size_t count;
};

static int records_find_look(void *arg, const char *id, const jdoc *record)
{
    struct records_finding *f = arg;
    int score = entry_score(f->run, f->kind, record, f->words);
    size_t i = f->count;
    if (score < 0)
        return score;
    f->looked++;
    if (score > 0 && (f->count < FIND_MOST || f->all[f->count - 1].score < score)) {
        jdoc *brief = entry_brief(f->run, f->kind, id, record);
        if (!brief)
            return ERR_NOMEM;
        for (; i > 0 && f->all[i - 1].score < score; i--)
            f->all[i] = f->all[i - 1];
        f->all[i] = (struct records_found){.kind = f->kind, .brief = brief, .score = score};
        if (f->count == FIND_MOST)
            jdoc_free(f->all[FIND_MOST].brief);
        else
            f->count++;
    }
    return f->looked >= FIND_EACH && !jdoc_has(f->run->args, "kind") ? ERR_LIMIT : 0;
}

static int records_find_kind(struct records_finding *f, const struct kind *kind, bool *more)
{
    struct entry_walk walk = {.kind = kind, .at = {.newest_first = true}};
    f->kind = kind;
    f->looked = 0;
    int error = entry_span(f->run, &walk);
    if (error == 0)
        error = entry_each(f->run, &walk, records_find_look, f);
    *more = *more || walk.more;
    return error;
}

int records_tool_find_records(struct tools_run *run)
{
    struct records_finding *f = arena_array(run->arena, 1, sizeof *f);
    const struct kind *only = entry_kind(run), *kind;
    jdoc *list = jdoc_new_array();
    bool more = false;
    int error = f && list ? 0 : ERR_NOMEM;
    if (error != 0) {
        jdoc_free(list);
        return error;
    }
    *f = (struct records_finding){.run = run, .words = jdoc_text_or(run->args, "words", "")};
    for (size_t i = 0; error == 0 && (kind = kinds_at(i)); i++)
        if (!only || kind == only)
            error = records_find_kind(f, kind, &more);
    for (size_t i = 0; i < f->count; i++) {
        f->alike |= f->all[i].kind->exact && f->all[i].score < RECORD_MATCH_SURE;
        if (jdoc_push(list, f->all[i].brief) != 0 && error == 0)
            error = ERR_NOMEM;
    }
    size_t count = jdoc_length(list);
    if (error == 0 &&
        !run_succeed(run,
            count == 0 ? "Nothing of the user's fits these words%s%s." :
                         "%s%s: what fits these words, the best first.%s",
            count == 0 ? "" : "Found", more ? " among the newest records of each kind" : "",
            f->alike ? RECORDS_FIND_ALIKE : ""))
        error = ERR_NOMEM;
    if (error == 0)
        error = jdoc_set_bool(run->result, "complete", !more);
    if (error == 0)
        return jdoc_set(run->result, "records", list);
    jdoc_free(list);
    return error == ERR_INVALID ? 0 : error;
}
