/* SPDX-License-Identifier: BSD-2-Clause */
/* stream_openai_texts -- what was said, and what another worker makes of it. */
#include "workers/stream/stream_openai.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

void stream_openai_diverged(struct stream_openai *s)
{
    stream_openai_break(s, "taken_over",
        "The worker of this answer died. Another one went on with it in other words; this stream "
        "cannot take back its own. The session has the answer.");
}

/*
 * What is said again is passed over as long as it is what was sent. Returns what is left of it, or
 * NULL when it is something else: the stream is over then.
 */
static const char *stream_openai_match(struct stream_openai *s, const char *text, size_t *len)
{
    size_t left = s->sent.len - s->matched, n = *len < left ? *len : left;

    if (!s->matching)
        return text;
    if (n > 0 && memcmp(s->sent.data + s->matched, text, n) != 0) {
        stream_openai_diverged(s);
        return NULL;
    }
    s->matched += n;
    s->matching = s->matched < s->sent.len;
    *len -= n;
    return text + n;
}

static bool stream_openai_note_message(struct stream_openai *s)
{
    struct stream_openai_message *m;

    if (!stream_openai_room((void **)&s->messages, s->message_count, &s->message_room,
            sizeof *s->messages))
        return false;
    m = &s->messages[s->message_count];
    m->at = s->matching ? s->matched : s->sent.len;
    m->id = strdup(s->message);
    if (!m->id)
        return false;
    s->message_count++;
    return true;
}

static void stream_openai_next(struct stream_openai *s)
{
    size_t whole = strlen(s->form->boundary), len = whole;

    if (!stream_openai_match(s, s->form->boundary, &len) || len == 0)
        return;
    if (len < whole) { /* a text ended as a boundary begins */
        stream_openai_diverged(s);
        return;
    }
    s->form->next(s);
    buf_put(&s->sent, s->form->boundary, strlen(s->form->boundary));
}

static void stream_openai_put(struct stream_openai *s, const char *text, size_t len)
{
    if (s->over || !(text = stream_openai_match(s, text, &len)) || len == 0)
        return;
    s->heard = true;
    stream_openai_thought_out(s);
    s->form->text(s, text, len);
    buf_put(&s->sent, text, len);
    if (buf_error(&s->sent))
        stream_openai_no_memory(s);
}

/* Of a text that is escaped. */
static bool stream_openai_is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ' ')
            continue;
        if (text[i] != '\\' || i + 1 == len || !strchr("nrt", text[++i]))
            return false;
    }
    return true;
}

/* The message has its first word: what was held is told with it. */
static void stream_openai_begin(struct stream_openai *s)
{
    struct buf held = s->held;

    s->held = (struct buf){0};
    s->begun = true;
    if (buf_error(&held) || !stream_openai_note_message(s))
        stream_openai_no_memory(s);
    else if (s->messages[s->message_count - 1].at > 0)
        stream_openai_next(s);
    stream_openai_put(s, held.data, held.len);
    buf_free(&held);
}

void stream_openai_text(struct stream_openai *s, const char *text, size_t len)
{
    if (!s->message || s->over || len == 0)
        return;
    if (s->begun) {
        stream_openai_put(s, text, len);
        return;
    }
    buf_put(&s->held, text, len);
    if (!stream_openai_is_blank(text, len))
        stream_openai_begin(s);
}

void stream_openai_open(struct stream_openai *s, const char *id)
{
    free(s->message);
    s->message = strdup(id);
    buf_reset(&s->held);
    s->begun = false;
    if (!s->message)
        stream_openai_no_memory(s);
}

/* Text that is not in the log as deltas. */
void stream_openai_say(struct stream_openai *s, const char *id, const char *text, size_t len)
{
    struct buf escaped = {0};

    if (utf8_blank(text, len))
        return;
    buf_json_escaped(&escaped, text, len);
    stream_openai_open(s, id);
    if (buf_error(&escaped))
        stream_openai_no_memory(s);
    else
        stream_openai_text(s, escaped.data, escaped.len);
    buf_free(&escaped);
}

/* ---- thoughts ---- */

void stream_openai_thought_out(struct stream_openai *s)
{
    buf_reset(&s->thoughts);
    s->rethought = 0;
    s->rethinks = s->thinks_other = false;
}

/* Passes over what another worker thinks again. Returns what is new of it; NULL = nothing. */
static const char *stream_openai_rethink(struct stream_openai *s, const char *text, size_t *len)
{
    size_t left = s->thoughts.len - s->rethought, n = *len < left ? *len : left;

    if (n > 0 && memcmp(s->thoughts.data + s->rethought, text, n) != 0) {
        s->thinks_other = true;
        return NULL;
    }
    s->rethought += n;
    s->rethinks = s->rethought < s->thoughts.len;
    s->begun = s->begun || n > 0;
    *len -= n;
    return *len > 0 ? text + n : NULL;
}

/* No answer depends on a thought: one that another worker thinks otherwise is left as it is. */
void stream_openai_think(struct stream_openai *s, const char *text, size_t len)
{
    if (len == 0 || s->matching || s->thinks_other)
        return;
    if (s->rethinks && !(text = stream_openai_rethink(s, text, &len)))
        return;
    s->form->think(s, text, len, !s->begun);
    s->begun = true;
    buf_put(&s->thoughts, text, len);
    if (buf_error(&s->thoughts))
        stream_openai_thought_out(s);
}

/* ---- another worker goes on ---- */

/* Where a message that counts stands in the snapshot; NULL = it does not count. */
static const jdoc *stream_openai_counts(const jdoc *messages, const char *id, size_t *at)
{
    for (size_t i = 0; i < jdoc_length(messages); i++)
        if (!strcmp(jdoc_text_or(jdoc_at(messages, i), "id", ""), id)) {
            *at = i;
            return jdoc_at(messages, i);
        }
    return NULL;
}

/* What was put into a checkpoint and told in part: the rest of it. */
static void stream_openai_complete(struct stream_openai *s, const jdoc *message)
{
    const struct stream_openai_message *last = &s->messages[s->message_count - 1];
    size_t from = last->at, len = 0, boundary = strlen(s->form->boundary);
    const char *text = jdoc_string(jdoc_get(message, "content"), &len);
    struct buf escaped = {0};

    if (from > 0)
        from += boundary;
    buf_json_escaped(&escaped, text ? text : "", len);
    size_t told = s->sent.len - from;
    if (buf_error(&escaped) || escaped.len < told ||
        memcmp(buf_text(&escaped), s->sent.data + from, told) != 0) {
        stream_openai_diverged(s);
    } else if (escaped.len > told) {
        stream_openai_open(s, last->id);
        s->begun = true;
        stream_openai_text(s, escaped.data + told, escaped.len - told);
    }
    buf_free(&escaped);
}

/* One of its calls is in the checkpoint: then the step is, with its thought. */
static bool stream_openai_has_step(struct stream_openai *s, const jdoc *messages)
{
    for (size_t i = 0; i < jdoc_length(messages); i++) {
        const jdoc *calls = jdoc_get(jdoc_at(messages, i), "toolCalls");
        for (size_t k = 0; k < jdoc_length(calls); k++)
            if (stream_openai_call(s, jdoc_text_or(jdoc_at(calls, k), "id", "")))
                return true;
    }
    return false;
}

static void stream_openai_take_calls(struct stream_openai *s, const jdoc *message)
{
    const jdoc *calls = jdoc_get(message, "toolCalls");

    for (size_t i = 0; i < jdoc_length(calls); i++) {
        const jdoc *call = jdoc_at(calls, i), *function = jdoc_get(call, "function");
        size_t len = 0;
        const char *args = jdoc_string(jdoc_get(function, "arguments"), &len);
        struct stream_openai_call *mine = stream_openai_add_call(s, jdoc_text_or(call, "id", ""),
            jdoc_text_or(function, "name", ""));
        if (mine && args)
            buf_json_escaped(&mine->args, args, len);
    }
}

/* Messages that no viewer has seen: those of the run behind the last one that it has. */
static void stream_openai_tell_unseen(struct stream_openai *s, const jdoc *messages, size_t from)
{
    for (size_t i = from; i < jdoc_length(messages) && !s->over; i++) {
        const jdoc *message = jdoc_at(messages, i);
        size_t len = 0;
        const char *text = jdoc_string(jdoc_get(message, "content"), &len);
        if (text && !strcmp(jdoc_text_or(message, "role", ""), "assistant"))
            stream_openai_say(s, jdoc_text_or(message, "id", ""), text, len);
    }
}

static size_t stream_openai_last_question(const jdoc *messages)
{
    size_t from = 0;

    for (size_t i = 0; i < jdoc_length(messages); i++) {
        const char *role = jdoc_text_or(jdoc_at(messages, i), "role", "");
        if (!strcmp(role, "user") || !strcmp(role, "tool"))
            from = i + 1;
    }
    return from;
}

/* The messages that count: what else was sent has to be said again. */
void stream_openai_on_snapshot(struct stream_openai *s, const jdoc *event)
{
    const jdoc *messages = jdoc_get(event, "messages"), *last = NULL;
    size_t kept = 0, at = 0, from = stream_openai_last_question(messages);

    if (!s->resumed) /* it says what has been said */
        return;
    s->resumed = false;
    for (; kept < s->message_count; kept++) {
        const jdoc *found = stream_openai_counts(messages, s->messages[kept].id, &at);
        if (!found)
            break;
        last = found;
        from = at + 1;
    }
    if (stream_openai_has_step(s, messages))
        stream_openai_thought_out(s);
    s->rethinks = s->thoughts.len > 0;
    s->thinks_other = false;
    s->rethought = 0;
    stream_openai_cut_calls(s);
    for (size_t i = 0; i < jdoc_length(messages); i++)
        stream_openai_take_calls(s, jdoc_at(messages, i));
    if (kept < s->message_count) {
        s->matching = true;
        s->matched = s->messages[kept].at;
        stream_openai_cut_messages(s, kept);
    } else if (last) {
        stream_openai_complete(s, last);
    }
    free(s->message);
    s->message = NULL;
    stream_openai_tell_unseen(s, messages, from);
}
