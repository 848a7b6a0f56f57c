#include "workers/stream/stream.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#define MINUTE_MS 60000
/* A ping costs a tenth of a message; this many messages above the limit end the socket. */
#define MESSAGE_COST 10
#define PING_COST 1
#define PATIENCE 20

/* ---- errors ---- */

static void put_member(struct buf *b, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(b, ",\"%s\":", name);
    buf_json_string(b, value, strlen(value));
}

void stream_frames_error(struct stream_conn *c, const char *code, const char *message,
    const char *client_message_id, int64_t retry_after_ms)
{
    struct buf b;

    buf_init(&b, 0);
    if (c->format == STREAM_TEXT) {
        buf_printf(&b, "\nerror: %s\n", message);
    } else {
        buf_puts(&b, "{\"type\":\"error\"");
        put_member(&b, c->format == STREAM_LEGACY ? "error_code" : "code", code);
        put_member(&b, "message", message);
        put_member(&b, "client_message_id", client_message_id);
        if (retry_after_ms > 0)
            buf_printf(&b, ",\"retry_after_ms\":%lld", (long long)retry_after_ms);
        buf_putc(&b, '}');
    }
    stream_socket_json(c, &b);
    buf_free(&b);
}

/* ---- how many ---- */

/* Counts a frame; false = it is refused, and perhaps the socket is closed. */
static bool count_frame(struct stream_conn *c, unsigned cost)
{
    int64_t now = clock_mono_ms(), limit = c->stream->conf->rate_ws_messages * MESSAGE_COST;

    if (limit == 0)
        return true;
    if (now - c->window_ms >= MINUTE_MS) {
        c->window_ms = now;
        c->window_count = 0;
        c->warned = false;
    }
    c->window_count += cost;
    if (c->window_count <= limit)
        return true;
    if (c->window_count > limit + PATIENCE * MESSAGE_COST)
        stream_socket_close(c, 4008, "too many messages");
    else if (!c->warned)
        stream_frames_error(
            c, "rate_limited", "Too many messages a minute.", NULL, c->window_ms + MINUTE_MS - now);
    c->warned = true;
    return false;
}

/* ---- messages ---- */

/* Copies members of the frame into the body, under the name that the turn pool knows. */
static void copy_string(struct buf *b, const jdoc *frame, const char *name)
{
    const char *s;
    size_t len;

    if (jdoc_get_string(frame, name, &s, &len) < 0)
        return;
    buf_printf(b, ",\"%s\":", name);
    buf_json_string(b, s, len);
}

static void copy_value(struct buf *b, const jdoc *frame, const char *name)
{
    const jdoc *value = jdoc_get(frame, name);

    if (!value)
        return;
    buf_printf(b, ",\"%s\":", name);
    jdoc_write(value, b);
}

static const char *text_or_null(const jdoc *frame, const char *name)
{
    const char *s = jdoc_text_or(frame, name, "");

    return s[0] ? s : NULL;
}

static void submit_text(struct stream_conn *c, const jdoc *frame, const char *text, size_t len)
{
    struct stream_submit submit = {.session = text_or_null(frame, "session_id"),
        .client_message_id = text_or_null(frame, "client_message_id"),
        .run_id = text_or_null(frame, "run_id")};
    struct buf body;

    buf_init(&body, 0);
    buf_puts(&body, "{\"text\":");
    buf_json_string(&body, text, len);
    copy_string(&body, frame, "client_message_id");
    copy_string(&body, frame, "message_id");
    copy_string(&body, frame, "run_id");
    copy_string(&body, frame, "timezone");
    copy_string(&body, frame, "locale");
    copy_string(&body, frame, "on_busy");
    copy_value(&body, frame, "context");
    copy_value(&body, frame, "webhook");
    submit.body = &body;
    stream_message_submit(c, &submit);
    buf_free(&body);
}

/* A number where an id belongs must not be taken for no id: the message would run twice. */
static bool strings_are_strings(struct stream_conn *c, const jdoc *frame)
{
    static const char *const names[] = {"session_id", "client_message_id", "run_id", "message_id",
        "timezone", "locale", "on_busy", "threadId", "runId"};
    char why[64];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const jdoc *value = jdoc_get(frame, names[i]);
        if (!value || jdoc_type(value) == JDOC_STRING || jdoc_type(value) == JDOC_NULL)
            continue;
        snprintf(why, sizeof(why), "%s must be a string.", names[i]);
        stream_frames_error(
            c, "invalid_field", why, text_or_null(frame, "client_message_id"), 0);
        return false;
    }
    return true;
}

static void on_message(struct stream_conn *c, const jdoc *frame)
{
    static const char *const names[] = {"text", "message", "content"};
    const char *text;
    size_t len;

    if (!strings_are_strings(c, frame))
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (jdoc_get_string(frame, names[i], &text, &len) == 0) {
            submit_text(c, frame, text, len);
            return;
        }
    }
    stream_frames_error(c, "invalid_field", "The message has no text.",
        text_or_null(frame, "client_message_id"), 0);
}

static void become_legacy(struct stream_conn *c)
{
    if (c->format == STREAM_AGUI)
        c->format = STREAM_LEGACY;
}

static void on_chat(struct stream_conn *c, const jdoc *frame)
{
    become_legacy(c);
    on_message(c, frame);
}

static void on_init(struct stream_conn *c, const jdoc *frame)
{
    (void)frame;
    become_legacy(c);
    stream_legacy_hello(c);
}

static void on_agui(struct stream_conn *c, const jdoc *frame)
{
    struct stream_submit submit = {.session = text_or_null(frame, "threadId"),
        .run_id = text_or_null(frame, "runId"),
        .client_message_id = text_or_null(frame, "client_message_id"),
        .agui = true};
    struct buf body;

    if (!strings_are_strings(c, frame))
        return;
    buf_init(&body, 0);
    buf_puts(&body, "{\"agui\":");
    jdoc_write(frame, &body);
    if (submit.run_id) {
        buf_puts(&body, ",\"run_id\":");
        buf_json_string(&body, submit.run_id, strlen(submit.run_id));
    }
    copy_string(&body, frame, "client_message_id");
    copy_string(&body, frame, "on_busy");
    submit.body = &body;
    stream_message_submit(c, &submit);
    buf_free(&body);
}

/* ---- the rest ---- */

static void on_cancel(struct stream_conn *c, const jdoc *frame)
{
    const char *session = text_or_null(frame, "session_id");
    const char *turn = text_or_null(frame, "turn_id");
    const char *message = text_or_null(frame, "client_message_id");

    if (!turn && !session && !message)
        session = c->session;
    if (!turn && !session && !message)
        stream_frames_error(
            c, "invalid_field", "cancel needs turn_id, session_id or client_message_id.", NULL, 0);
    else
        stream_message_cancel(c, turn, session, message);
}

/* {"id","approved","edited_args"?}: the turn pool knows the approval and checks the rest. */
static void on_approve(struct stream_conn *c, const jdoc *frame)
{
    const char *id = text_or_null(frame, "id");
    const char *message = text_or_null(frame, "client_message_id");
    struct stream_submit submit = {.session = text_or_null(frame, "session_id"),
        .client_message_id = message ? message : id};
    struct buf body;

    if (!strings_are_strings(c, frame))
        return;
    if (!id || !ident_is_safe(id, strlen(id), IDENT_CLIENT_MESSAGE_MAX)) {
        stream_frames_error(c, "invalid_field", "The id of an approval is needed.", message, 0);
        return;
    }
    if (!submit.session && !c->session) {
        stream_frames_error(c, "invalid_field", "approve needs session_id.", message, 0);
        return;
    }
    buf_init(&body, 0);
    buf_printf(&body, "{\"approval\":{\"id\":\"%s\",\"payload\":{", id);
    if (jdoc_has(frame, "approved")) {
        buf_puts(&body, "\"approved\":");
        jdoc_write(jdoc_get(frame, "approved"), &body);
    }
    if (jdoc_has(frame, "edited_args")) {
        buf_puts(&body, jdoc_has(frame, "approved") ? "," : "");
        buf_puts(&body, "\"edited_args\":");
        jdoc_write(jdoc_get(frame, "edited_args"), &body);
    }
    buf_puts(&body, "}}");
    submit.body = &body;
    stream_message_submit(c, &submit);
    buf_free(&body);
}

static void on_inbox(struct stream_conn *c, const jdoc *frame, int64_t minutes)
{
    const char *entry = text_or_null(frame, "id");

    if (!entry || !ident_is_safe(entry, strlen(entry), IDENT_CLIENT_MESSAGE_MAX))
        stream_frames_error(c, "invalid_field", "The id of an inbox entry is needed.", NULL, 0);
    else
        stream_message_inbox(c, entry, minutes);
}

static void on_ack(struct stream_conn *c, const jdoc *frame)
{
    on_inbox(c, frame, 0);
}

static void on_snooze(struct stream_conn *c, const jdoc *frame)
{
    int64_t minutes = 0;

    if (jdoc_get_int(frame, "minutes", &minutes) < 0 || minutes < 1)
        stream_frames_error(
            c, "invalid_field", "minutes must be a whole number, 1 to 1440.", NULL, 0);
    else
        on_inbox(c, frame, minutes);
}

static void on_ping(struct stream_conn *c, const jdoc *frame)
{
    struct buf b;

    buf_init(&b, 0);
    buf_puts(&b, "{\"type\":\"pong\"");
    copy_value(&b, frame, "id");
    buf_printf(&b, ",\"timestamp\":%lld}", (long long)clock_real_ms());
    stream_socket_json(c, &b);
    buf_free(&b);
}

static void on_pong(struct stream_conn *c, const jdoc *frame)
{
    (void)c;
    (void)frame;
}

static bool named_session(struct stream_conn *c, const jdoc *frame, const char **session)
{
    *session = text_or_null(frame, "session_id");
    if (*session && ident_is_session(*session, strlen(*session)))
        return true;
    stream_frames_error(c, "invalid_field", "session_id is missing or not valid.", NULL, 0);
    return false;
}

static void on_subscribe(struct stream_conn *c, const jdoc *frame)
{
    const char *session;
    struct hub_viewer *viewer = NULL;
    int rc;

    if (!named_session(c, frame, &session))
        return;
    rc = stream_conn_watch(c, session, jdoc_text_or(frame, "cursor", ""), &viewer);
    if (rc == ERR_INVALID)
        stream_frames_error(c, "invalid_field", "cursor must be EPOCH-N.", NULL, 0);
    else if (rc == ERR_LIMIT)
        stream_frames_error(
            c, "too_many_subscriptions", "Too many sessions on one socket.", NULL, 0);
    else if (rc < 0)
        stream_frames_error(c, "internal_error", "Something went wrong here.", NULL, 1000);
}

static void on_unsubscribe(struct stream_conn *c, const jdoc *frame)
{
    const char *session;
    struct hub_viewer *viewer;

    if (!named_session(c, frame, &session))
        return;
    viewer = stream_conn_viewer(c, session);
    if (viewer)
        stream_conn_unwatch(c, viewer);
}

static void on_context(struct stream_conn *c, const jdoc *frame)
{
    const jdoc *context = jdoc_get(frame, "context");
    struct buf b;

    if (!context)
        context = jdoc_get(frame, "data");
    if (jdoc_type(context) != JDOC_OBJECT) {
        stream_frames_error(c, "invalid_field", "context must be an object.", NULL, 0);
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
} frame_table[] = {
    {"message", on_message, MESSAGE_COST},
    {"chat", on_chat, MESSAGE_COST},
    {"init", on_init, MESSAGE_COST},
    {"cancel", on_cancel, MESSAGE_COST},
    {"approve", on_approve, MESSAGE_COST},
    {"ack", on_ack, MESSAGE_COST},
    {"snooze", on_snooze, MESSAGE_COST},
    {"ping", on_ping, PING_COST},
    {"pong", on_pong, PING_COST},
    {"subscribe", on_subscribe, MESSAGE_COST},
    {"unsubscribe", on_unsubscribe, MESSAGE_COST},
    {"context_update", on_context, MESSAGE_COST},
};

static void dispatch(struct stream_conn *c, const jdoc *frame)
{
    const char *type = jdoc_text_or(frame, "type", "");

    if (!type[0] && jdoc_get(frame, "threadId") &&
        (jdoc_type(jdoc_get(frame, "messages")) == JDOC_ARRAY ||
            jdoc_type(jdoc_get(frame, "resume")) == JDOC_ARRAY)) {
        if (count_frame(c, MESSAGE_COST))
            on_agui(c, frame);
        return;
    }
    for (size_t i = 0; i < sizeof(frame_table) / sizeof(frame_table[0]); i++) {
        if (strcmp(type, frame_table[i].type) == 0) {
            if (count_frame(c, frame_table[i].cost))
                frame_table[i].run(c, frame);
            return;
        }
    }
    if (count_frame(c, MESSAGE_COST))
        stream_frames_error(c, "unknown_type", "This type of frame is not known.", NULL, 0);
}

static bool is_object(const char *text, size_t len)
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

    c->frames_in++;
    if (is_object(text, len) && jdoc_parse(text, len, &frame, why, sizeof(why)) == 0) {
        dispatch(c, frame);
        jdoc_free(frame);
        return;
    }
    if (!count_frame(c, MESSAGE_COST))
        return;
    if (is_object(text, len) && c->format != STREAM_TEXT)
        stream_frames_error(c, "bad_json", why[0] ? why : "The frame is not valid JSON.", NULL, 0);
    else if (len == 0 || memchr(text, '\0', len))
        stream_frames_error(
            c, "invalid_field", "The message has no text, or a NUL in it.", NULL, 0);
    else
        submit_text(c, NULL, text, len);
}
