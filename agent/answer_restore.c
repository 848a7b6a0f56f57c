/* SPDX-License-Identifier: BSD-2-Clause */
/* An answer that another worker began, as its events say that it is. */
#include "agent/answer_parts.h"

#include "base/jdoc.h"

#include <stdio.h>
#include <string.h>

/* A new step begins behind these: what came before is in a checkpoint, or was dropped. */
static bool answer_restore_is_step(const char *type)
{
    return !strcmp(type, "TOOL_CALL_RESULT") || !strcmp(type, "MESSAGES_SNAPSHOT");
}

static bool answer_restore_is_kept(const struct answer *a, const char *id)
{
    for (size_t i = a->chat->count; i-- > 0;)
        if (!strcmp(a->chat->items[i].id, id))
            return true;
    return false;
}

static struct answer_thought *answer_restore_thought(struct answer *a, const char *id)
{
    for (size_t i = a->thought_count; i-- > 0;)
        if (!strcmp(a->thoughts[i].id, id))
            return &a->thoughts[i];
    return NULL;
}

static struct answer_call *answer_restore_call(struct answer *a, const char *id)
{
    for (size_t i = a->call_count; i-- > 0;)
        if (!strcmp(a->calls[i].id, id))
            return &a->calls[i];
    return NULL;
}

static int answer_restore_start_call(struct answer *a, const jdoc *event)
{
    struct answer_call *c;
    int error;

    if (strcmp(jdoc_text_or(event, "parentMessageId", ""), a->id))
        return 0;
    if ((error = answer_add_call(a, jdoc_text_or(event, "toolCallName", ""), &c)))
        return error;
    c->id = arena_strdup(a->arena, jdoc_text_or(event, "toolCallId", ""));
    return c->id ? 0 : ERR_NOMEM;
}

static int answer_restore_start_thought(struct answer *a, const char *id)
{
    struct answer_thought *t;
    int error;

    if (answer_restore_is_kept(a, id))
        return 0;
    if ((error = answer_add_thought(a, &t)))
        return error;
    strncpy(t->id, id, sizeof t->id - 1);
    t->id[sizeof t->id - 1] = '\0';
    return 0;
}

/* Starts, ends, seals: what opens or closes a part of the answer. */
static int answer_restore_event(struct answer *a, const jdoc *event)
{
    const char *type = jdoc_text_or(event, "type", "");
    const char *message = jdoc_text_or(event, "messageId", "");
    struct answer_thought *t = answer_restore_thought(a, message);
    struct answer_call *c = answer_restore_call(a, jdoc_text_or(event, "toolCallId", ""));
    bool own = !strcmp(message, a->id);

    if (answer_restore_is_step(type)) {
        answer_restore_begin(a, a->id);
        return 0;
    }
    if (!strcmp(type, "REASONING_START"))
        return answer_restore_start_thought(a, message);
    if (!strcmp(type, "TOOL_CALL_START"))
        return answer_restore_start_call(a, event);
    if (!strcmp(type, "REASONING_END") && t)
        t->open = false;
    else if (!strcmp(type, "TOOL_CALL_END") && c)
        c->open = false;
    else if (!strcmp(type, "TEXT_MESSAGE_START") && own)
        a->text_open = true;
    else if (!strcmp(type, "TEXT_MESSAGE_END") && own)
        a->text_open = false;
    else if (!strcmp(type, "REASONING_ENCRYPTED_VALUE") &&
        (t = answer_restore_thought(a, jdoc_text_or(event, "entityId", ""))))
        return (t->sealed = arena_strdup(a->arena, jdoc_text_or(event, "encryptedValue", ""))) ?
            0 :
            ERR_NOMEM;
    return 0;
}

static int answer_restore_delta(struct answer *a, const jdoc *event)
{
    const char *type = jdoc_text_or(event, "type", "");
    const char *message = jdoc_text_or(event, "messageId", ""), *delta;
    struct answer_thought *t = answer_restore_thought(a, message);
    struct answer_call *c = answer_restore_call(a, jdoc_text_or(event, "toolCallId", ""));
    struct buf *to = NULL;
    size_t len;

    if (jdoc_get_string(event, "delta", &delta, &len))
        return 0;
    if (!strcmp(type, "TEXT_MESSAGE_CONTENT") && !strcmp(message, a->id)) {
        a->text_run += len;
        to = &a->text;
    } else if (!strcmp(type, "REASONING_MESSAGE_CONTENT") && t) {
        to = &t->text;
    } else if (!strcmp(type, "TOOL_CALL_ARGS") && c) {
        to = &c->args;
    }
    if (!to)
        return 0;
    buf_put(to, delta, len);
    a->bytes_left -= len < a->bytes_left ? len : a->bytes_left;
    return buf_error(to);
}

void answer_restore_begin(struct answer *a, const char *id)
{
    char kept[sizeof a->id];

    snprintf(kept, sizeof kept, "%s", id); /* id may be a's own */
    answer_reset(a);
    memcpy(a->id, kept, sizeof kept);
}

int answer_restore_entry(void *arg, const struct logentry *e)
{
    struct answer *a = arg;
    jdoc *event = NULL;
    int error = jdoc_parse(e->json, e->json_len, &event, NULL, 0);

    if (error)
        return error == ERR_NOMEM ? error : 0;
    error = answer_restore_event(a, event);
    if (!error)
        error = answer_restore_delta(a, event);
    jdoc_free(event);
    return error;
}

bool answer_restore_is(struct answer *a, size_t bytes, size_t calls)
{
    a->emitted = a->text.len || a->text_open || a->call_count || a->thought_count;
    return answer_bytes(a) == bytes && a->call_count == calls;
}
