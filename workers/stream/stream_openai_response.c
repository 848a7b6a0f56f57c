/* SPDX-License-Identifier: BSD-2-Clause */
/* stream_openai_response -- the events of a response. */
#include "workers/stream/stream_openai.h"

#include "fcgi-app/facade.h"

#include <string.h>

/* Each event: its type and number, then what the caller appends. */
static size_t stream_openai_response_open(struct stream_openai *s, const char *type)
{
    size_t at = s->out->len;

    buf_printf(s->out, "event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":%lld", type, type,
        s->sequence++);
    return at;
}

/* What the client has had already is taken back. */
static void stream_openai_response_close(struct stream_openai *s, size_t at)
{
    buf_puts(s->out, "}\n\n");
    if (s->sequence - 1 <= s->view.after && buf_error(s->out) == 0)
        s->out->len = at;
}

static void stream_openai_response_id(struct stream_openai *s, enum facade_item kind)
{
    buf_puts(s->out, ",\"item_id\":\"");
    facade_item_id(kind, s->turn, s->place, s->out);
    buf_printf(s->out, "\",\"output_index\":%u", s->place);
}

static void stream_openai_response_put(struct stream_openai *s, const char *name,
    const struct facade_text *text)
{
    buf_printf(s->out, ",\"%s\":\"", name);
    buf_put(s->out, text->escaped, text->len);
    buf_putc(s->out, '"');
}

/* ---- the response itself ---- */

static void stream_openai_response_whole(struct stream_openai *s, const char *type,
    const struct facade_response_form *form)
{
    size_t at = stream_openai_response_open(s, type);
    struct facade_response_form r = *form;

    r.turn = s->turn;
    r.session = s->session ? s->session : "";
    r.model = s->view.model;
    r.echo = stream_openai_echo(s);
    r.output = buf_text(&s->items);
    buf_puts(s->out, ",\"response\":");
    facade_response_write(&r, s->out);
    stream_openai_response_close(s, at);
}

static void stream_openai_response_begin(struct stream_openai *s)
{
    const struct facade_response_form form = {.status = "in_progress"};

    stream_openai_response_whole(s, "response.created", &form);
    stream_openai_response_whole(s, "response.in_progress", &form);
}

/* ---- items ---- */

static void stream_openai_response_item(struct stream_openai *s, const char *type,
    const struct facade_output *item)
{
    size_t at = stream_openai_response_open(s, type);

    buf_printf(s->out, ",\"output_index\":%u,\"item\":", s->place);
    facade_item_write(item, s->out);
    stream_openai_response_close(s, at);
}

/* The item that is open, as it stands. */
static struct facade_output stream_openai_response_open_item(const struct stream_openai *s)
{
    bool text = s->item == STREAM_OPENAI_TEXT;
    const struct buf *of = text ? &s->sent : &s->thought;
    size_t from = text ? s->item_at : 0;

    return (struct facade_output){.kind = text ? FACADE_MESSAGE : FACADE_REASONING,
        .turn = s->turn,
        .place = s->place,
        .text = {buf_text(of) + from, of->len - from}};
}

static void stream_openai_response_part(struct stream_openai *s, const char *type,
    const struct facade_output *item, bool done)
{
    size_t at = stream_openai_response_open(s, type);
    bool text = item->kind == FACADE_MESSAGE;

    stream_openai_response_id(s, item->kind);
    buf_printf(s->out, ",\"%s\":0,\"part\":{\"type\":\"%s\"%s",
        text ? "content_index" : "summary_index", text ? "output_text" : "summary_text",
        text ? ",\"annotations\":[],\"logprobs\":[]" : "");
    stream_openai_response_put(s, "text", done ? &item->text : &FACADE_TEXT_NONE);
    buf_putc(s->out, '}');
    stream_openai_response_close(s, at);
}

static void stream_openai_response_piece(struct stream_openai *s, const char *type,
    enum facade_item kind, const char *name, const struct facade_text *text)
{
    size_t at = stream_openai_response_open(s, type);

    stream_openai_response_id(s, kind);
    if (kind == FACADE_MESSAGE)
        buf_puts(s->out, ",\"content_index\":0,\"logprobs\":[]");
    else if (kind == FACADE_REASONING)
        buf_puts(s->out, ",\"summary_index\":0");
    stream_openai_response_put(s, name, text);
    stream_openai_response_close(s, at);
}

static void stream_openai_response_keep(struct stream_openai *s, const struct facade_output *item)
{
    if (s->items.len > 0)
        buf_putc(&s->items, ',');
    facade_item_write(item, &s->items);
    s->place++;
}

static void stream_openai_response_end_item(struct stream_openai *s)
{
    struct facade_output item = stream_openai_response_open_item(s);
    bool text = item.kind == FACADE_MESSAGE;

    if (s->item == STREAM_OPENAI_NOTHING)
        return;
    item.done = true;
    stream_openai_response_piece(s,
        text ? "response.output_text.done" : "response.reasoning_summary_text.done", item.kind,
        "text", &item.text);
    stream_openai_response_part(s,
        text ? "response.content_part.done" : "response.reasoning_summary_part.done", &item, true);
    stream_openai_response_item(s, "response.output_item.done", &item);
    stream_openai_response_keep(s, &item);
    s->item = STREAM_OPENAI_NOTHING;
}

static void stream_openai_response_begin_item(struct stream_openai *s, bool text)
{
    stream_openai_response_end_item(s);
    s->item = text ? STREAM_OPENAI_TEXT : STREAM_OPENAI_THOUGHT;
    s->item_at = s->sent.len;
    buf_reset(&s->thought);
    struct facade_output item = stream_openai_response_open_item(s);
    stream_openai_response_item(s, "response.output_item.added", &item);
    stream_openai_response_part(s,
        text ? "response.content_part.added" : "response.reasoning_summary_part.added", &item,
        false);
}

static void stream_openai_response_text(struct stream_openai *s, const char *escaped, size_t len)
{
    if (s->item != STREAM_OPENAI_TEXT)
        stream_openai_response_begin_item(s, true);
    stream_openai_response_piece(s, "response.output_text.delta", FACADE_MESSAGE, "delta",
        &(struct facade_text){escaped, len});
}

/* The boundary is no text: the next delta opens an item behind it. */
static void stream_openai_response_next(struct stream_openai *s)
{
    stream_openai_response_end_item(s);
}

static void stream_openai_response_think(struct stream_openai *s, const char *escaped, size_t len,
    bool first)
{
    if (first || s->item != STREAM_OPENAI_THOUGHT)
        stream_openai_response_begin_item(s, false);
    stream_openai_response_piece(s, "response.reasoning_summary_text.delta", FACADE_REASONING,
        "delta", &(struct facade_text){escaped, len});
    buf_put(&s->thought, escaped, len);
}

static void stream_openai_response_call(struct stream_openai *s, const struct facade_output *call,
    unsigned index)
{
    struct facade_output item = *call;

    (void)index;
    stream_openai_response_end_item(s);
    item.place = s->place;
    item.done = false;
    stream_openai_response_item(s, "response.output_item.added", &item);
    stream_openai_response_piece(s, "response.function_call_arguments.delta", FACADE_CALL, "delta",
        &item.text);
    size_t at = stream_openai_response_open(s, "response.function_call_arguments.done");
    stream_openai_response_id(s, FACADE_CALL);
    buf_json_member(s->out, "name", item.name);
    stream_openai_response_put(s, "arguments", &item.text);
    stream_openai_response_close(s, at);
    item.done = true;
    stream_openai_response_item(s, "response.output_item.done", &item);
    stream_openai_response_keep(s, &item);
}

/* ---- the end ---- */

static void stream_openai_response_finish(struct stream_openai *s,
    const struct stream_openai_end *end)
{
    bool cut = !strcmp(end->finish, "length") || !strcmp(end->finish, "content_filter");
    struct facade_response_form form = {.status = "completed",
        .usage = end->usage,
        .over = true,
        .cached = end->cached,
        .cached_s = end->cached_s};
    const char *type = "response.completed";

    stream_openai_response_end_item(s);
    if (end->code) {
        type = "response.failed";
        form.status = "failed";
        form.error_code = "server_error";
        form.error = end->message;
    } else if (end->cancelled || cut) {
        type = "response.incomplete";
        form.status = end->cancelled ? "cancelled" : "incomplete";
        if (cut)
            form.incomplete =
                !strcmp(end->finish, "length") ? "max_output_tokens" : "content_filter";
    }
    stream_openai_response_whole(s, type, &form);
}

static void stream_openai_response_broken(struct stream_openai *s, const char *code,
    const char *message)
{
    size_t at = stream_openai_response_open(s, "error");

    buf_json_member(s->out, "code", code);
    buf_json_member(s->out, "message", message);
    buf_puts(s->out, ",\"param\":null");
    stream_openai_response_close(s, at);
}

static const struct stream_openai_form stream_openai_response_form = {.boundary = "\x01",
    .begin = stream_openai_response_begin,
    .text = stream_openai_response_text,
    .next = stream_openai_response_next,
    .think = stream_openai_response_think,
    .call = stream_openai_response_call,
    .finish = stream_openai_response_finish,
    .broken = stream_openai_response_broken};

static void *stream_openai_response_new(const char *detail)
{
    return stream_openai_new(detail, &stream_openai_response_form);
}

const struct stream_render stream_openai_response_render = {.name = FACADE_FORM_RESPONSE,
    .head = "",
    .keep_alive = ": keep-alive\n\n",
    .takes_snapshots = false,
    .tells_session = true,
    .new = stream_openai_response_new,
    .free = stream_openai_free,
    .event = stream_openai_event,
    .ended = stream_openai_ended};
