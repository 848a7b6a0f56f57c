/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reply.h"

#include "base/clock.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "base/utf8.h"
#include "tools/engine/tools.h"

#include <string.h>

/* JSON text if it is any, else the same as a string. */
static void reply_put_json(struct buf *json, const char *text, size_t len)
{
    jdoc *doc = NULL;

    if (!jdoc_parse(text, len, &doc, NULL, 0))
        buf_put(json, text, len);
    else
        buf_json_string(json, text, len);
    jdoc_free(doc);
}

static void reply_put_response(const struct reply *r, struct buf *json)
{
    bool any = false;

    buf_puts(json, "{\"response\":\"");
    for (size_t i = r->first_new; i < r->chat->count; i++) {
        const struct chat_message *m = &r->chat->items[i];
        if (m->role != CHAT_ASSISTANT || utf8_blank(m->text, m->len))
            continue;
        if (any)
            buf_puts(json, "\\n\\n");
        any = true;
        buf_json_escaped(json, m->text, m->len);
    }
    for (size_t i = 0; i < r->ask_count && !any; i++) { /* a client that knows no approvals */
        if (i)
            buf_puts(json, "\\n");
        buf_json_escaped(json, r->asks[i].message, strlen(r->asks[i].message));
    }
    buf_putc(json, '"');
}

static const char *reply_last_message_id(const struct reply *r)
{
    for (size_t i = r->chat->count; i-- > r->first_new;)
        if (r->chat->items[i].role == CHAT_ASSISTANT)
            return r->chat->items[i].id;
    return "";
}

/* Is the entity in the result, by which a front end refreshes? */
static bool reply_has_entity(const struct tools_spec *spec, const struct chat_message *result)
{
    jdoc *doc = NULL;
    bool has = spec && spec->entity && result && !result->failed &&
        !jdoc_parse(result->text, result->len, &doc, NULL, 0) && jdoc_has(doc, spec->entity);

    jdoc_free(doc);
    return has;
}

static const char *reply_status(const struct chat_message *result)
{
    return !result ? "pending" : result->failed ? "error" : "success";
}

/* One action: what was done, and where its result is: that is in the reply once, with its call. */
static void reply_put_action(const struct chat_call *call, const struct chat_message *result,
    struct buf *json)
{
    const struct tools_spec *spec = call->alias ? NULL : tools_find(call->name);

    buf_puts(json, "{\"type\":\"tool\"");
    buf_json_member(json, "tool", call->name);
    buf_json_member(json, "status", reply_status(result));
    buf_json_member(json, "tool_call_id", call->id);
    if (reply_has_entity(spec, result))
        buf_json_member(json, "entity", spec->entity);
    buf_putc(json, '}');
}

static void reply_put_call(const struct chat_call *call, const struct chat_message *result,
    struct buf *json)
{
    buf_puts(json, "{\"id\":");
    buf_json_string(json, call->id, strlen(call->id));
    buf_json_member(json, "name", call->name);
    buf_puts(json, ",\"arguments\":");
    if (call->args_len)
        reply_put_json(json, call->args, call->args_len);
    else
        buf_puts(json, "{}");
    buf_json_member(json, "status", reply_status(result));
    if (result) {
        buf_puts(json, ",\"result\":");
        reply_put_json(json, result->text, result->len);
    }
    buf_putc(json, '}');
}

typedef void put_fn(const struct chat_call *call, const struct chat_message *result,
    struct buf *json);

/* The call of an earlier turn that this turn's message answers, or NULL. */
static const struct chat_call *reply_earlier_call(const struct reply *r,
    const struct chat_message *m)
{
    for (size_t i = r->first_new; m->role == CHAT_TOOL && i-- > 0;)
        for (size_t k = 0; k < r->chat->items[i].call_count; k++)
            if (!strcmp(r->chat->items[i].calls[k].id, m->call_id))
                return &r->chat->items[i].calls[k];
    return NULL;
}

static void reply_put_calls(const struct reply *r, put_fn *put, struct buf *json)
{
    bool any = false;

    buf_putc(json, '[');
    for (size_t i = r->first_new; i < r->chat->count; i++) {
        const struct chat_call *call = reply_earlier_call(r, &r->chat->items[i]);
        if (!call)
            continue;
        if (any)
            buf_putc(json, ',');
        any = true;
        put(call, &r->chat->items[i], json);
    }
    for (size_t i = r->first_new; i < r->chat->count; i++) {
        const struct chat_message *m = &r->chat->items[i];
        for (size_t k = 0; k < m->call_count; k++) {
            if (any)
                buf_putc(json, ',');
            any = true;
            put(&m->calls[k], chat_result(r->chat, m->calls[k].id), json);
        }
    }
    buf_putc(json, ']');
}

/* In the order in which the turn said it: what its client heard as a stream. */
static void reply_put_output(const struct reply *r, struct buf *json)
{
    bool any = false;

    buf_puts(json, ",\"output\":[");
    for (size_t i = r->first_new; i < r->chat->count; i++) {
        const struct chat_message *m = &r->chat->items[i];
        bool reasoning = m->role == CHAT_REASONING;
        if ((!reasoning && m->role != CHAT_ASSISTANT) || utf8_blank(m->text, m->len))
            continue;
        buf_printf(json, "%s{\"type\":\"%s\",\"text\":", any ? "," : "",
            reasoning ? "reasoning" : "message");
        buf_json_string(json, m->text, m->len);
        buf_putc(json, '}');
        any = true;
    }
    buf_putc(json, ']');
}

void reply_success(const struct reply *r, struct buf *json)
{
    char timestamp[CLOCK_RFC3339_SIZE];
    int64_t took = r->now_ms - r->start->created_ms;

    clock_rfc3339(r->now_ms, timestamp);
    reply_put_response(r, json);
    buf_puts(json, ",\"actions\":");
    reply_put_calls(r, reply_put_action, json);
    buf_puts(json, ",\"suggestions\":[]");
    buf_json_member(json, "conversation_id", r->start->session);
    buf_json_member(json, "session_id", r->start->session);
    buf_json_member(json, "message_id", reply_last_message_id(r));
    buf_json_member(json, "turn_id", r->start->turn);
    buf_json_member(json, "run_id", r->input->run_id);
    buf_printf(json, ",\"processing_time_ms\":%lld", (long long)(took > 0 ? took : 0));
    buf_json_member(json, "timestamp", timestamp);
    buf_printf(json, ",\"context_updates\":{},\"tokens_used\":%lld,\"usage\":%s",
        (long long)r->tokens, r->usage ? r->usage : "[]");
    buf_json_member(json, "model", r->model);
    if (r->cached)
        buf_printf(json, ",\"cached\":true,\"cached_seconds\":%lld", (long long)r->cached_s);
    if (r->kept_as)
        buf_json_member(json, "cache_entry", r->kept_as);
    buf_puts(json, ",\"tool_calls\":");
    reply_put_calls(r, reply_put_call, json);
    if (r->pending_count) {
        buf_puts(json, ",\"pending_tool_call_ids\":[");
        for (size_t i = 0; i < r->pending_count; i++) {
            if (i)
                buf_putc(json, ',');
            buf_json_string(json, r->pending[i], strlen(r->pending[i]));
        }
        buf_putc(json, ']');
    }
    if (r->interrupts)
        buf_printf(json, ",\"outcome\":\"interrupt\",\"interrupts\":%s", r->interrupts);
    if (r->stop_reason)
        buf_json_member(json, "stop_reason", r->stop_reason);
    if (r->input->source && !strcmp(r->input->source, "openai"))
        reply_put_output(r, json);
    buf_putc(json, '}');
}

void reply_problem(const struct reply *r, const struct reply_failure *f, struct buf *json)
{
    struct ident_trace trace;

    buf_printf(json, "{\"type\":\"urn:turnpike:problem:%s\"", f->code);
    buf_json_member(json, "title", f->title);
    buf_printf(json, ",\"status\":%d", f->status);
    buf_json_member(json, "detail", f->detail);
    buf_json_member(json, "code", f->code);
    buf_printf(json, ",\"retryable\":%s", f->retryable ? "true" : "false");
    if (!r->input || !ident_trace_parse(r->input->traceparent, &trace))
        ident_trace_new(&trace);
    buf_json_member(json, "trace_id", trace.trace_id);
    buf_json_member(json, "turn_id", r->start->turn);
    buf_json_member(json, "session_id", r->start->session);
    buf_putc(json, '}');
}
