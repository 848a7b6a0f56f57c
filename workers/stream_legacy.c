#include "workers/stream.h"

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

static void on_reply(
    void *arg, int error, const char *const *texts, const size_t *lens, size_t count)
{
    struct stream_conn *c = arg;
    jdoc *reply = NULL;
    int status = 0;

    if (c->kind != STREAM_WS || c->close_sent)
        return;
    if (error || count != 3 || !texts[1] || jdoc_parse(texts[1], lens[1], &reply, NULL, 0) < 0) {
        stream_frames_error(c, "reply_gone", "The reply cannot be read; see the history.", NULL, 0);
        return;
    }
    status = texts[0] ? atoi(texts[0]) : 200;
    if (status >= 400)
        stream_frames_error(c, jdoc_text_or(reply, "code", "failed"),
            jdoc_text_or(reply, "detail", "The message could not be answered."), NULL, 0);
    else
        send_response(c, reply, texts[2] ? texts[2] : "");
    jdoc_free(reply);
}

void stream_legacy_final(struct stream_conn *c, struct hub_viewer *viewer, const struct logentry *e)
{
    char key[IDENT_USER_MAX + 160];
    const char *argv[5] = {"HMGET", key, "status", "reply", "session"};
    size_t lens[5];

    (void)viewer;
    if (e->run_len > 100)
        return;
    snprintf(key, sizeof(key), "tp:{%s}:turn:%.*s", c->user, (int)e->run_len, e->run);
    for (int i = 0; i < 5; i++)
        lens[i] = strlen(argv[i]);
    if (channel_command(hub_channel(c->stream->hub), argv, lens, 5, on_reply, c) < 0)
        stream_frames_error(c, "reply_gone", "The reply cannot be read; see the history.", NULL, 0);
}

void stream_legacy_forget(struct stream_conn *c)
{
    if (c->format == STREAM_LEGACY)
        channel_forget(hub_channel(c->stream->hub), c);
}
