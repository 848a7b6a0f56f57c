/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/resume.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define SNAPSHOT_PART 4 /* a snapshot takes at most this part of what the log may hold */

/* What an event opens, and what ends it. */
static const struct span {
    const char *start, *end, *id_field;
} spans[] = {
    {"TEXT_MESSAGE_START", "TEXT_MESSAGE_END", "messageId"},
    {"TOOL_CALL_START", "TOOL_CALL_END", "toolCallId"},
    {"REASONING_MESSAGE_START", "REASONING_MESSAGE_END", "messageId"},
    {"REASONING_START", "REASONING_END", "messageId"},
    {"STEP_STARTED", "STEP_FINISHED", "stepName"},
};
#define SPANS (sizeof spans / sizeof *spans)

struct open_span {
    const struct span *span;
    char *id;
};
struct torn {
    const struct chat *chat;
    size_t first_new;
    struct open_span *open;
    size_t count, cap;
    bool *told; /* of the chat's messages from first_new: whether the log has it */
    bool seen;  /* something that no checkpoint has, or not as it is there */
};

static void resume_torn_fini(struct torn *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->open[i].id);
    free(t->open);
    free(t->told);
    t->open = NULL;
    t->told = NULL;
    t->count = t->cap = 0;
}

/* ---- what the log has ---- */

static int resume_opened(struct torn *t, const struct span *span, const char *id)
{
    if (t->count == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 16;
        struct open_span *open = realloc(t->open, cap * sizeof *open);
        if (!open)
            return ERR_NOMEM;
        t->open = open;
        t->cap = cap;
    }
    t->open[t->count].span = span;
    if (!(t->open[t->count].id = strdup(id)))
        return ERR_NOMEM;
    t->count++;
    return 0;
}

static void resume_closed(struct torn *t, const struct span *span, const char *id)
{
    for (size_t i = t->count; i-- > 0;) {
        if (t->open[i].span != span || strcmp(t->open[i].id, id) != 0)
            continue;
        free(t->open[i].id);
        memmove(&t->open[i], &t->open[i + 1], (t->count - i - 1) * sizeof *t->open);
        t->count--;
        return;
    }
}

/* Whether a checkpoint has the message. */
static bool resume_is_kept(struct torn *t, const char *message)
{
    for (size_t i = t->first_new; i < t->chat->count; i++)
        if (!strcmp(t->chat->items[i].id, message)) {
            t->told[i - t->first_new] = true;
            return true;
        }
    return false;
}

/* A call belongs to its answer; a result is a message of its own. */
static bool resume_is_whole(struct torn *t, const char *type, const jdoc *event)
{
    if (!strcmp(type, "TOOL_CALL_START"))
        return resume_is_kept(t, jdoc_text_or(event, "parentMessageId", "")) &&
            chat_has_call(t->chat, jdoc_text_or(event, "toolCallId", ""));
    return resume_is_kept(t, jdoc_text_or(event, "messageId", ""));
}

/* An earlier worker has cleaned up: what was torn before it is gone, what it lists is known. */
static void resume_note_snapshot(struct torn *t, const jdoc *event)
{
    const jdoc *messages = jdoc_get(event, "messages");

    t->seen = false;
    for (size_t i = 0; i < jdoc_length(messages); i++)
        (void)resume_is_kept(t, jdoc_text_or(jdoc_at(messages, i), "id", ""));
}

static int resume_note(struct torn *t, const jdoc *event)
{
    const char *type = jdoc_text_or(event, "type", "");

    if (!strcmp(type, "MESSAGES_SNAPSHOT"))
        resume_note_snapshot(t, event);
    else if (!strcmp(type, "TOOL_CALL_RESULT"))
        t->seen = t->seen || !resume_is_whole(t, type, event);
    for (size_t i = 0; i < SPANS; i++) {
        const char *id = jdoc_text_or(event, spans[i].id_field, "");
        if (!strcmp(type, spans[i].start)) {
            if (i + 1 < SPANS) /* a step says nothing about messages */
                t->seen = t->seen || !resume_is_whole(t, type, event);
            return resume_opened(t, &spans[i], id);
        }
        if (!strcmp(type, spans[i].end)) {
            resume_closed(t, &spans[i], id);
            return 0;
        }
    }
    return 0;
}

/* Deltas are most of a log and open nothing: they are not parsed. */
static bool resume_is_delta(const struct logentry *e)
{
    static const char args[] = "{\"type\":\"TOOL_CALL_ARGS\"",
                      thought[] = "{\"type\":\"REASONING_MESSAGE_CONTENT\"";

    return e->flag == LOGENTRY_TEXT ||
        (e->json_len >= sizeof args - 1 && !memcmp(e->json, args, sizeof args - 1)) ||
        (e->json_len >= sizeof thought - 1 && !memcmp(e->json, thought, sizeof thought - 1));
}

static int resume_on_entry(void *arg, const struct logentry *e)
{
    jdoc *event = NULL;
    int error;

    if (resume_is_delta(e))
        return 0;
    error = jdoc_parse(e->json, e->json_len, &event, NULL, 0);
    if (error == ERR_NOMEM)
        return error;
    error = error ? 0 : resume_note(arg, event);
    jdoc_free(event);
    return error;
}

/* What a worker put into a checkpoint or half into the log just before it died. */
static void resume_compare(struct torn *t)
{
    for (size_t i = 0; i < t->count; i++)
        t->seen = t->seen || t->open[i].span != &spans[SPANS - 1];
    for (size_t i = t->first_new; i < t->chat->count; i++)
        t->seen = t->seen || !t->told[i - t->first_new];
}

static int resume_read_torn(struct wait *wait, struct torn *t)
{
    int error;

    for (;;) {
        t->seen = false;
        t->told = calloc(t->chat->count - t->first_new + 1, sizeof *t->told);
        if (!t->told)
            return ERR_NOMEM;
        error = turns_log_read(wait->env->store, wait->start, resume_on_entry, t);
        if (!error)
            resume_compare(t);
        if (!err_is_store(error))
            return error;
        resume_torn_fini(t);
        if ((error = wait_retry(wait, error)))
            return error;
    }
}

/* ---- what is written ---- */

static int resume_write_event(struct wait *wait, const struct buf *json)
{
    int error = buf_error(json);

    return error ? error :
                   eventlog_event(wait->env->eventlog, LOGENTRY_NONE, json->data, json->len);
}

/* The latest first: what was opened inside of something ends before it. */
static int resume_write_ends(struct wait *wait, const struct torn *t, struct buf *json)
{
    int error = 0;

    for (size_t i = t->count; i-- > 0 && !error;) {
        const struct open_span *o = &t->open[i];
        buf_reset(json);
        buf_printf(json, "{\"type\":\"%s\",\"%s\":", o->span->end, o->span->id_field);
        buf_json_string(json, o->id, strlen(o->id));
        buf_putc(json, '}');
        error = resume_write_event(wait, json);
    }
    return error;
}

static size_t resume_history_from(const struct turns_start *start, size_t room)
{
    size_t i = start->history_count;

    while (i > 0 && start->history_len[i - 1] < room)
        room -= start->history_len[--i];
    return i;
}

/* As stored, with what a client may have put into its messages; then this turn's own. */
int resume_snapshot(struct wait *wait, const struct chat *chat, size_t first_new, struct buf *json)
{
    const struct turns_start *start = wait->start;
    size_t room = (size_t)wait->env->conf->log_turn_bytes / SNAPSHOT_PART;
    bool first = true;

    buf_reset(json);
    buf_puts(json, "{\"type\":\"MESSAGES_SNAPSHOT\",\"messages\":[");
    for (size_t i = resume_history_from(start, room); i < start->history_count; i++) {
        if (start->history_len[i] < 2 || start->history[i][0] != '{')
            continue;
        if (!first)
            buf_putc(json, ',');
        first = false;
        buf_put(json, start->history[i], start->history_len[i]);
    }
    for (size_t i = first_new; i < chat->count; i++) {
        if (!first)
            buf_putc(json, ',');
        first = false;
        chat_write(&chat->items[i], json);
    }
    buf_puts(json, "]}");
    return resume_write_event(wait, json);
}

int resume_log(struct wait *wait, const struct chat *chat, size_t first_new)
{
    struct torn torn = {.chat = chat, .first_new = first_new};
    struct buf json = {0};
    int error = resume_read_torn(wait, &torn);

    if (!error) {
        log_info("turn %s goes on: attempt %u, %zu messages from checkpoints, %zu left open%s",
            wait->start->turn, wait->start->attempt, chat->count - first_new, torn.count,
            torn.seen ? ", torn text" : "");
        error = resume_write_ends(wait, &torn, &json);
    }
    if (!error && torn.seen)
        error = resume_snapshot(wait, chat, first_new, &json);
    resume_torn_fini(&torn);
    buf_free(&json);
    return error;
}
