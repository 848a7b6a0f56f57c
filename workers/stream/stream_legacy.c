#include "workers/stream/stream.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The form that today's clients know: one chat_response at the end of a run, no events. */

static void put_time(jdoc *doc)
{
    char now[CLOCK_RFC3339_SIZE];

    if (jdoc_has(doc, "timestamp"))
        return;
    clock_rfc3339(clock_real_ms(), now);
    jdoc_set_string(doc, "timestamp", now);
}

static void send_doc(struct stream_conn *c, const jdoc *doc)
{
    struct buf b;

    buf_init(&b, 0);
    jdoc_write(doc, &b);
    stream_socket_json(c, &b);
    buf_free(&b);
}

void stream_legacy_hello(struct stream_conn *c)
{
    jdoc *doc = jdoc_new_object();

    if (!doc)
        return;
    jdoc_set_string(doc, "type", "connection");
    jdoc_set_string(doc, "status", "connected");
    jdoc_set_string(doc, "user_id", c->user);
    jdoc_set_string(doc, "session_id", c->session);
    put_time(doc);
    send_doc(c, doc);
    jdoc_free(doc);
}

/* The reply that POST /chat gives, with the names that socket clients read. */
static void send_response(struct stream_conn *c, jdoc *reply, const char *session)
{
    char *text = strdup(jdoc_text_or(reply, "response", ""));

    jdoc_set_string(reply, "type", "chat_response");
    jdoc_set_string(reply, "message", text);
    jdoc_set_string(reply, "content", text);
    if (!jdoc_has(reply, "session_id"))
        jdoc_set_string(reply, "session_id", session);
    put_time(reply);
    send_doc(c, reply);
    free(text);
}

/* fields: status, reply, session. */
static void tell_reply(struct stream_conn *c, const struct link_reply *fields)
{
    const struct link_reply *status = link_reply_at(fields, 0);
    jdoc *reply = NULL;
    size_t len;
    const char *text = link_reply_text(link_reply_at(fields, 1), &len);

    if (jdoc_parse(text, len, &reply, NULL, 0) < 0) {
        stream_frames_error(c, "reply_gone", "The reply cannot be read; see the history.", NULL, 0);
        return;
    }
    if (link_reply_int(status) >= 400)
        stream_frames_error(c, jdoc_text_or(reply, "code", "failed"),
            jdoc_text_or(reply, "detail", "The message could not be answered."), NULL, 0);
    else
        send_response(c, reply, link_reply_text(link_reply_at(fields, 2), NULL));
    jdoc_free(reply);
}

/* After an error the fields are none, and so is the reply in them. */
static void on_reply(void *arg, int error, struct link_reply *fields)
{
    struct stream_conn *c = arg;

    (void)error;
    if (c->kind == STREAM_WS && !c->close_sent)
        tell_reply(c, fields);
    link_reply_free(fields);
}

void stream_legacy_final(struct stream_conn *c, struct hub_viewer *viewer, const struct logentry *e)
{
    char key[IDENT_USER_MAX + 160];

    (void)viewer;
    if (e->run_len > 100)
        return;
    snprintf(key, sizeof(key), "tp:{%s}:turn:%.*s", c->user, (int)e->run_len, e->run);
    const struct link_arg args[] = {link_text("HMGET"), link_text(key), link_text("status"),
        link_text("reply"), link_text("session")};
    const struct link_question question = {.args = args, .nargs = sizeof args / sizeof *args,
        .reads = true, .on_reply = on_reply, .arg = c};
    if (link_ask(hub_link(c->stream->hub), &question) < 0)
        stream_frames_error(c, "reply_gone", "The reply cannot be read; see the history.", NULL, 0);
}

void stream_legacy_forget(struct stream_conn *c)
{
    if (c->format == STREAM_LEGACY)
        link_forget(hub_link(c->stream->hub), c);
}
