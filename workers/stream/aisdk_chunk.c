/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes chunks, and keeps in mind what of the message is open. */
#include "workers/stream/aisdk_parts.h"

#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void aisdk_chunk_open(const struct aisdk *a, struct buf *out, const char *type)
{
    buf_puts(out, a->before);
    buf_puts(out, "{\"type\":\"");
    buf_puts(out, type);
    buf_putc(out, '"');
}

void aisdk_chunk_close(const struct aisdk *a, struct buf *out)
{
    buf_putc(out, '}');
    buf_puts(out, a->after);
}

void aisdk_chunk_json(struct buf *out, const char *name, const jdoc *value)
{
    if (!value)
        return;
    buf_printf(out, ",\"%s\":", name);
    jdoc_write(value, out);
}

/* ,"NAME":"ID", which is escaped already. */
static void aisdk_chunk_id(struct buf *out, const char *name, const struct buf *id)
{
    buf_printf(out, ",\"%s\":\"", name);
    buf_put(out, id->data, id->len);
    buf_putc(out, '"');
}

void aisdk_chunk_start(struct aisdk *a, struct buf *out, const char *run)
{
    if (a->started)
        return;
    a->started = true;
    aisdk_chunk_open(a, out, "start");
    buf_json_member(out, "messageId", a->message);
    if (run) {
        buf_puts(out, ",\"messageMetadata\":{\"runId\":");
        buf_json_text(out, run);
        buf_putc(out, '}');
    }
    aisdk_chunk_close(a, out);
}

/* ---- steps ---- */

void aisdk_chunk_finish_step(struct aisdk *a, struct buf *out)
{
    if (!a->step_open)
        return;
    a->step_open = false;
    aisdk_chunk_open(a, out, "finish-step");
    aisdk_chunk_close(a, out);
}

void aisdk_chunk_step(struct aisdk *a, struct buf *out, const char *id)
{
    aisdk_chunk_start(a, out, NULL);
    a->torn = false; /* something new is said: nothing was taken back */
    if (a->answered)
        aisdk_chunk_finish_step(a, out);
    a->answered = false;
    if (!a->step_open) {
        if (a->step[0])
            memcpy(a->last, a->step, sizeof a->last);
        a->step[0] = '\0';
        a->step_open = true;
        a->steps++;
        aisdk_chunk_open(a, out, "start-step");
        aisdk_chunk_close(a, out);
    }
    if (id && strlen(id) < sizeof a->step)
        snprintf(a->step, sizeof a->step, "%s", id);
}

/* ---- text and reasoning ---- */

static struct aisdk_part *aisdk_chunk_part(struct aisdk *a, bool reasoning)
{
    return reasoning ? &a->reasoning : &a->text;
}

void aisdk_chunk_begin(struct aisdk *a, struct buf *out, bool reasoning, const char *id)
{
    struct aisdk_part *part = aisdk_chunk_part(a, reasoning);

    aisdk_chunk_end(a, out, reasoning);
    buf_reset(&part->id);
    buf_json_escaped(&part->id, id, strlen(id));
    buf_reset(&part->delta);
    aisdk_chunk_open(a, &part->delta, reasoning ? "reasoning-delta" : "text-delta");
    aisdk_chunk_id(&part->delta, "id", &part->id);
    buf_puts(&part->delta, ",\"delta\":\"");
    if (buf_error(&part->id) || buf_error(&part->delta))
        return; /* without memory: what comes of it is left out */
    part->open = true;
    aisdk_chunk_open(a, out, reasoning ? "reasoning-start" : "text-start");
    aisdk_chunk_id(out, "id", &part->id);
    aisdk_chunk_close(a, out);
}

void aisdk_chunk_end(struct aisdk *a, struct buf *out, bool reasoning)
{
    struct aisdk_part *part = aisdk_chunk_part(a, reasoning);

    if (!part->open)
        return;
    part->open = false;
    aisdk_chunk_open(a, out, reasoning ? "reasoning-end" : "text-end");
    aisdk_chunk_id(out, "id", &part->id);
    aisdk_chunk_close(a, out);
}

void aisdk_chunk_delta(const struct aisdk *a, struct buf *out, bool reasoning, const char *text,
    size_t len)
{
    const struct aisdk_part *part = reasoning ? &a->reasoning : &a->text;

    if (!part->open || len == 0)
        return;
    buf_put(out, part->delta.data, part->delta.len);
    buf_put(out, text, len);
    buf_puts(out, "\"}");
    buf_puts(out, a->after);
}

/* ---- calls ---- */

void aisdk_chunk_free_call(struct aisdk_call *call)
{
    buf_free(&call->id);
    buf_free(&call->args);
    free(call->name);
    free(call);
}

struct aisdk_call *aisdk_chunk_find_call(const struct aisdk *a, const char *id)
{
    struct aisdk_call *call = a->calls;
    struct buf escaped;

    buf_init(&escaped, 0);
    buf_json_escaped(&escaped, id, strlen(id));
    while (call &&
        (call->id.len != escaped.len || memcmp(call->id.data, escaped.data, escaped.len) != 0))
        call = call->next;
    buf_free(&escaped);
    return call;
}

struct aisdk_call *aisdk_chunk_call(struct aisdk *a, const char *id, const char *name)
{
    struct aisdk_call *call = aisdk_chunk_find_call(a, id);

    if (call) {
        buf_reset(&call->args);
        call->step = a->steps;
        return call;
    }
    call = calloc(1, sizeof *call);
    if (!call)
        return NULL;
    call->name = strdup(name);
    buf_json_escaped(&call->id, id, strlen(id));
    if (!call->name || buf_error(&call->id) || call->id.len == 0) {
        aisdk_chunk_free_call(call);
        return NULL;
    }
    call->step = a->steps;
    call->next = a->calls;
    a->calls = call;
    return call;
}

void aisdk_chunk_input(const struct aisdk *a, struct buf *out, const struct aisdk_call *call,
    const char *arguments, size_t len)
{
    struct buf input;
    bool good;

    buf_init(&input, 0);
    good = uimessage_put_input(&input, arguments, len);
    aisdk_chunk_open(a, out, good ? "tool-input-available" : "tool-input-error");
    aisdk_chunk_id(out, "toolCallId", &call->id);
    buf_json_member(out, "toolName", call->name);
    buf_puts(out, ",\"input\":");
    buf_put(out, input.data, input.len);
    if (!good)
        buf_json_member(out, "errorText", "The arguments are not whole JSON.");
    aisdk_chunk_close(a, out);
    buf_free(&input);
}

/* A result of a call that the client does not hold would end its stream with an error. */
static bool aisdk_chunk_takes_result(struct aisdk *a, struct aisdk_call *call)
{
    if (!call)
        return a->mode == AISDK_ON && !a->step_open;
    if (call->answered)
        return false;
    call->answered = a->answered = true;
    return true;
}

void aisdk_chunk_result(struct aisdk *a, struct buf *out, const char *call_id, const jdoc *content,
    bool failed)
{
    static const char *const types[] = {[UIMESSAGE_OUTPUT] = "tool-output-available",
        [UIMESSAGE_FAILED] = "tool-output-error",
        [UIMESSAGE_DENIED] = "tool-output-denied"};
    struct uimessage_result r;

    if (!aisdk_chunk_takes_result(a, aisdk_chunk_find_call(a, call_id)))
        return;
    if (uimessage_result_read(content, failed, &r) == 0) {
        aisdk_chunk_open(a, out, types[r.outcome]);
        buf_json_member(out, "toolCallId", call_id);
        if (r.outcome == UIMESSAGE_OUTPUT && r.output)
            aisdk_chunk_json(out, "output", r.output);
        else if (r.outcome == UIMESSAGE_OUTPUT)
            buf_puts(out, ",\"output\":null");
        else if (r.outcome == UIMESSAGE_FAILED)
            buf_json_member(out, "errorText", r.why);
        aisdk_chunk_close(a, out);
    }
    uimessage_result_free(&r);
}

void aisdk_chunk_error(const struct aisdk *a, struct buf *out, const char *text)
{
    aisdk_chunk_open(a, out, "error");
    buf_json_member(out, "errorText", text);
    aisdk_chunk_close(a, out);
}
