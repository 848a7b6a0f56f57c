/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/facade_items.h"

#include "fcgi-app/facade.h"
#include "store/keys.h"

#include <stdlib.h>
#include <string.h>

static void facade_items_put_text(struct buf *json, const char *name,
    const struct facade_text *text)
{
    buf_printf(json, "\"%s\":\"", name);
    buf_put(json, text->escaped, text->len);
    buf_putc(json, '"');
}

void facade_item_id(enum facade_item kind, const char *turn, unsigned place, struct buf *json)
{
    static const char *const prefixes[] =
        {[FACADE_MESSAGE] = "msg", [FACADE_REASONING] = "rs", [FACADE_CALL] = "fc"};
    buf_printf(json, "%s_%s_%u", prefixes[kind], turn, place);
}

static void facade_items_put_message(const struct facade_output *item, struct buf *json)
{
    buf_puts(json, "\"message\",\"role\":\"assistant\",\"content\":[");
    if (item->done) {
        buf_puts(json, "{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],");
        facade_items_put_text(json, "text", &item->text);
        buf_putc(json, '}');
    }
    buf_putc(json, ']');
}

static void facade_items_put_reasoning(const struct facade_output *item, struct buf *json)
{
    buf_puts(json, "\"reasoning\",\"summary\":[");
    if (item->done) {
        buf_puts(json, "{\"type\":\"summary_text\",");
        facade_items_put_text(json, "text", &item->text);
        buf_putc(json, '}');
    }
    buf_putc(json, ']');
}

static void facade_items_put_called(const struct facade_output *item, struct buf *json)
{
    buf_puts(json, "\"function_call\"");
    buf_json_member(json, "call_id", item->call);
    buf_json_member(json, "name", item->name);
    buf_putc(json, ',');
    facade_items_put_text(json, "arguments", item->done ? &item->text : &FACADE_TEXT_NONE);
}

void facade_item_write(const struct facade_output *item, struct buf *json)
{
    static void (*const puts_kind[])(const struct facade_output *item,
        struct buf *json) = {[FACADE_MESSAGE] = facade_items_put_message,
        [FACADE_REASONING] = facade_items_put_reasoning,
        [FACADE_CALL] = facade_items_put_called};
    buf_puts(json, "{\"id\":\"");
    facade_item_id(item->kind, item->turn, item->place, json);
    buf_printf(json, "\",\"status\":\"%s\",\"type\":", item->done ? "completed" : "in_progress");
    puts_kind[item->kind](item, json);
    buf_putc(json, '}');
}

int64_t facade_created(const char *turn)
{
    char hex[13] = "";
    memcpy(hex, turn, 8);
    memcpy(hex + 8, turn + 9, 4);
    return strtoll(hex, NULL, 16) / 1000;
}

/* --- usage --- */

static int64_t facade_items_sum(const jdoc *usage, const char *name)
{
    int64_t sum = 0;
    for (size_t i = 0; i < jdoc_length(usage); i++)
        sum += jdoc_int_or(jdoc_at(usage, i), name, 0);
    return sum;
}

void facade_usage_write(const jdoc *usage, bool response, struct buf *json)
{
    static const struct {
        const char *input, *output;
    } names[] = {{"prompt_tokens", "completion_tokens"}, {"input_tokens", "output_tokens"}};
    long long input = facade_items_sum(usage, "inputTokens"),
              output = facade_items_sum(usage, "outputTokens");
    buf_printf(json, "{\"%s\":%lld,\"%s\":%lld,\"total_tokens\":%lld,", names[response].input,
        input, names[response].output, output, input + output);
    buf_printf(json,
        "\"%s_details\":{\"cached_tokens\":%lld},\"%s_details\":{\"reasoning_tokens\":%lld}}",
        names[response].input, (long long)facade_items_sum(usage, "cachedInputTokens"),
        names[response].output, (long long)facade_items_sum(usage, "reasoningTokens"));
}

/* --- the end --- */

void facade_asks(const jdoc *interrupts, const char *base, struct buf *text)
{
    for (size_t i = 0; i < jdoc_length(interrupts); i++) {
        const jdoc *ask = jdoc_at(interrupts, i);
        if (text->len > 0)
            buf_puts(text, "\n\n");
        buf_puts(text, jdoc_text_or(ask, "message", "May I do this?"));
        if (jdoc_get(jdoc_get(ask, "metadata"), "form"))
            buf_printf(text,
                "\n(The service waits. Only the user can answer, and not by a message: GET "
                "%s/approvals tells the form; POST {\"action\": \"accept\", \"content\": {...}} or "
                "{\"action\": \"decline\"} to %s/approvals/%s, until %s.)",
                base, base, jdoc_text_or(ask, "id", ""), jdoc_text_or(ask, "expiresAt", ""));
        else
            buf_printf(text,
                "\n(Nothing has been done yet. Only the user can approve it, and not by a message: "
                "POST {\"approved\": true} to %s/approvals/%s, until %s.)",
                base, jdoc_text_or(ask, "id", ""), jdoc_text_or(ask, "expiresAt", ""));
    }
}

const char *facade_finish(const char *stop_reason, bool calls)
{
    if (calls)
        return "tool_calls";
    if (strcmp(stop_reason, "max_tokens") == 0 || strcmp(stop_reason, "context_window") == 0 ||
        strcmp(stop_reason, "budget") == 0)
        return "length";
    if (strcmp(stop_reason, "content_filter") == 0 || strcmp(stop_reason, "refusal") == 0)
        return "content_filter";
    return "stop";
}

void facade_cached_write(int64_t seconds, struct buf *json)
{
    if (seconds >= 0)
        buf_printf(json, ",\"turnpike\":{\"cached\":true,\"cached_seconds\":%lld}",
            (long long)seconds);
}

/* --- a response --- */

/* Members that every response has; the request's own value comes first. */
static void facade_items_put_echo(const jdoc *echo, struct buf *json)
{
    static const struct {
        const char *name, *otherwise;
    } members[] = {{"background", "false"}, {"instructions", "null"}, {"max_output_tokens", "null"},
        {"metadata", "{}"}, {"previous_response_id", "null"},
        {"reasoning", "{\"effort\":null,\"summary\":null}"}, {"store", "true"},
        {"tool_choice", "\"auto\""}, {"tools", "[]"}, {"user", "null"},
        {"parallel_tool_calls", "true"}, {"temperature", "null"}, {"top_p", "null"},
        {"text", "{\"format\":{\"type\":\"text\"}}"}, {"truncation", "\"auto\""}};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const jdoc *value = jdoc_get(echo, members[i].name);
        buf_printf(json, ",\"%s\":", members[i].name);
        if (value)
            jdoc_write(value, json);
        else
            buf_puts(json, members[i].otherwise);
    }
}

static void facade_items_put_end(const struct facade_response_form *r, struct buf *json)
{
    buf_puts(json, ",\"error\":");
    if (r->error) {
        buf_puts(json, "{\"code\":");
        buf_json_text(json, r->error_code);
        buf_json_member(json, "message", r->error);
        buf_putc(json, '}');
    } else {
        buf_puts(json, "null");
    }
    if (r->incomplete)
        buf_printf(json, ",\"incomplete_details\":{\"reason\":\"%s\"}", r->incomplete);
    else
        buf_puts(json, ",\"incomplete_details\":null");
    buf_puts(json, ",\"usage\":");
    if (r->over)
        facade_usage_write(r->usage, true, json);
    else
        buf_puts(json, "null");
    if (r->completed_s > 0)
        buf_printf(json, ",\"completed_at\":%lld", (long long)r->completed_s);
}

void facade_response_write(const struct facade_response_form *r, struct buf *json)
{
    buf_printf(json,
        "{\"id\":\"" FACADE_RESPONSE "%s\",\"object\":\"response\",\"created_at\":%lld", r->turn,
        (long long)facade_created(r->turn));
    buf_json_member(json, "status", r->status);
    buf_json_member(json, "model", jdoc_text_or(r->echo, "model", r->model));
    buf_printf(json, ",\"output\":[%s]", r->output);
    facade_items_put_end(r, json);
    facade_items_put_echo(r->echo, json);
    if (!keys_is_unlisted(r->session)) {
        buf_puts(json, ",\"conversation\":{\"id\":");
        buf_json_text(json, r->session);
        buf_putc(json, '}');
    }
    facade_cached_write(r->cached ? r->cached_s : -1, json);
    buf_putc(json, '}');
}
