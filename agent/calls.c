/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/calls_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/utf8.h"

#include <string.h>

static const struct approvals_taken *calls_answer_to(const struct calls *c, const char *call_id)
{
    for (size_t i = 0; i < c->answer_count; i++)
        if (!strcmp(c->answers[i].call, call_id))
            return &c->answers[i];
    return NULL;
}

/* passed: out, whether the user has said something since; only answered calls are open then. */
static const struct chat_message *calls_last(const struct calls *c, bool *passed)
{
    const struct chat *chat = c->chat;

    *passed = false;
    for (size_t i = chat->count; i-- > 0;) {
        if (chat->items[i].role == CHAT_ASSISTANT)
            return chat->items[i].call_count ? &chat->items[i] : NULL;
        *passed = *passed || chat->items[i].role == CHAT_USER;
        if (*passed && !c->answer_count)
            return NULL;
    }
    return NULL;
}

bool calls_waiting(const struct calls *c)
{
    bool passed;
    const struct chat_message *m = c->answer_count ? calls_last(c, &passed) : NULL;

    for (size_t k = 0; m && k < m->call_count; k++)
        if (calls_answer_to(c, m->calls[k].id) && !chat_result(c->chat, m->calls[k].id))
            return true;
    return false;
}

/* What a repetition finds out: Redis was away, or its answer to a write made no sense. */
static bool calls_is_unknown(const struct calls_slot *s, int error)
{
    return error == ERR_STORE || (error == ERR_INTERNAL && s->run.spec->effect != TOOLS_READ);
}

/* A call has come to its end; when that is not known for sure, it is made once more. */
static int calls_on_done(struct calls_slot *s)
{
    int error = s->run.error;

    if (calls_is_unknown(s, error) && !s->repeated && s->run.spec->effect != TOOLS_OUTSIDE) {
        const struct tools_spec *spec = s->run.spec;
        s->repeated = true;
        tools_fini(&s->run);
        s->started = false;
        error = calls_start_patiently(s, spec);
        if (error == ERR_PENDING || calls_is_end(error))
            return error;
    }
    return calls_conclude(s, error);
}

/* Tells the ends that came, ends those whose time is over. */
static int calls_collect(struct calls_batch *b, int64_t now)
{
    int error = 0;

    b->moved = false;
    for (size_t i = 0; i < b->count && !error; i++) {
        struct calls_slot *s = &b->slots[i];
        if (!s->waiting)
            continue;
        tools_go_on(&s->run);
        if ((error = calls_ask_look(s, now)))
            break;
        if (s->live)
            continue;
        if (s->run.done) {
            error = calls_on_done(s);
            if (error == ERR_PENDING) {
                error = 0;
                continue;
            }
        } else if (now >= s->until_ms) {
            tools_cancel(&s->run);
            error = calls_fail(s, "timeout",
                "The tool did not answer in time. Whether it had an "
                "effect is not known.");
        } else {
            continue;
        }
        s->waiting = false;
        b->waiting--;
    }
    b->heard = false;
    return error;
}

/* When there is something to do for a call that nobody has woken. */
static int64_t calls_due(const struct calls_slot *s)
{
    return s->live ? calls_ask_due(s) : s->until_ms;
}

static int calls_await(struct calls_batch *b)
{
    int error = 0;

    b->owner->wait->answered = &b->moved;
    while (b->waiting && !error) {
        int64_t next = 0;
        for (size_t i = 0; i < b->count; i++)
            if (b->slots[i].waiting && (!next || calls_due(&b->slots[i]) < next))
                next = calls_due(&b->slots[i]);
        error = wait_until(b->owner->wait, &b->moved, next);
        b->heard = b->moved;
        if (!error || error == ERR_ELAPSED)
            error = calls_collect(b, clock_mono_ms());
    }
    b->owner->wait->answered = NULL;
    return error;
}

/* What was under way when the turn had to end. */
static void calls_give_up(struct calls_batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        struct calls_slot *s = &b->slots[i];
        if (!s->waiting)
            continue;
        s->waiting = false;
        tools_go_on(&s->run); /* an answer that has come is recorded, and counts */
        if (s->run.done && !s->run.error && s->run.result && !calls_conclude(s, 0))
            continue;
        calls_ask_drop(s, "withdrawn");
        tools_cancel(&s->run);
        err_ignore(calls_fail(s, "unknown_outcome",
            "The turn ended while this call was under way. It may or may not have had an effect."));
    }
}

static int calls_store(struct calls_batch *b)
{
    struct calls *c = b->owner;
    int error = 0;

    for (size_t i = 0; i < b->count && !error; i++) {
        struct calls_slot *s = &b->slots[i];
        struct chat_message m = {.role = CHAT_TOOL,
            .call_id = s->call->id,
            .text = s->text,
            .len = s->len,
            .failed = s->failed};
        if (!s->answered)
            continue;
        m.id = arena_strdup(c->arena, s->message_id);
        error = m.id ? chat_add(c->chat, &m) : ERR_NOMEM;
    }
    return error;
}

static int calls_pending(struct calls_batch *b, const char *const **pending, size_t *count)
{
    const char **ids = arena_array(b->owner->arena, b->count + 1, sizeof *ids);

    if (!ids)
        return ERR_NOMEM;
    for (size_t i = 0; i < b->count; i++)
        if (!b->slots[i].answered && !b->slots[i].asked)
            ids[(*count)++] = b->slots[i].call->id;
    *pending = ids;
    return 0;
}

static int calls_open(struct calls *c, struct calls_batch *b)
{
    bool passed;
    const struct chat_message *m = calls_last(c, &passed);

    *b = (struct calls_batch){.owner = c, .task = task_ref_self()};
    c->ask_count = 0;
    if (!m)
        return 0;
    b->slots = arena_array(c->arena, m->call_count, sizeof *b->slots);
    c->asks = arena_array(c->arena, m->call_count, sizeof *c->asks);
    if (!b->slots || !c->asks)
        return ERR_NOMEM;
    for (size_t i = 0; i < m->call_count; i++) {
        const struct approvals_taken *answer = calls_answer_to(c, m->calls[i].id);
        if (chat_result(c->chat, m->calls[i].id) || (passed && !answer))
            continue;
        b->slots[b->count++] = (struct calls_slot){.call = &m->calls[i],
            .batch = b,
            .answer = answer,
            .args = m->calls[i].args,
            .args_len = m->calls[i].args_len};
    }
    return 0;
}

int calls_run(struct calls *c, const char *const **pending, size_t *pending_count)
{
    struct calls_batch b;
    int error = calls_open(c, &b), stored;

    *pending_count = 0;
    for (size_t i = 0; i < b.count && !error; i++) {
        error = calls_start(&b.slots[i]);
        if (!error && i + 1 < b.count)
            error = wait_check(c->wait);
    }
    if (!error)
        error = calls_await(&b);
    calls_give_up(&b);
    stored = calls_store(&b);
    for (size_t i = 0; i < b.count; i++)
        if (b.slots[i].started)
            tools_fini(&b.slots[i].run);
    if (!error)
        error = stored;
    c->resumed = false;
    return error ? error : calls_pending(&b, pending, pending_count);
}

int calls_refuse(struct calls *c, const char *code, const char *text)
{
    struct calls_batch b;
    int error = calls_open(c, &b), stored;

    for (size_t i = 0; i < b.count && !error; i++)
        error = calls_fail(&b.slots[i], code, text);
    stored = calls_store(&b);
    return error ? error : stored;
}

int calls_refuse_cut(struct calls *c)
{
    struct calls_batch b;
    int error = calls_open(c, &b), stored;
    struct calls_slot *last = b.count ? &b.slots[b.count - 1] : NULL;

    if (error || !last || !utf8_blank(last->args, last->args_len))
        return error;
    error = calls_fail(last, "cut_off",
        "Nothing was run: the answer ended before the arguments "
        "of this call were written. Make the call again, and write less beside it.");
    stored = calls_store(&b);
    return error ? error : stored;
}
