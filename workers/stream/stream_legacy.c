/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_legacy.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "store/keys.h"
#include "workers/stream/stream_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Puts the time in and sends it. Returns 0 or the error of the last member. */
static int stream_legacy_send_doc(struct stream_conn *c, jdoc *doc)
{
    int error = 0;
    char now[CLOCK_RFC3339_SIZE];
    struct buf b;

    clock_rfc3339(clock_real_ms(), now);
    if (!jdoc_has(doc, "timestamp"))
        error = jdoc_set_string(doc, "timestamp", now);
    if (error)
        return error;
    buf_init(&b, 0);
    jdoc_write(doc, &b);
    err_ignore(stream_socket_json(c, &b));
    buf_free(&b);
    return 0;
}

static void stream_legacy_hello(struct stream_conn *c)
{
    jdoc *doc = jdoc_new_object();
    int failed = !doc || jdoc_set_string(doc, "type", "connection") ||
        jdoc_set_string(doc, "status", "connected") || jdoc_set_string(doc, "user_id", c->user) ||
        jdoc_set_string(doc, "session_id", stream_socket_of(c)->session);

    if (failed || stream_legacy_send_doc(c, doc))
        stream_conn_kill(c);
    jdoc_free(doc);
}

static void stream_legacy_tell_gone(struct stream_conn *c)
{
    stream_form_error(c, "reply_gone", "The reply cannot be read; see the history.", NULL, 0);
}

/* The reply that POST /chat gives, with the names that socket clients read. */
static void stream_legacy_send_response(struct stream_conn *c, jdoc *reply, const char *session)
{
    char *text = strdup(jdoc_text_or(reply, "response", ""));
    int failed = !text || jdoc_set_string(reply, "type", "chat_response") ||
        jdoc_set_string(reply, "message", text) || jdoc_set_string(reply, "content", text) ||
        (!jdoc_has(reply, "session_id") && jdoc_set_string(reply, "session_id", session));

    if (failed || stream_legacy_send_doc(c, reply))
        stream_legacy_tell_gone(c);
    free(text);
}

/* fields: status, reply, session. */
static void stream_legacy_tell_reply(struct stream_conn *c, const struct link_reply *fields)
{
    const struct link_reply *status = link_reply_at(fields, 0);
    jdoc *reply = NULL;
    size_t len;
    const char *text = link_reply_text(link_reply_at(fields, 1), &len);

    if (jdoc_parse(text, len, &reply, NULL, 0) < 0) {
        stream_legacy_tell_gone(c);
        return;
    }
    if (link_reply_int(status) >= 400)
        stream_form_error(c, jdoc_text_or(reply, "code", "failed"),
            jdoc_text_or(reply, "detail", "The message could not be answered."), NULL, 0);
    else
        stream_legacy_send_response(c, reply, link_reply_text(link_reply_at(fields, 2), NULL));
    jdoc_free(reply);
}

/* After an error the fields are none, and so is the reply in them. */
static void stream_legacy_on_reply(void *arg, int error, struct link_reply *fields)
{
    struct stream_conn *c = arg;

    (void)error;
    if (stream_socket_is_open(c))
        stream_legacy_tell_reply(c, fields);
    link_reply_free(fields);
}

/* The reply of the run that has ended is looked up. */
static void stream_legacy_final(struct stream_conn *c, const struct logentry *e)
{
    char key[KEYS_MAX], turn[101];

    if (e->run_len >= sizeof turn)
        return;
    memcpy(turn, e->run, e->run_len);
    turn[e->run_len] = '\0';
    keys_turn(key, c->user, turn);
    const struct link_arg args[] = {link_text("HMGET"), link_text(key), link_text("status"),
        link_text("reply"), link_text("session")};
    const struct link_question question = {.args = args,
        .nargs = sizeof args / sizeof *args,
        .reads = true,
        .on_reply = stream_legacy_on_reply,
        .arg = c,
        .asker = &c->asker};
    if (link_ask(hub_link(c->stream->hub), &question) < 0)
        stream_legacy_tell_gone(c);
}

static int stream_legacy_event(struct stream_conn *c, const struct logentry *e, size_t max)
{
    (void)max;
    if (e->flag == LOGENTRY_FINAL)
        stream_legacy_final(c, e);
    return 0;
}

const struct stream_form stream_legacy_form = {.name = "legacy",
    .error_code = "error_code",
    .hears_inbox = true,
    .takes_snapshots = false,
    .tells_accepted = false,
    .tells_results = true,
    .hello = stream_legacy_hello,
    .event = stream_legacy_event};
