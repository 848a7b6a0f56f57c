/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/feedback_turn.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "store/keys.h"
#include "store/turns.h"

#include <string.h>

#define FEEDBACK_TURN_STEP 200  /* messages of one reply */
#define FEEDBACK_TURN_STEPS 10  /* so far back the message is looked for */
#define FEEDBACK_TURN_LINES 200 /* messages of the turn */

/* What is known while the turn's messages are read from its last one back to its question. */
struct feedback_turn_reading {
    const struct feedback_entry *entry;
    struct arena *arena;
    struct feedback_turn *out;
    bool found; /* the message has been seen: what comes now is its turn's */
    bool whole; /* so has the question */
    size_t lines;
    struct {
        const char *call, *outcome, *error;
    } results[FEEDBACK_TURN_TOOLS_MAX];
    size_t result_count;
};

/* The words of a message: a text, or the texts among its parts. NULL = no memory. */
static const char *feedback_turn_words(const jdoc *message, struct arena *arena)
{
    const jdoc *content = jdoc_get(message, "content");
    const char *text = jdoc_string(content, NULL), *out;
    struct buf all = {0};

    if (text)
        return arena_strdup(arena, text);
    for (size_t i = 0; i < jdoc_length(content); i++) {
        text = jdoc_text_or(jdoc_at(content, i), "text", "");
        buf_puts(&all, all.len && *text ? "\n" : "");
        buf_puts(&all, text);
    }
    out = buf_error(&all) ? NULL : arena_strdup(arena, buf_text(&all));
    buf_free(&all);
    return out;
}

/* Of a result: {"success":false,"error":{"code":...}}; another server's tool may say anything. */
static int feedback_turn_result(struct feedback_turn_reading *r, const jdoc *message)
{
    const char *text = jdoc_text_or(message, "content", "");
    const char *code = "", *outcome = jdoc_has(message, "error") ? "error" : "success";
    bool success = true;
    jdoc *doc = NULL;

    if (r->result_count == FEEDBACK_TURN_TOOLS_MAX)
        return 0;
    if (!jdoc_parse(text, strlen(text), &doc, NULL, 0) && jdoc_type(doc) == JDOC_OBJECT &&
        !jdoc_get_bool(doc, "success", &success) && !success) {
        outcome = "error";
        code = jdoc_text_or(jdoc_get(doc, "error"), "code", "");
    }
    r->results[r->result_count].call =
        arena_strdup(r->arena, jdoc_text_or(message, "toolCallId", ""));
    r->results[r->result_count].outcome = outcome;
    r->results[r->result_count].error = arena_strdup(r->arena, code);
    jdoc_free(doc);
    if (!r->results[r->result_count].call || !r->results[r->result_count].error)
        return ERR_NOMEM;
    r->result_count++;
    return 0;
}

static int feedback_turn_call(struct feedback_turn_reading *r, const jdoc *call)
{
    struct feedback_tool *tool = &r->out->tools[r->out->tool_count];
    const char *id = jdoc_text_or(call, "id", "");

    if (r->out->tool_count == FEEDBACK_TURN_TOOLS_MAX)
        return 0;
    *tool = (struct feedback_tool){.outcome = "unknown", .error = ""};
    for (size_t i = 0; i < r->result_count; i++) {
        if (strcmp(r->results[i].call, id) == 0) {
            tool->outcome = r->results[i].outcome;
            tool->error = r->results[i].error;
        }
    }
    tool->name = arena_strdup(r->arena, jdoc_text_or(jdoc_get(call, "function"), "name", ""));
    r->out->tool_count++;
    return tool->name ? 0 : ERR_NOMEM;
}

/* Calls come last first: turned round at the end. */
static int feedback_turn_said(struct feedback_turn_reading *r, const jdoc *message)
{
    const jdoc *calls = jdoc_get(message, "toolCalls");
    int error = 0;

    if (*r->out->answer == '\0' && !(r->out->answer = feedback_turn_words(message, r->arena)))
        return ERR_NOMEM;
    for (size_t i = jdoc_length(calls); !error && i-- > 0;)
        error = feedback_turn_call(r, jdoc_at(calls, i));
    return error;
}

static int feedback_turn_message(struct feedback_turn_reading *r, const jdoc *message)
{
    const char *role = jdoc_text_or(message, "role", "");

    if (!r->found && strcmp(jdoc_text_or(message, "id", ""), r->entry->message) == 0)
        r->found = true;
    if (!r->found)
        return 0;
    if (strcmp(role, "user") == 0) {
        r->whole = true;
        r->out->question = feedback_turn_words(message, r->arena);
        return r->out->question ? 0 : ERR_NOMEM;
    }
    r->whole = ++r->lines == FEEDBACK_TURN_LINES;
    if (strcmp(role, "tool") == 0)
        return feedback_turn_result(r, message);
    return strcmp(role, "assistant") == 0 ? feedback_turn_said(r, message) : 0;
}

static int feedback_turn_step(struct feedback_turn_reading *r, const struct link_reply *part)
{
    int error = 0;

    for (size_t i = link_reply_count(part); !error && !r->whole && i-- > 0;) {
        size_t len;
        const char *text = link_reply_text(link_reply_at(part, i), &len);
        jdoc *message = NULL;

        if (!r->found && !strstr(text, r->entry->message))
            continue;
        error = jdoc_parse(text, len, &message, NULL, 0);
        error = error == ERR_NOMEM ? error : error ? 0 : feedback_turn_message(r, message);
        jdoc_free(message);
    }
    return error;
}

static int feedback_turn_talk(struct store *s, struct feedback_turn_reading *r)
{
    char key[KEYS_MAX];
    size_t count = FEEDBACK_TURN_STEP;
    int error = 0;

    keys_session_messages(key, r->entry->uid, r->entry->session);
    for (int step = 0;
         !error && !r->whole && count == FEEDBACK_TURN_STEP && step < FEEDBACK_TURN_STEPS; step++) {
        struct link_reply *part = NULL;

        error = link_command(s->link, &part, "LRANGE %s %d %d", key,
            -(step + 1) * FEEDBACK_TURN_STEP, -step * FEEDBACK_TURN_STEP - 1);
        count = link_reply_count(part);
        if (!error)
            error = feedback_turn_step(r, part);
        link_reply_free(part);
    }
    for (size_t i = 0, n = r->out->tool_count; i < n / 2; i++) {
        struct feedback_tool tool = r->out->tools[i];

        r->out->tools[i] = r->out->tools[n - 1 - i];
        r->out->tools[n - 1 - i] = tool;
    }
    return error;
}

static int feedback_turn_record(struct store *s, const struct feedback_entry *entry,
    struct arena *arena, struct feedback_turn *out)
{
    struct turns_record record;
    jdoc *reply = NULL;
    int error = turns_read(s, entry->uid, entry->turn, arena, &record);

    if (error)
        return error == ERR_NOT_FOUND ? 0 : error;
    out->state = record.state;
    out->created_ms = record.created_ms;
    out->started_ms = record.started_ms;
    out->ended_ms = record.ended_ms;
    if (jdoc_parse(record.reply, record.reply_len, &reply, NULL, 0))
        return 0;
    struct buf usage = {0};
    const jdoc *list = jdoc_get(reply, "usage");
    for (size_t i = 0; i < jdoc_length(list); i++) {
        out->input += jdoc_int_or(jdoc_at(list, i), "inputTokens", 0);
        out->output += jdoc_int_or(jdoc_at(list, i), "outputTokens", 0);
    }
    if (jdoc_length(list))
        jdoc_write(list, &usage);
    out->usage = arena_strdup(arena, buf_text(&usage));
    out->model = arena_strdup(arena, jdoc_text_or(reply, "model", ""));
    error = buf_error(&usage) || !out->usage || !out->model ? ERR_NOMEM : 0;
    buf_free(&usage);
    jdoc_free(reply);
    return error;
}

int feedback_turn_read(struct store *s, const struct feedback_entry *entry, struct arena *arena,
    struct feedback_turn *out)
{
    struct feedback_turn_reading r = {.entry = entry, .arena = arena, .out = out};
    int error = 0;

    memset(out, 0, sizeof *out);
    out->question = out->answer = out->state = out->model = out->usage = "";
    if (ident_is_session(entry->session, strlen(entry->session)))
        error = feedback_turn_talk(s, &r);
    if (!error && ident_is_uuid(entry->turn))
        error = feedback_turn_record(s, entry, arena, out);
    return error;
}
