/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/answer_parts.h"

#include "agent/events.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_ID_MAX 64
#define FIRST_ROOM 4

static int answer_send_event(struct answer *a)
{
    int error = buf_error(&a->json);

    if (a->quiet)
        return error;
    if (!error)
        error = eventlog_event(a->log, LOGENTRY_NONE, buf_text(&a->json), a->json.len);
    a->emitted = true;
    return error;
}

static int answer_send_text(struct answer *a, enum eventlog_delta kind, const char *id,
    const char *s, size_t len)
{
    return a->quiet ? 0 : eventlog_text(a->log, kind, id, s, len);
}

#define EMIT(a, write) (buf_reset(&(a)->json), (write), answer_send_event(a))

static int answer_spend(struct answer *a, size_t len)
{
    if (len > a->bytes_left)
        return ERR_LIMIT;
    a->bytes_left -= len;
    return 0;
}

/* ---- the order in which things came ---- */

static void answer_note_text(struct answer *a)
{
    if (a->text_run)
        buf_printf(&a->order, "t%zu ", a->text_run);
    a->text_run = 0;
}

void answer_note_order(struct answer *a, char what)
{
    answer_note_text(a);
    buf_printf(&a->order, "%c ", what);
}

/* Thoughts, then the text, then calls: that needs no words. */
static bool answer_is_usual_order(const char *order)
{
    while (*order == 'r')
        order += 2;
    if (*order == 't')
        order += strcspn(order, " ") + 1;
    while (*order == 'c')
        order += 2;
    return !*order;
}

/* ---- text ---- */

static int answer_end_text(struct answer *a)
{
    if (!a->text_open)
        return 0;
    a->text_open = false;
    return EMIT(a, events_text_end(&a->json, a->id));
}

static int answer_open_text(struct answer *a)
{
    int error;

    if (a->on_part)
        a->on_part(a->arg, false);
    buf_reset(&a->json);
    events_text_start(&a->json, a->id);
    if ((error = buf_error(&a->json)) ||
        (error = eventlog_hold(a->log, LOGENTRY_NONE, buf_text(&a->json), a->json.len)))
        return error;
    a->emitted = true;
    a->text_open = true;
    if (!a->said_us)
        a->said_us = clock_mono_us();
    return 0;
}

static int answer_on_text(void *arg, const char *s, size_t len)
{
    struct answer *a = arg;
    int error;

    if ((error = answer_spend(a, len)))
        return error;
    if (!a->text_open && !a->quiet && (error = answer_open_text(a)))
        return error;
    buf_put(&a->text, s, len);
    a->text_run += len;
    if (buf_error(&a->text))
        return buf_error(&a->text);
    return answer_send_text(a, EVENTLOG_TEXT, a->id, s, len);
}

int answer_say(struct answer *a, const char *text)
{
    return answer_on_text(a, text, strlen(text));
}

/* The list with room for one element more; new ones are empty. NULL: no memory, it stays as it
 * is. */
static void *answer_with_room(void *list, size_t *room, size_t count, size_t size)
{
    size_t more = *room ? *room * 2 : FIRST_ROOM;
    char *data;

    if (count < *room)
        return list;
    data = realloc(list, more * size);
    if (!data)
        return NULL;
    memset(data + *room * size, 0, (more - *room) * size);
    *room = more;
    return data;
}

/* ---- thoughts ---- */

int answer_add_thought(struct answer *a, struct answer_thought **out)
{
    struct answer_thought *t;

    if (a->thought_count == ANSWER_THOUGHTS_MAX)
        return ERR_LIMIT;
    if (!(t = answer_with_room(a->thoughts, &a->thought_room, a->thought_count, sizeof *t)))
        return ERR_NOMEM;
    a->thoughts = t;
    *out = t + a->thought_count++;
    buf_reset(&(*out)->text);
    (*out)->sealed = NULL;
    (*out)->open = true;
    answer_note_order(a, 'r');
    return 0;
}

/* *out: NULL when there are too many already. */
static int answer_open_thought(struct answer *a, struct answer_thought **out)
{
    struct answer_thought *t;
    int error;

    if (a->thought_count && a->thoughts[a->thought_count - 1].open) {
        *out = &a->thoughts[a->thought_count - 1];
        return 0;
    }
    *out = NULL;
    if (a->thought_count == ANSWER_THOUGHTS_MAX)
        return 0;
    if ((error = answer_add_thought(a, &t)))
        return error;
    ident_uuid7(t->id);
    *out = t;
    if ((error = EMIT(a, events_reasoning_start(&a->json, t->id))))
        return error;
    return EMIT(a, events_reasoning_message_start(&a->json, t->id));
}

static int answer_on_reasoning(void *arg, const char *s, size_t len)
{
    struct answer *a = arg;
    struct answer_thought *t;
    int error;

    if ((error = answer_spend(a, len)) || (error = answer_open_thought(a, &t)) || !t)
        return error;
    buf_put(&t->text, s, len);
    if (buf_error(&t->text))
        return buf_error(&t->text);
    return answer_send_text(a, EVENTLOG_REASONING, t->id, s, len);
}

static int answer_end_thought(struct answer *a, struct answer_thought *t)
{
    int error;

    if (!t->open)
        return 0;
    t->open = false;
    if ((error = EMIT(a, events_reasoning_message_end(&a->json, t->id))))
        return error;
    if (t->sealed && (error = EMIT(a, events_reasoning_sealed(&a->json, t->id, t->sealed))))
        return error;
    return EMIT(a, events_reasoning_end(&a->json, t->id));
}

static int answer_on_reasoning_end(void *arg, const char *sealed)
{
    struct answer *a = arg;
    struct answer_thought *t;
    int error;

    if (!sealed && !(a->thought_count && a->thoughts[a->thought_count - 1].open))
        return 0;
    if ((error = answer_open_thought(a, &t)) || !t)
        return error;
    if (sealed &&
        ((error = answer_spend(a, strlen(sealed))) ||
            !(t->sealed = arena_strdup(a->arena, sealed))))
        return error ? error : ERR_NOMEM;
    return answer_end_thought(a, t);
}

/* ---- calls ---- */

static bool answer_taken(const struct answer *a, const char *id)
{
    for (size_t i = 0; i < a->call_count; i++)
        if (a->calls[i].id && !strcmp(a->calls[i].id, id))
            return true;
    return chat_has_call(a->chat, id) || chat_result(a->chat, id); /* a client may send any id */
}

/* The provider's id when it is good and new in this conversation, else one of ours. */
static char *answer_call_id(struct answer *a, const char *given)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t len = strlen(given);
    char uuid[IDENT_UUID_SIZE];

    if (len && len <= CALL_ID_MAX && strspn(given, good) == len && !answer_taken(a, given))
        return arena_strdup(a->arena, given);
    ident_uuid7(uuid);
    return arena_printf(a->arena, "tc_%s", uuid); /* 39 bytes: one protocol takes 40 */
}

int answer_add_call(struct answer *a, const char *name, struct answer_call **out)
{
    const struct context_tool *tool = a->frame ? context_called_tool(a->frame, name) : NULL;
    bool renamed = tool && tool->own;
    struct answer_call *c;

    if (a->call_count == ANSWER_CALLS_MAX)
        return ERR_LIMIT;
    if (!(c = answer_with_room(a->calls, &a->call_room, a->call_count, sizeof *c)))
        return ERR_NOMEM;
    a->calls = c;
    *out = c += a->call_count;
    c->name = arena_strdup(a->arena, renamed ? tool->own : name);
    c->alias = renamed ? arena_strdup(a->arena, tool->name) : NULL;
    c->id = c->sealed = NULL;
    buf_reset(&c->args);
    if (!c->name || (renamed && !c->alias))
        return ERR_NOMEM;
    answer_note_order(a, 'c');
    a->call_count++;
    c->open = true;
    return 0;
}

static int answer_on_call_start(void *arg, unsigned call, const char *id, const char *name)
{
    struct answer *a = arg;
    struct answer_call *c;
    int error;

    if (call != a->call_count)
        return ERR_LIMIT;
    if ((error = answer_spend(a, strlen(name))) || (error = answer_end_text(a)))
        return error;
    char *own = answer_call_id(a, id);
    if (!own)
        return ERR_NOMEM;
    if ((error = answer_add_call(a, name, &c)))
        return error;
    c->id = own;
    if (a->on_part)
        a->on_part(a->arg, true);
    return EMIT(a, events_call_start(&a->json, c->id, c->name, a->id));
}

static int answer_on_call_args(void *arg, unsigned call, const char *s, size_t len)
{
    struct answer *a = arg;
    int error;

    if (call >= a->call_count)
        return ERR_PROTOCOL;
    if ((error = answer_spend(a, len)))
        return error;
    buf_put(&a->calls[call].args, s, len);
    if (buf_error(&a->calls[call].args))
        return buf_error(&a->calls[call].args);
    return answer_send_text(a, EVENTLOG_TOOL_ARGS, a->calls[call].id, s, len);
}

static int answer_on_call_sealed(void *arg, unsigned call, const char *sealed)
{
    struct answer *a = arg;
    int error;

    if (call >= a->call_count)
        return ERR_PROTOCOL;
    if ((error = answer_spend(a, strlen(sealed))))
        return error;
    a->calls[call].sealed = arena_strdup(a->arena, sealed);
    return a->calls[call].sealed ? 0 : ERR_NOMEM;
}

static int answer_end_call(struct answer *a, struct answer_call *c)
{
    if (!c->open)
        return 0;
    c->open = false;
    return EMIT(a, events_call_end(&a->json, c->id));
}

static int answer_on_call_end(void *arg, unsigned call)
{
    struct answer *a = arg;
    return call < a->call_count ? answer_end_call(a, &a->calls[call]) : ERR_PROTOCOL;
}

/* It says nothing of the answer: that may still be asked for again. */
static int answer_on_status(void *arg, const char *word)
{
    struct answer *a = arg;

    buf_reset(&a->json);
    events_model_status(&a->json, word);
    if (buf_error(&a->json))
        return buf_error(&a->json);
    return eventlog_event(a->log, LOGENTRY_NONE, buf_text(&a->json), a->json.len);
}

static int answer_on_text_sealed(void *arg, const char *sealed)
{
    struct answer *a = arg;
    int error = answer_spend(a, strlen(sealed));

    if (error)
        return error;
    return (a->sealed = arena_strdup(a->arena, sealed)) ? 0 : ERR_NOMEM;
}

/* ---- life ---- */

void answer_init(struct answer *a)
{
    a->sink = (struct provider_sink){a, answer_on_text, answer_on_reasoning,
        answer_on_reasoning_end, answer_on_call_start, answer_on_call_args, answer_on_call_end,
        answer_on_call_sealed, answer_on_status, answer_on_text_sealed};
    answer_reset(a);
}

void answer_reset(struct answer *a)
{
    ident_uuid7(a->id);
    buf_reset(&a->text);
    a->text_open = a->emitted = false;
    a->sealed = NULL;
    a->call_count = a->thought_count = 0;
    buf_reset(&a->order);
    a->text_run = 0;
}

void answer_fini(struct answer *a)
{
    for (size_t i = 0; i < a->call_room; i++)
        buf_free(&a->calls[i].args);
    for (size_t i = 0; i < a->thought_room; i++)
        buf_free(&a->thoughts[i].text);
    free(a->calls);
    free(a->thoughts);
    buf_free(&a->text);
    buf_free(&a->order);
    buf_free(&a->json);
}

size_t answer_bytes(const struct answer *a)
{
    size_t bytes = a->text.len;

    for (size_t i = 0; i < a->call_count; i++)
        bytes += a->calls[i].args.len;
    for (size_t i = 0; i < a->thought_count; i++)
        bytes += a->thoughts[i].text.len;
    return bytes;
}

int answer_close(struct answer *a)
{
    int error = 0;

    for (size_t i = 0; i < a->thought_count && !error; i++)
        error = answer_end_thought(a, &a->thoughts[i]);
    if (!error)
        error = answer_end_text(a);
    for (size_t i = 0; i < a->call_count && !error; i++)
        error = answer_end_call(a, &a->calls[i]);
    return error;
}

static int answer_store_thoughts(struct answer *a, struct chat *chat)
{
    int error = 0;

    for (size_t i = 0; i < a->thought_count && !error; i++) {
        struct answer_thought *t = &a->thoughts[i];
        struct chat_message m = {.role = CHAT_REASONING, .sealed = t->sealed, .len = t->text.len};
        m.id = arena_strdup(a->arena, t->id);
        m.text = arena_memdup(a->arena, buf_text(&t->text), t->text.len);
        error = m.id && m.text ? chat_add(chat, &m) : ERR_NOMEM;
    }
    return error;
}

int answer_store(struct answer *a, struct chat *chat)
{
    struct chat_message m = {.role = CHAT_ASSISTANT, .len = a->text.len, .sealed = a->sealed};
    const size_t calls = a->call_count;
    int error = answer_store_thoughts(a, chat);

    if (error || (!a->text.len && !calls))
        return error;
    m.id = arena_strdup(a->arena, a->id);
    m.text = arena_memdup(a->arena, buf_text(&a->text), a->text.len);
    m.calls = arena_array(a->arena, calls ? calls : 1, sizeof *m.calls);
    if (!m.id || !m.text || !m.calls)
        return ERR_NOMEM;
    answer_note_text(a);
    if (buf_error(&a->order))
        return buf_error(&a->order);
    if (!answer_is_usual_order(buf_text(&a->order)) &&
        !(m.order = arena_strdup(a->arena, buf_text(&a->order))))
        return ERR_NOMEM;
    for (size_t i = 0; i < calls; i++) {
        struct chat_call *c = &m.calls[m.call_count++];
        c->id = a->calls[i].id;
        c->name = a->calls[i].name;
        c->alias = a->calls[i].alias;
        c->sealed = a->calls[i].sealed;
        c->args_len = a->calls[i].args.len;
        c->args = arena_memdup(a->arena, buf_text(&a->calls[i].args), c->args_len);
        if (!c->args)
            return ERR_NOMEM;
    }
    return chat_add(chat, &m);
}
