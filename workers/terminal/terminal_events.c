/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "store/logentry.h"
#include "workers/terminal/terminal_turn.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The events of a turn, on the screen. */

#define EVENTS_SHOWN 200 /* bytes of a name or a message that a line shows */

/* --- what was said --- */

static struct terminal_turn_said *events_said(struct terminal_turn *turn, const char *id)
{
    for (size_t i = 0; i < turn->said_count; i++)
        if (strcmp(turn->said[i].id, id) == 0)
            return &turn->said[i];
    return NULL;
}

/* The newest that there is room for stay known. */
static struct terminal_turn_said *events_say(struct terminal_turn *turn, const char *id)
{
    struct terminal_turn_said *said = events_said(turn, id);
    if (said)
        return said;
    if (turn->said_count == TERMINAL_TURN_SAID)
        memmove(turn->said, turn->said + 1, --turn->said_count * sizeof turn->said[0]);
    said = &turn->said[turn->said_count++];
    *said = (struct terminal_turn_said){0};
    snprintf(said->id, sizeof said->id, "%s", id);
    return said;
}

static void events_text(struct terminal_turn *turn, const char *id, const char *text, size_t len)
{
    struct terminal_turn_said *said = events_say(turn, id);
    if (len == 0)
        return;
    terminal_view_status(turn->view, "");
    terminal_view_text(turn->view, text, len);
    said->len += len;
}

static void events_on_content(struct terminal_turn *turn, const jdoc *event)
{
    size_t len = 0;
    const char *delta = jdoc_string(jdoc_get(event, "delta"), &len);
    if (delta)
        events_text(turn, jdoc_text_or(event, "messageId", ""), delta, len);
}

static void events_on_text_end(struct terminal_turn *turn, const jdoc *event)
{
    (void)event;
    terminal_view_end_line(turn->view);
    terminal_view_status(turn->view, "Working");
}

/* --- snapshots --- */

/* The messages behind the user's last one count: the others were there before. */
static size_t events_first_new(const jdoc *messages)
{
    size_t first = 0;
    for (size_t i = 0; i < jdoc_length(messages); i++)
        if (strcmp(jdoc_text_or(jdoc_at(messages, i), "role", ""), "user") == 0)
            first = i + 1;
    return first;
}

static bool events_is_there(const jdoc *messages, const char *id)
{
    for (size_t i = 0; i < jdoc_length(messages); i++)
        if (strcmp(jdoc_text_or(jdoc_at(messages, i), "id", ""), id) == 0)
            return true;
    return false;
}

/* Words that are on the screen cannot be taken back. */
static void events_disown(struct terminal_turn *turn, const jdoc *messages)
{
    bool torn = false;
    for (size_t i = 0; i < turn->said_count; i++)
        torn = torn || (turn->said[i].len > 0 && !events_is_there(messages, turn->said[i].id));
    if (torn)
        terminal_view_line(turn->view, TERMINAL_DIM,
            "[The answer was interrupted and begins again; the unfinished part above does not "
            "count.]");
}

static void events_on_snapshot(struct terminal_turn *turn, const jdoc *event)
{
    const jdoc *messages = jdoc_get(event, "messages");
    if (turn->resumed)
        events_disown(turn, messages);
    for (size_t i = events_first_new(messages); i < jdoc_length(messages); i++) {
        const jdoc *message = jdoc_at(messages, i);
        const char *id = jdoc_text_or(message, "id", "");
        size_t len = 0;
        const char *text = jdoc_string(jdoc_get(message, "content"), &len);
        const struct terminal_turn_said *said = events_said(turn, id);
        size_t shown = said ? said->len : 0;
        if (text && strcmp(jdoc_text_or(message, "role", ""), "assistant") == 0 && len > shown)
            events_text(turn, id, text + shown, len - shown);
    }
}

/* --- tools --- */

/* "delete_calendar_event" as words. */
static void events_words(const char *name, char *out, size_t size)
{
    terminal_view_safe(name, strlen(name), out, size);
    for (char *c = out; *c != '\0'; c++)
        if (*c == '_')
            *c = ' ';
    out[0] = (char)toupper((unsigned char)out[0]);
}

static struct terminal_turn_call *events_call(struct terminal_turn *turn, const char *id)
{
    for (size_t i = 0; i < TERMINAL_TURN_CALLS; i++)
        if (strcmp(turn->calls[i].id, id) == 0)
            return &turn->calls[i];
    return NULL;
}

static void events_on_call(struct terminal_turn *turn, const jdoc *event)
{
    char words[EVENTS_SHOWN];
    struct terminal_turn_call *call = events_call(turn, ""); /* a free one */
    events_words(jdoc_text_or(event, "toolCallName", "tool"), words, sizeof words);
    if (call) {
        snprintf(call->id, sizeof call->id, "%s", jdoc_text_or(event, "toolCallId", ""));
        snprintf(call->name, sizeof call->name, "%.127s", words);
        call->begun_ms = clock_mono_ms();
    }
    terminal_view_end_line(turn->view);
    terminal_view_status(turn->view, words);
}

/* Did it work? Its message is for the model, but for that of a success. */
static bool events_worked(const char *content, size_t len)
{
    jdoc *result = NULL;
    bool success = true;
    if (jdoc_parse(content, len, &result, NULL, 0) == 0) {
        success = !jdoc_has(result, "error");
        if (success && jdoc_get_bool(result, "success", &success) != 0)
            success = true;
    }
    jdoc_free(result);
    return success;
}

static void events_on_result(struct terminal_turn *turn, const jdoc *event)
{
    size_t len = 0;
    const char *content = jdoc_string(jdoc_get(event, "content"), &len);
    struct terminal_turn_call *call = events_call(turn, jdoc_text_or(event, "toolCallId", ""));
    bool worked = !content || events_worked(content, len);
    if (call && call->id[0] != '\0') {
        terminal_view_line(turn->view, worked ? TERMINAL_DIM : TERMINAL_BAD,
            "  %s %s, %" PRId64 " ms", worked ? "+" : "x", call->name,
            clock_mono_ms() - call->begun_ms);
        *call = (struct terminal_turn_call){0};
    } else {
        terminal_view_line(turn->view, worked ? TERMINAL_DIM : TERMINAL_BAD, "  %s %s",
            worked ? "+" : "x", worked ? "Done" : "That did not work");
    }
    terminal_view_status(turn->view, "Working");
}

/* --- thoughts --- */

static void events_on_thought(struct terminal_turn *turn, const jdoc *event)
{
    (void)event;
    terminal_view_status(turn->view, "Thinking");
}

static void events_on_thought_content(struct terminal_turn *turn, const jdoc *event)
{
    size_t len = 0;
    const char *delta = jdoc_string(jdoc_get(event, "delta"), &len);
    if (!turn->thoughts || !delta)
        return;
    if (!turn->thinking)
        terminal_view_line(turn->view, TERMINAL_DIM, "Thinking:");
    turn->thinking = true;
    terminal_view_text(turn->view, delta, len);
}

static void events_on_thought_end(struct terminal_turn *turn, const jdoc *event)
{
    (void)event;
    if (turn->thinking)
        terminal_view_line(turn->view, TERMINAL_DIM, "--");
    turn->thinking = false;
    terminal_view_status(turn->view, "Working");
}

/* --- the run --- */

/* A call waits for it: it is answered elsewhere, as this program reads the run. */
static void events_on_question(struct terminal_turn *turn, const jdoc *question)
{
    char message[EVENTS_SHOWN * 3];
    const char *text = jdoc_text_or(question, "message", "A service asks you something.");
    terminal_view_safe(text, strlen(text), message, sizeof message);
    terminal_view_line(turn->view, TERMINAL_ASK, "%s", message);
    terminal_view_line(turn->view, TERMINAL_DIM,
        "  The call waits for it. Answer on the page, or by POST /approvals/%.64s.",
        jdoc_text_or(question, "id", ""));
}

static void events_on_custom(struct terminal_turn *turn, const jdoc *event)
{
    const char *name = jdoc_text_or(event, "name", "");
    if (strcmp(name, "turnpike.resumed") == 0)
        turn->resumed = true;
    else if (strcmp(name, "turnpike.summarizing") == 0)
        terminal_view_status(turn->view, "Reading the conversation so far");
    else if (strcmp(name, "turnpike.model") == 0)
        terminal_view_status(turn->view, "Waiting for the model");
    else if (strcmp(name, "turnpike.question") == 0)
        events_on_question(turn, jdoc_get(event, "value"));
}

static void events_on_started(struct terminal_turn *turn, const jdoc *event)
{
    if (strncmp(jdoc_text_or(event, "runId", ""), "snapshot-", 9) == 0)
        turn->resumed = true;
}

static void events_on_finished(struct terminal_turn *turn, const jdoc *event)
{
    const jdoc *outcome = jdoc_get(event, "outcome");
    const char *type = jdoc_text_or(outcome, "type", "success");
    if (strncmp(jdoc_text_or(event, "runId", ""), "snapshot-", 9) == 0)
        return;
    if (strcmp(type, "interrupt") == 0) {
        turn->interrupts = jdoc_dup(jdoc_get(outcome, "interrupts"));
        turn->end = TERMINAL_TURN_ASKS;
    } else {
        turn->end = strcmp(type, "cancelled") == 0 ? TERMINAL_TURN_STOPPED : TERMINAL_TURN_DONE;
    }
}

static void events_on_error(struct terminal_turn *turn, const jdoc *event)
{
    char message[EVENTS_SHOWN * 3];
    const char *text = jdoc_text_or(event, "message", "The turn failed.");
    turn->end = TERMINAL_TURN_FAILED;
    if (strcmp(jdoc_text_or(event, "code", ""), "turn_cancelled") == 0) {
        turn->end = TERMINAL_TURN_STOPPED;
        return;
    }
    terminal_view_safe(text, strlen(text), message, sizeof message);
    terminal_view_line(turn->view, TERMINAL_BAD, "%s", message);
}

/* --- the table --- */

static const struct {
    const char *type;
    void (*on)(struct terminal_turn *turn, const jdoc *event);
} events_table[] = {
    {"TEXT_MESSAGE_CONTENT", events_on_content},
    {"TEXT_MESSAGE_END", events_on_text_end},
    {"TOOL_CALL_START", events_on_call},
    {"TOOL_CALL_RESULT", events_on_result},
    {"REASONING_START", events_on_thought},
    {"REASONING_MESSAGE_CONTENT", events_on_thought_content},
    {"REASONING_END", events_on_thought_end},
    {"MESSAGES_SNAPSHOT", events_on_snapshot},
    {"CUSTOM", events_on_custom},
    {"RUN_STARTED", events_on_started},
    {"RUN_FINISHED", events_on_finished},
    {"RUN_ERROR", events_on_error},
};

/* Is the event behind all that was seen? One without an id counts as such. */
static bool events_is_new(const char *id, const char *cursor)
{
    struct logentry_id event, seen;
    return logentry_id_parse(id, strlen(id), &event) != 0 ||
        logentry_id_parse(cursor, strlen(cursor), &seen) != 0 ||
        logentry_id_compare(event, seen) > 0;
}

void terminal_events_on(void *arg, const char *id, const struct sse_event *event)
{
    struct terminal_turn *turn = arg;
    jdoc *doc = NULL;
    if (turn->end != TERMINAL_TURN_OPEN || !events_is_new(id, turn->cursor) ||
        jdoc_parse(event->data, event->len, &doc, NULL, 0) != 0)
        return;
    const char *type = jdoc_text_or(doc, "type", "");
    snprintf(turn->cursor, sizeof turn->cursor, "%s", id);
    turn->accepted = true;
    turn->failures = 0;
    for (size_t i = 0; i < sizeof events_table / sizeof events_table[0]; i++)
        if (strcmp(type, events_table[i].type) == 0)
            events_table[i].on(turn, doc);
    jdoc_free(doc);
}
