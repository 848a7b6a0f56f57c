/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_frames.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/jdoc.h"
#include "workers/stream/stream_agui.h"
#include "workers/stream/stream_form.h"
#include "workers/stream/stream_legacy.h"
#include "workers/stream/stream_message.h"
#include "workers/stream/stream_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define MINUTE_MS 60000
/* A ping costs a tenth of a message; this many messages above the limit end the socket. */
#define PING_COST 1
#define PATIENCE 20

/* ---- how many ---- */

bool stream_frames_count(struct stream_conn *c, unsigned cost, int64_t *tell_ms)
{
    struct stream_socket *w = stream_socket_of(c);
    int64_t now = clock_mono_ms(),
            limit = c->stream->conf->rate_ws_messages * STREAM_FRAMES_MESSAGE;

    *tell_ms = 0;
    if (limit == 0)
        return true;
    if (now - w->window_ms >= MINUTE_MS) {
        w->window_ms = now;
        w->window_count = 0;
        w->warned = false;
    }
    w->window_count += cost;
    if (w->window_count <= limit)
        return true;
    if (w->window_count > limit + PATIENCE * STREAM_FRAMES_MESSAGE)
        stream_socket_close(c, STREAM_CLOSE_RATE, "too many messages");
    else if (!w->warned)
        *tell_ms = w->window_ms + MINUTE_MS - now;
    w->warned = true;
    return false;
}

static bool stream_frames_allow(struct stream_conn *c, unsigned cost)
{
    int64_t tell_ms;
    bool allowed = stream_frames_count(c, cost, &tell_ms);

    if (tell_ms > 0)
        stream_form_error(c, "rate_limited", STREAM_FRAMES_TOO_MANY, NULL, tell_ms);
    return allowed;
}

/* ---- messages ---- */

/* Copies members of the frame into the body, under the name that the turn pool knows. */
static void stream_frames_copy_string(struct buf *b, const jdoc *frame, const char *name)
{
    const char *s;
    size_t len;

    if (jdoc_get_string(frame, name, &s, &len) < 0)
        return;
    buf_printf(b, ",\"%s\":", name);
    buf_json_string(b, s, len);
}

static void stream_frames_copy_value(struct buf *b, const jdoc *frame, const char *name)
{
    const jdoc *value = jdoc_get(frame, name);

    if (!value)
        return;
    buf_printf(b, ",\"%s\":", name);
    jdoc_write(value, b);
}

static const char *stream_frames_text_or_null(const jdoc *frame, const char *name)
{
    const char *s = jdoc_text_or(frame, name, "");

    return s[0] ? s : NULL;
}

static void stream_frames_submit_text(struct stream_conn *c, const jdoc *frame, const char *text,
    size_t len)
{
    struct stream_submit submit = {.session = stream_frames_text_or_null(frame, "session_id"),
        .client_message_id = stream_frames_text_or_null(frame, "client_message_id"),
        .run_id = stream_frames_text_or_null(frame, "run_id")};
    struct buf body;

    buf_init(&body, 0);
    buf_puts(&body, "{\"text\":");
    buf_json_string(&body, text, len);
    stream_frames_copy_string(&body, frame, "client_message_id");
    stream_frames_copy_string(&body, frame, "message_id");
    stream_frames_copy_string(&body, frame, "run_id");
    stream_frames_copy_string(&body, frame, "timezone");
    stream_frames_copy_string(&body, frame, "locale");
    stream_frames_copy_string(&body, frame, "on_busy");
    stream_frames_copy_value(&body, frame, "context");
    stream_frames_copy_value(&body, frame, "attachments");
    stream_frames_copy_value(&body, frame, "webhook");
    stream_frames_copy_value(&body, frame, "cache");
    submit.body = &body;
    stream_message_submit(c, &submit);
    buf_free(&body);
}

/* A number where an id belongs must not be taken for no id: the message would run twice. */
static bool stream_frames_strings_are_strings(struct stream_conn *c, const jdoc *frame)
{
    static const char *const names[] = {"session_id", "client_message_id", "run_id", "message_id",
        "timezone", "locale", "on_busy", "threadId", "runId"};
    char why[64];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const jdoc *value = jdoc_get(frame, names[i]);
        if (!value || jdoc_type(value) == JDOC_STRING || jdoc_type(value) == JDOC_NULL)
            continue;
        snprintf(why, sizeof why, "%s must be a string.", names[i]);
        stream_form_error(c, "invalid_field", why,
            stream_frames_text_or_null(frame, "client_message_id"), 0);
        return false;
    }
    return true;
}

static void stream_frames_on_message(struct stream_conn *c, const jdoc *frame)
{
    static const char *const names[] = {"text", "message", "content"};
    const char *text;
    size_t len;

    if (!stream_frames_strings_are_strings(c, frame))
        return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (jdoc_get_string(frame, names[i], &text, &len) == 0) {
            stream_frames_submit_text(c, frame, text, len);
            return;
        }
    }
    if (jdoc_get(frame, "attachments")) { /* a picture needs no words */
        stream_frames_submit_text(c, frame, "", 0);
        return;
    }
    stream_form_error(c, "invalid_field", "The message has no text.",
        stream_frames_text_or_null(frame, "client_message_id"), 0);
}

static void stream_frames_become_legacy(struct stream_conn *c)
{
    struct stream_socket *w = stream_socket_of(c);

    if (w->form == &stream_agui_form)
        w->form = &stream_legacy_form;
}

static void stream_frames_on_chat(struct stream_conn *c, const jdoc *frame)
{
    stream_frames_become_legacy(c);
    stream_frames_on_message(c, frame);
}

static void stream_frames_on_init(struct stream_conn *c, const jdoc *frame)
{
    (void)frame;
    stream_frames_become_legacy(c);
    stream_legacy_form.hello(c);
}

/* RunAgentInput, which may hold the whole conversation: its own bytes go to the turn pool. */
static void stream_frames_on_agui(struct stream_conn *c, const jdoc *frame, const char *text,
    size_t len)
{
    struct stream_submit submit = {.session = stream_frames_text_or_null(frame, "threadId"),
        .run_id = stream_frames_text_or_null(frame, "runId"),
        .client_message_id = stream_frames_text_or_null(frame, "client_message_id"),
        .agui = true};
    struct buf body;

    if (!stream_frames_strings_are_strings(c, frame))
        return;
    buf_init(&body, 0);
    buf_puts(&body, "{\"agui\":");
    buf_put(&body, text, len);
    if (submit.run_id) {
        buf_puts(&body, ",\"run_id\":");
        buf_json_string(&body, submit.run_id, strlen(submit.run_id));
    }
    stream_frames_copy_string(&body, frame, "client_message_id");
    stream_frames_copy_string(&body, frame, "on_busy");
    submit.body = &body;
    stream_message_submit(c, &submit);
    buf_free(&body);
}

/* ---- the rest ---- */

static void stream_frames_on_cancel(struct stream_conn *c, const jdoc *frame)
{
    const char *session = stream_frames_text_or_null(frame, "session_id");
    const char *turn = stream_frames_text_or_null(frame, "turn_id");
    const char *message = stream_frames_text_or_null(frame, "client_message_id");

    if (!turn && !session && !message)
        session = stream_socket_of(c)->session;
    if (!turn && !session && !message)
        stream_form_error(c, "invalid_field",
            "cancel needs turn_id, session_id or client_message_id.", NULL, 0);
    else
        stream_message_cancel(c, turn, session, message);
}

/* {"id","approved","edited_args"?}, or {"id","action","content"?} for a form: the turn pool knows what
 * was asked and checks the rest. */
static void stream_frames_put_answer(struct buf *body, const jdoc *frame)
{
    static const char *const members[] = {"approved", "edited_args", "action", "content"};
    bool any = false;

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (!jdoc_has(frame, members[i]))
            continue;
        buf_printf(body, "%s\"%s\":", any ? "," : "", members[i]);
        jdoc_write(jdoc_get(frame, members[i]), body);
        any = true;
    }
}

static void stream_frames_on_approve(struct stream_conn *c, const jdoc *frame)
{
    const char *id = stream_frames_text_or_null(frame, "id");
    const char *message = stream_frames_text_or_null(frame, "client_message_id");
    struct stream_submit submit = {.session = stream_frames_text_or_null(frame, "session_id"),
        .client_message_id = message ? message : id};
    struct buf body;

    if (!stream_frames_strings_are_strings(c, frame))
        return;
    if (!id || !ident_is_safe(id, strlen(id), IDENT_CLIENT_MESSAGE_MAX)) {
        stream_form_error(c, "invalid_field", "The id of an approval is needed.", message, 0);
        return;
    }
    if (!submit.session && !stream_socket_of(c)->session) {
        stream_form_error(c, "invalid_field", "approve needs session_id.", message, 0);
        return;
    }
    buf_init(&body, 0);
    buf_printf(&body, "{\"approval\":{\"id\":\"%s\",\"payload\":{", id);
    stream_frames_put_answer(&body, frame);
    buf_puts(&body, "}}");
    submit.body = &body;
    stream_message_submit(c, &submit);
    buf_free(&body);
}

static void stream_frames_on_inbox(struct stream_conn *c, const jdoc *frame, int64_t minutes)
{
    const char *entry = stream_frames_text_or_null(frame, "id");

    if (!entry || !ident_is_safe(entry, strlen(entry), IDENT_CLIENT_MESSAGE_MAX))
        stream_form_error(c, "invalid_field", "The id of an inbox entry is needed.", NULL, 0);
    else
        stream_message_inbox(c, entry, minutes);
}

static void stream_frames_on_ack(struct stream_conn *c, const jdoc *frame)
{
    stream_frames_on_inbox(c, frame, 0);
}

static void stream_frames_on_snooze(struct stream_conn *c, const jdoc *frame)
{
    int64_t minutes = 0;

    if (jdoc_get_int(frame, "minutes", &minutes) < 0 || minutes < 1)
        stream_form_error(c, "invalid_field", "minutes must be a whole number, 1 to 1440.", NULL,
            0);
    else
        stream_frames_on_inbox(c, frame, minutes);
}

static void stream_frames_on_ping(struct stream_conn *c, const jdoc *frame)
{
    struct buf b;

    buf_init(&b, 0);
    buf_puts(&b, "{\"type\":\"pong\"");
    stream_frames_copy_value(&b, frame, "id");
    buf_printf(&b, ",\"timestamp\":%lld}", (long long)clock_real_ms());
    err_ignore(stream_socket_json(c, &b));
    buf_free(&b);
}

static void stream_frames_on_pong(struct stream_conn *c, const jdoc *frame)
{
    (void)c;
    (void)frame;
}

static bool stream_frames_named_session(struct stream_conn *c, const jdoc *frame,
    const char **session)
{
    *session = stream_frames_text_or_null(frame, "session_id");
    if (*session && ident_is_session(*session, strlen(*session)))
        return true;
    stream_form_error(c, "invalid_field", "session_id is missing or not valid.", NULL, 0);
    return false;
}

static void stream_frames_on_subscribe(struct stream_conn *c, const jdoc *frame)
{
    const char *session;
    struct hub_viewer *viewer = NULL;
    int error;

    if (!stream_frames_named_session(c, frame, &session))
        return;
    error = stream_conn_watch(c, session, jdoc_text_or(frame, "cursor", ""), &viewer);
    if (error == ERR_INVALID)
        stream_form_error(c, "invalid_field", "cursor must be EPOCH-N.", NULL, 0);
    else if (error == ERR_LIMIT)
        stream_form_error(c, "too_many_subscriptions", "Too many sessions on one socket.", NULL, 0);
    else if (error == ERR_BUSY)
        stream_form_error(c, "request_crashed_worker",
            "Workers died in what this session holds: it is refused for a while.", NULL, 60000);
    else if (error < 0)
        stream_form_error(c, "internal_error", "Something went wrong here.", NULL, 1000);
}

static void stream_frames_on_unsubscribe(struct stream_conn *c, const jdoc *frame)
{
    const char *session;
    struct hub_viewer *viewer;

    if (!stream_frames_named_session(c, frame, &session))
        return;
    viewer = stream_conn_viewer(c, session);
    if (viewer)
        stream_conn_unwatch(c, viewer);
}

static void stream_frames_on_context(struct stream_conn *c, const jdoc *frame)
{
    const jdoc *context = jdoc_get(frame, "context");
    struct buf b;

    if (!context)
        context = jdoc_get(frame, "data");
    if (jdoc_type(context) != JDOC_OBJECT) {
        stream_form_error(c, "invalid_field", "context must be an object.", NULL, 0);
        return;
    }
    buf_init(&b, 0);
    jdoc_write(context, &b);
    if (buf_error(&b) == 0)
        stream_message_context(c, b.data, b.len);
    buf_free(&b);
}

static const struct {
    const char *type;
    void (*run)(struct stream_conn *c, const jdoc *frame);
    unsigned cost;
} stream_frames_table[] = {
    {"message", stream_frames_on_message, STREAM_FRAMES_MESSAGE},
    {"chat", stream_frames_on_chat, STREAM_FRAMES_MESSAGE},
    {"init", stream_frames_on_init, STREAM_FRAMES_MESSAGE},
    {"cancel", stream_frames_on_cancel, STREAM_FRAMES_MESSAGE},
    {"approve", stream_frames_on_approve, STREAM_FRAMES_MESSAGE},
    {"ack", stream_frames_on_ack, STREAM_FRAMES_MESSAGE},
    {"snooze", stream_frames_on_snooze, STREAM_FRAMES_MESSAGE},
    {"ping", stream_frames_on_ping, PING_COST},
    {"pong", stream_frames_on_pong, PING_COST},
    {"subscribe", stream_frames_on_subscribe, STREAM_FRAMES_MESSAGE},
    {"unsubscribe", stream_frames_on_unsubscribe, STREAM_FRAMES_MESSAGE},
    {"context_update", stream_frames_on_context, STREAM_FRAMES_MESSAGE},
};

/* text: the frame's own. */
static void stream_frames_dispatch(struct stream_conn *c, const jdoc *frame, const char *text,
    size_t len)
{
    const char *type = jdoc_text_or(frame, "type", "");

    if (!type[0] && jdoc_get(frame, "threadId") &&
        (jdoc_type(jdoc_get(frame, "messages")) == JDOC_ARRAY ||
            jdoc_type(jdoc_get(frame, "resume")) == JDOC_ARRAY)) {
        if (stream_frames_allow(c, STREAM_FRAMES_MESSAGE))
            stream_frames_on_agui(c, frame, text, len);
        return;
    }
    for (size_t i = 0; i < sizeof stream_frames_table / sizeof stream_frames_table[0]; i++) {
        if (strcmp(type, stream_frames_table[i].type) == 0) {
            if (stream_frames_allow(c, stream_frames_table[i].cost))
                stream_frames_table[i].run(c, frame);
            return;
        }
    }
    if (stream_frames_allow(c, STREAM_FRAMES_MESSAGE))
        stream_form_error(c, "unknown_type", "This type of frame is not known.", NULL, 0);
}

static bool stream_frames_is_object(const char *text, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", *text)) {
        text++;
        len--;
    }
    return len > 0 && *text == '{';
}

void stream_frames_text(struct stream_conn *c, const char *text, size_t len)
{
    jdoc *frame = NULL;
    char why[160] = "";

    stream_socket_of(c)->frames_in++;
    if (stream_frames_is_object(text, len) && jdoc_parse(text, len, &frame, why, sizeof why) == 0) {
        stream_frames_dispatch(c, frame, text, len);
        jdoc_free(frame);
        return;
    }
    if (!stream_frames_allow(c, STREAM_FRAMES_MESSAGE))
        return;
    if (stream_frames_is_object(text, len) && stream_socket_of(c)->form->error_code)
        stream_form_error(c, "bad_json", why[0] ? why : "The frame is not valid JSON.", NULL, 0);
    else if (len == 0 || memchr(text, '\0', len))
        stream_form_error(c, "invalid_field", "The message has no text, or a NUL in it.", NULL, 0);
    else
        stream_frames_submit_text(c, NULL, text, len);
}
