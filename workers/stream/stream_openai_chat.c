/* SPDX-License-Identifier: BSD-2-Clause */
/* stream_openai_chat -- the chunks of a chat completion. */
#include "workers/stream/stream_openai.h"

#include "fcgi-app/facade.h"

#include <string.h>

/* Up to the value of "choices". */
static void stream_openai_chat_open(struct stream_openai *s)
{
    buf_printf(s->out,
        "data: {\"id\":\"" FACADE_COMPLETION "%s\",\"object\":\"chat.completion.chunk\","
        "\"created\":%lld",
        s->turn, (long long)facade_created(s->turn));
    buf_json_member(s->out, "model", s->view.model);
    buf_puts(s->out, ",\"choices\":");
}

/* Behind "choices": a stream that ends with the usage has that member in each chunk. */
static void stream_openai_chat_close(struct stream_openai *s)
{
    buf_puts(s->out, s->view.usage ? ",\"usage\":null}\n\n" : "}\n\n");
}

static void stream_openai_chat_open_delta(struct stream_openai *s)
{
    stream_openai_chat_open(s);
    buf_puts(s->out, "[{\"index\":0,\"delta\":{");
}

static void stream_openai_chat_close_delta(struct stream_openai *s)
{
    buf_puts(s->out, "},\"logprobs\":null,\"finish_reason\":null}]");
    stream_openai_chat_close(s);
}

static void stream_openai_chat_begin(struct stream_openai *s)
{
    stream_openai_chat_open_delta(s);
    buf_puts(s->out, "\"role\":\"assistant\",\"content\":\"\",\"refusal\":null");
    stream_openai_chat_close_delta(s);
}

static void stream_openai_chat_put(struct stream_openai *s, const char *member, const char *escaped,
    size_t len)
{
    stream_openai_chat_open_delta(s);
    buf_printf(s->out, "\"%s\":\"", member);
    buf_put(s->out, escaped, len);
    buf_putc(s->out, '"');
    stream_openai_chat_close_delta(s);
}

static void stream_openai_chat_text(struct stream_openai *s, const char *escaped, size_t len)
{
    stream_openai_chat_put(s, "content", escaped, len);
}

#define STREAM_OPENAI_CHAT_BOUNDARY "\\n\\n"

static void stream_openai_chat_next(struct stream_openai *s)
{
    stream_openai_chat_put(s, "content", STREAM_OPENAI_CHAT_BOUNDARY,
        sizeof STREAM_OPENAI_CHAT_BOUNDARY - 1);
}

/* DeepSeek's member, which Open WebUI, LibreChat and others show (November 2026). */
static void stream_openai_chat_think(struct stream_openai *s, const char *escaped, size_t len,
    bool first)
{
    (void)first;
    stream_openai_chat_put(s, "reasoning_content", escaped, len);
}

static void stream_openai_chat_call(struct stream_openai *s, const struct facade_output *call,
    unsigned index)
{
    stream_openai_chat_open_delta(s);
    buf_printf(s->out, "\"tool_calls\":[{\"index\":%u,\"id\":", index);
    buf_json_text(s->out, call->call);
    buf_puts(s->out, ",\"type\":\"function\",\"function\":{\"name\":");
    buf_json_text(s->out, call->name);
    buf_puts(s->out, ",\"arguments\":\"\"}}]");
    stream_openai_chat_close_delta(s);
    stream_openai_chat_open_delta(s);
    buf_printf(s->out, "\"tool_calls\":[{\"index\":%u,\"function\":{\"arguments\":\"", index);
    buf_put(s->out, call->text.escaped, call->text.len);
    buf_puts(s->out, "\"}}]");
    stream_openai_chat_close_delta(s);
}

static void stream_openai_chat_error(struct stream_openai *s, int status, const char *code,
    const char *message)
{
    const struct facade_error e = {.status = status, .message = message, .code = code};

    buf_puts(s->out, "data: ");
    facade_error_write(&e, s->out);
    buf_puts(s->out, "\n\n");
}

static void stream_openai_chat_finish(struct stream_openai *s, const struct stream_openai_end *end)
{
    if (end->code || end->cancelled) {
        stream_openai_chat_error(s, end->code ? 500 : 409, end->code ? end->code : "turn_cancelled",
            end->code ? end->message : "The turn was stopped.");
        return;
    }
    stream_openai_chat_open(s);
    buf_printf(s->out, "[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"%s\"}]",
        end->finish);
    facade_cached_write(end->cached ? end->cached_s : -1, s->out);
    stream_openai_chat_close(s);
    if (s->view.usage) {
        stream_openai_chat_open(s);
        buf_puts(s->out, "[],\"usage\":");
        facade_usage_write(end->usage, false, s->out);
        buf_puts(s->out, "}\n\n");
    }
    buf_puts(s->out, "data: [DONE]\n\n");
}

static void stream_openai_chat_broken(struct stream_openai *s, const char *code,
    const char *message)
{
    stream_openai_chat_error(s, 500, code, message);
}

static const struct stream_openai_form stream_openai_chat_form = {.boundary =
                                                                      STREAM_OPENAI_CHAT_BOUNDARY,
    .begin = stream_openai_chat_begin,
    .text = stream_openai_chat_text,
    .next = stream_openai_chat_next,
    .think = stream_openai_chat_think,
    .call = stream_openai_chat_call,
    .finish = stream_openai_chat_finish,
    .broken = stream_openai_chat_broken};

static void *stream_openai_chat_new(const char *detail)
{
    return stream_openai_new(detail, &stream_openai_chat_form);
}

const struct stream_render stream_openai_chat_render = {.name = FACADE_FORM_COMPLETION,
    .head = "",
    .keep_alive = ": keep-alive\n\n",
    .takes_snapshots = false,
    .tells_session = true,
    .new = stream_openai_chat_new,
    .free = stream_openai_free,
    .event = stream_openai_event,
    .ended = stream_openai_ended};
