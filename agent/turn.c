/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/turn_parts.h"

#include "agent/model/deferred.h"
#include "agent/offer.h"
#include "base/err.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

void turn_stage(struct turn *t, enum stage s)
{
    if (t->env->on_stage)
        t->env->on_stage(t->env->arg, s);
}

/* ---- before the fork ---- */

int turn_global_init(const struct conf *conf)
{
    struct context_tool *tools = calloc(tools_count() + 1, sizeof *tools);
    size_t count = 0;
    int error;

    if (!tools)
        return ERR_NOMEM;
    for (size_t i = 0; i < tools_count(); i++) {
        const struct tools_spec *spec = tools_at(i);
        if (offer_is_core(conf, spec)) /* the others come in by find_tools */
            tools[count++] = (struct context_tool){.name = spec->name,
                .description = spec->description,
                .schema = spec->arguments_schema};
    }
    error = tools_global_init();
    if (!error)
        error = context_prepare(conf);
    if (!error)
        error = turn_cache_prepare(conf);
    if (!error)
        error = provider_prepare(tools, count);
    if (!error)
        error = deferred_prepare(conf);
    if (!error)
        error = quirks_share();
    free(tools);
    return error;
}

/* ---- a turn ---- */

static void turn_fini(struct turn *t)
{
    if (t->waiting)
        wait_end(&t->wait);
    eventlog_end(t->env->eventlog);
    model_fini(&t->model);
    if (t->answer)
        answer_fini(t->answer);
    free(t->answer);
    jdoc_free(t->upstream);
    buf_free(&t->json);
    buf_free(&t->usage_json);
    buf_free(&t->interrupts);
    if (t->scratch)
        arena_free(t->scratch);
    if (t->arena)
        arena_free(t->arena);
}

/* From set-up to its end in Redis. */
static int turn_execute(struct turn *t, struct turn_result *result)
{
    enum turn_ending ending = TURN_WELL;
    int error = turn_begin(t);

    if (error)
        ending = turn_ending_of(error == ERR_INVALID ? ERR_INTERNAL : error);
    else
        error = turn_steps(t, &ending);
    if (error && ending == TURN_INTERNAL)
        log_error("turn %s: %s", t->start->turn, err_text(error));
    if (ending == TURN_DRAINING)
        return turn_give_back(t);
    if (error == ERR_FENCED || !t->waiting)
        return error;
    turn_resume_drop(t);
    wait_end(&t->wait);
    t->waiting = false;
    error = turn_end(t, ending, result);
    /* A kept answer costs no call of a model, so its chat keeps the question as its title. */
    if (!error && ending == TURN_WELL && t->cache.state != TURN_CACHE_TOLD)
        result->title = turn_title_of(t);
    return error;
}

int turn_run(struct turn_env *env, const struct turns_start *start, const struct input *input,
    struct turn_result *result)
{
    struct turn *t = calloc(1, sizeof *t); /* some KiB: not on the stack of a task */
    int error = ERR_NOMEM;

    memset(result, 0, sizeof *result);
    result->next.outcome = TURNS_DUPLICATE; /* nothing to run */
    if (t) {
        t->env = env;
        t->own = *start;
        t->own.account = &t->account;
        t->start = &t->own;
        t->actor = t->own.uid;
        t->given = input;
        t->input.run_id = "";
        turn_measure_begin(t);
        error = turn_execute(t, result);
    }
    if (error == ERR_FENCED)
        log_info("turn %s: another worker owns it now", start->turn);
    else if (error)
        log_error("turn %s: its end could not be written: %s", start->turn, err_text(error));
    if (error)
        buf_free(&result->reply);
    if (t)
        turn_fini(t);
    free(t);
    return error;
}
