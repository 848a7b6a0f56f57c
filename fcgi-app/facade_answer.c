/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/facade_answer.h"

#include "base/jdoc.h"
#include "base/utf8.h"
#include "fcgi-app/facade.h"
#include "fcgi-app/facade_items.h"

#include <string.h>

static bool facade_answer_is_pending(const jdoc *reply, const char *call)
{
    const jdoc *ids = jdoc_get(reply, "pending_tool_call_ids");
    for (size_t i = 0; i < jdoc_length(ids); i++) {
        const char *id = jdoc_string(jdoc_at(ids, i), NULL);
        if (id && strcmp(id, call) == 0)
            return true;
    }
    return false;
}

/* The arguments of a call as the text that they are in OpenAI's words, escaped. */
static void facade_answer_arguments(const jdoc *call, struct buf *escaped)
{
    const jdoc *arguments = jdoc_get(call, "arguments");
    size_t len = 0;
    const char *text = jdoc_string(arguments, &len);
    struct buf json;
    buf_init(&json, 0);
    if (!text) {
        jdoc_write(arguments, &json);
        text = buf_text(&json);
        len = json.len;
    }
    buf_json_escaped(escaped, text, len);
    buf_free(&json);
}

/* --- a chat completion --- */

/* All texts of a kind, one behind the other. */
static void facade_answer_texts(const jdoc *reply, const char *type, struct buf *text)
{
    const jdoc *output = jdoc_get(reply, "output");
    for (size_t i = 0; i < jdoc_length(output); i++) {
        const jdoc *item = jdoc_at(output, i);
        size_t len = 0;
        const char *piece = jdoc_string(jdoc_get(item, "text"), &len);
        if (!piece || strcmp(jdoc_text_or(item, "type", ""), type) != 0)
            continue;
        if (text->len > 0)
            buf_puts(text, "\n\n");
        buf_put(text, piece, len);
    }
}

static bool facade_answer_put_tool_calls(const jdoc *reply, struct buf *json)
{
    const jdoc *calls = jdoc_get(reply, "tool_calls");
    bool any = false;
    for (size_t i = 0; i < jdoc_length(calls); i++) {
        const jdoc *call = jdoc_at(calls, i);
        const char *id = jdoc_text_or(call, "id", "");
        if (!facade_answer_is_pending(reply, id))
            continue;
        buf_puts(json, any ? "," : ",\"tool_calls\":[");
        any = true;
        buf_puts(json, "{\"id\":");
        buf_json_text(json, id);
        buf_puts(json, ",\"type\":\"function\",\"function\":{\"name\":");
        buf_json_text(json, jdoc_text_or(call, "name", ""));
        buf_puts(json, ",\"arguments\":\"");
        facade_answer_arguments(call, json);
        buf_puts(json, "\"}}");
    }
    if (any)
        buf_putc(json, ']');
    return any;
}

static void facade_answer_put_completion(const struct facade_view *view, const char *turn,
    const jdoc *reply, struct buf *json)
{
    struct buf text = {0}, thoughts = {0};
    facade_answer_texts(reply, "message", &text);
    facade_answer_texts(reply, "reasoning", &thoughts);
    facade_asks(jdoc_get(reply, "interrupts"), view->base, &text);
    buf_printf(json,
        "{\"id\":\"" FACADE_COMPLETION "%s\",\"object\":\"chat.completion\",\"created\":%lld", turn,
        (long long)facade_created(turn));
    buf_json_member(json, "model", view->model);
    buf_puts(json, ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":");
    if (text.len > 0)
        buf_json_string(json, text.data, text.len);
    else
        buf_puts(json, "null");
    buf_puts(json, ",\"refusal\":null");
    if (thoughts.len > 0) {
        buf_puts(json, ",\"reasoning_content\":");
        buf_json_string(json, thoughts.data, thoughts.len);
    }
    bool calls = facade_answer_put_tool_calls(reply, json);
    buf_printf(json, "},\"logprobs\":null,\"finish_reason\":\"%s\"}],\"usage\":",
        facade_finish(jdoc_text_or(reply, "stop_reason", ""), calls));
    facade_usage_write(jdoc_get(reply, "usage"), false, json);
    facade_cached_write(jdoc_int_or(reply, "cached_seconds", -1), json);
    buf_putc(json, '}');
    if (buf_error(&text) != 0 || buf_error(&thoughts) != 0)
        json->error = ERR_NOMEM;
    buf_free(&text);
    buf_free(&thoughts);
}

int facade_answer_completion(const struct facade_view *view, const struct facade_turn *turn,
    struct facade_result *result, struct buf *json)
{
    jdoc *reply = NULL;
    *result = (struct facade_result){.status = facade_status(turn->status)};
    if (turn->status >= 400) {
        int error = facade_stored_problem(turn->reply, turn->reply_len, turn->status,
            &result->retryable, json);
        return error < 0 ? error : buf_error(json);
    }
    int error = jdoc_parse(turn->reply, turn->reply_len, &reply, NULL, 0);
    if (error < 0)
        return error == ERR_NOMEM ? error : ERR_INVALID;
    facade_answer_put_completion(view, turn->turn, reply, json);
    jdoc_free(reply);
    return buf_error(json);
}

/* --- a response --- */

static void facade_answer_put_output(struct facade_output *item, struct buf *json)
{
    if (item->place > 0)
        buf_putc(json, ',');
    facade_item_write(item, json);
    item->place++;
}

static void facade_answer_put_plain(struct facade_output *item, const char *text, size_t len,
    struct buf *json)
{
    struct buf escaped = {0};
    buf_json_escaped(&escaped, text, len);
    item->text = (struct facade_text){buf_text(&escaped), escaped.len};
    facade_answer_put_output(item, json);
    buf_free(&escaped);
}

/*
 * A turn that was not begun in OpenAI's words has its answer as one text. Where it is but the
 * questions of its approvals, these follow in our own words.
 */
static void facade_answer_put_text(struct facade_output *item, const jdoc *reply, struct buf *json)
{
    const jdoc *ask = jdoc_at(jdoc_get(reply, "interrupts"), 0);
    const char *question = jdoc_text_or(ask, "message", "");
    size_t len = 0;
    const char *text = jdoc_string(jdoc_get(reply, "response"), &len);
    if (!text || len == 0 || (*question && strncmp(text, question, strlen(question)) == 0))
        return;
    item->kind = FACADE_MESSAGE;
    facade_answer_put_plain(item, text, len, json);
}

static void facade_answer_put_items(const struct facade_view *view, const char *turn,
    const jdoc *reply, struct buf *json)
{
    const jdoc *output = jdoc_get(reply, "output"), *calls = jdoc_get(reply, "tool_calls");
    struct facade_output item = {.turn = turn, .done = true};
    struct buf text = {0};
    if (!output)
        facade_answer_put_text(&item, reply, json);
    for (size_t i = 0; i < jdoc_length(output); i++) {
        size_t len = 0;
        const char *piece = jdoc_string(jdoc_get(jdoc_at(output, i), "text"), &len);
        const char *type = jdoc_text_or(jdoc_at(output, i), "type", "");
        item.kind = strcmp(type, "reasoning") == 0 ? FACADE_REASONING : FACADE_MESSAGE;
        if (piece)
            facade_answer_put_plain(&item, piece, len, json);
    }
    facade_asks(jdoc_get(reply, "interrupts"), view->base, &text);
    item.kind = FACADE_MESSAGE;
    if (text.len > 0)
        facade_answer_put_plain(&item, text.data, text.len, json);
    item.kind = FACADE_CALL;
    for (size_t i = 0; i < jdoc_length(calls); i++) {
        const jdoc *call = jdoc_at(calls, i);
        item.call = jdoc_text_or(call, "id", "");
        item.name = jdoc_text_or(call, "name", "");
        if (!facade_answer_is_pending(reply, item.call))
            continue;
        buf_reset(&text);
        facade_answer_arguments(call, &text);
        item.text = (struct facade_text){buf_text(&text), text.len};
        facade_answer_put_output(&item, json);
    }
    buf_free(&text);
}

/* Our states of a turn as those of a response. */
static const char *facade_answer_state(const struct facade_turn *turn, const char *finish)
{
    static const struct {
        const char *ours, *theirs;
    } states[] = {{"answered", "queued"}, {"queued", "queued"}, {"pending", "queued"},
        {"running", "in_progress"}, {"cancelled", "cancelled"}, {"failed", "failed"}};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(states[i].ours, turn->state) == 0)
            return states[i].theirs;
    }
    return strcmp(finish, "length") == 0 || strcmp(finish, "content_filter") == 0 ? "incomplete" :
                                                                                    "completed";
}

static const char *facade_answer_incomplete(const char *finish)
{
    return strcmp(finish, "length") == 0 ? "max_output_tokens" : "content_filter";
}

static int facade_answer_parse_optional(const char *text, size_t len, jdoc **out)
{
    int error = len > 0 ? jdoc_parse(text, len, out, NULL, 0) : 0;
    return error == ERR_NOMEM ? error : 0;
}

int facade_answer_response(const struct facade_view *view, const struct facade_turn *turn,
    struct buf *json)
{
    jdoc *first = NULL, *reply = NULL;
    struct buf output = {0};
    int error = facade_answer_parse_optional(turn->first_event, strlen(turn->first_event), &first);
    if (error == 0)
        error = facade_answer_parse_optional(turn->reply, turn->reply_len, &reply);
    const char *finish = facade_finish(jdoc_text_or(reply, "stop_reason", ""), false);
    const char *status = facade_answer_state(turn, finish);
    bool failed = strcmp(status, "failed") == 0;
    if (error == 0 && turn->status < 400)
        facade_answer_put_items(view, turn->turn, reply, &output);
    const struct facade_response_form form = {.turn = turn->turn,
        .session = turn->session,
        .model = view->model,
        .status = status,
        .echo = jdoc_get(jdoc_get(jdoc_get(first, "input"), "forwardedProps"), "openai"),
        .output = buf_text(&output),
        .error_code = failed ? "server_error" : NULL,
        .error = failed ? jdoc_text_or(reply, "detail", "The response failed.") : NULL,
        .incomplete = strcmp(status, "incomplete") == 0 ? facade_answer_incomplete(finish) : NULL,
        .usage = jdoc_get(reply, "usage"),
        .cached = jdoc_is_true(reply, "cached"),
        .cached_s = jdoc_int_or(reply, "cached_seconds", 0),
        .over = turn->ended_ms > 0,
        .completed_s = turn->ended_ms / 1000};
    facade_response_write(&form, json);
    if (error == 0)
        error = buf_error(&output) != 0 ? ERR_NOMEM : buf_error(json);
    buf_free(&output);
    jdoc_free(first);
    jdoc_free(reply);
    return error;
}

int facade_answer_whole(const struct facade_view *view, const struct facade_turn *turn,
    struct facade_result *result, struct buf *json)
{
    if (!view->response || turn->status >= 400)
        return facade_answer_completion(view, turn, result, json);
    *result = (struct facade_result){.status = 200};
    return facade_answer_response(view, turn, json);
}
