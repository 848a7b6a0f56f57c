/* SPDX-License-Identifier: BSD-2-Clause */
/* An answer of the model that an earlier worker began, and its vendor goes on with. */
#include "agent/turn_parts.h"

#include "agent/resume.h"
#include "base/err.h"
#include "base/log.h"

#include <string.h>

#define TOKEN_BYTES 4

static int turn_resume_clean(struct turn *t)
{
    int error = resume_log(&t->wait, &t->chat, t->first_new);

    if (!error)
        t->torn = false;
    return error;
}

/* What the log has of the answer. whole: out, whether that is what the mark says. */
static int turn_resume_read(struct turn *t, const jdoc *mark, bool *whole)
{
    struct answer *a = t->answer;
    const char *id = jdoc_text_or(mark, "answer", "");
    size_t left = a->bytes_left;
    int error;

    *whole = false;
    if (!jdoc_has(mark, "seq") || strlen(id) != sizeof a->id - 1)
        return 0;
    for (;;) {
        a->bytes_left = left;
        answer_restore_begin(a, id);
        error = turns_log_read(t->env->store, t->start, answer_restore_entry, a);
        if (!err_is_store(error))
            break;
        if ((error = wait_retry(&t->wait, error)))
            return error;
    }
    if (error == ERR_LIMIT)
        return 0;
    *whole = !error &&
        answer_restore_is(a, (size_t)jdoc_int_or(mark, "bytes", -1),
            (size_t)jdoc_int_or(mark, "calls", -1));
    if (!*whole)
        a->bytes_left = left;
    return error;
}

int turn_resume_begin(struct turn *t)
{
    jdoc *mark = NULL;
    bool whole = false;
    int error = 0;

    if (*t->start->upstream &&
        (error = jdoc_parse(t->start->upstream, strlen(t->start->upstream), &mark, NULL, 0)) ==
            ERR_NOMEM)
        return error;
    error = 0;
    if (mark && model_mark_provider(t->env->conf, mark)) {
        error = turn_resume_read(t, mark, &whole);
        if (!error && !whole)
            model_abandon(t->env, mark);
    }
    if (whole && !error) {
        log_info(
            "turn %s goes on with the model's answer: attempt %u, behind event %lld, %zu bytes",
            t->start->turn, t->start->attempt, (long long)jdoc_int_or(mark, "seq", -1),
            answer_bytes(t->answer));
        t->upstream = mark;
        return 0;
    }
    jdoc_free(mark);
    answer_reset(t->answer);
    return error ? error : turn_resume_clean(t);
}

/* The request is not here: the conversation counts for the input that its server did not tell. */
static void turn_resume_count(const struct turn *t, struct model_result *r)
{
    size_t bytes = 0;

    for (size_t i = 0; i < t->chat.count; i++)
        bytes += t->chat.items[i].len;
    for (size_t i = 0; i < r->used_count; i++)
        if (!r->used[i].usage.input)
            r->used[i].usage.input = (int64_t)(bytes / TOKEN_BYTES) + 1;
}

int turn_resume_ask(struct turn *t, const struct model_ask *ask, struct model_result *result)
{
    int error = model_resume(&t->model, &t->wait, t->upstream, t->answer, result);

    jdoc_free(t->upstream);
    t->upstream = NULL;
    if (error != ERR_NOT_FOUND) {
        t->torn = false;
        turn_resume_count(t, result);
        return error;
    }
    log_warn("turn %s: its model's answer cannot be gone on with: asked anew: %s", t->start->turn,
        result->why);
    answer_reset(t->answer);
    while ((error = turn_flush(t))) /* what came of it is cleaned up, too */
        if ((error = wait_retry(&t->wait, error)))
            return error;
    if ((error = turn_resume_clean(t)))
        return error;
    return model_call(&t->model, &t->wait, ask, t->answer, result);
}

void turn_resume_drop(struct turn *t)
{
    if (!t->upstream)
        return;
    model_abandon(t->env, t->upstream);
    jdoc_free(t->upstream);
    t->upstream = NULL;
    if (!answer_close(t->answer) && !answer_store(t->answer, &t->chat))
        t->torn = false;
    answer_reset(t->answer);
}
