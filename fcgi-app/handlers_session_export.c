/* SPDX-License-Identifier: BSD-2-Clause */
/* One conversation as a file: Markdown for people, JSON for programs. Api workers. */
#include "fcgi-app/handlers.h"

#include "agent/chat.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/utf8.h"
#include "store/sessions.h"
#include "store/userdata.h"

#include <stdio.h>
#include <string.h>

#define PAGE 20        /* messages read at once */
#define ARGS_SHOWN 300 /* bytes of a call's arguments */
#define NAME_SIZE 1000

struct session_file {
    struct exchange *x;
    const char *session;
    jdoc *about; /* as GET /sessions/{id} */
    bool markdown;
    size_t count; /* of messages put */
};

static void handlers_chat_header(struct session_file *f)
{
    const char *ending = f->markdown ? "md" : "json", *title = jdoc_text_or(f->about, "title", "");
    char disposition[NAME_SIZE];
    struct buf name = {0};

    exchange_stream(f->x, f->markdown ? "text/markdown; charset=utf-8" : "application/json");
    buf_put_urlencoded(&name, title, strlen(title));
    if (*title &&
        snprintf(disposition, sizeof disposition,
            "attachment; filename=\"chat.%s\"; filename*=UTF-8''%s.%s", ending, buf_text(&name),
            ending) < (int)sizeof disposition)
        exchange_header(f->x, "Content-Disposition", disposition);
    else
        exchange_header(f->x, "Content-Disposition",
            f->markdown ? "attachment; filename=\"chat.md\"" :
                          "attachment; filename=\"chat.json\"");
    buf_free(&name);
}

static void handlers_chat_begin(struct session_file *f)
{
    struct buf *out = &f->x->reply.body;
    char now[CLOCK_RFC3339_SIZE];

    clock_rfc3339(clock_real_ms(), now);
    if (!f->markdown) {
        buf_puts(out, "{\"exported_at\":");
        buf_json_text(out, now);
        buf_puts(out, ",\"session\":");
        jdoc_write(f->about, out);
        buf_puts(out, ",\"messages\":[");
        return;
    }
    buf_printf(out, "# %s\n\nBegun %.10s, last used %.10s, exported %.10s.\n",
        jdoc_text_or(f->about, "title", "Chat"), jdoc_text_or(f->about, "created_at", ""),
        jdoc_text_or(f->about, "updated_at", ""), now);
}

/* ---- Markdown ---- */

/* Ids of our own tell when they were made. */
static void handlers_chat_head(struct buf *out, const char *who, const char *id)
{
    char when[CLOCK_RFC3339_SIZE];
    int64_t ms = ident_uuid7_ms(id);

    buf_printf(out, "\n## %s", who);
    if (ms > 0) {
        clock_rfc3339(ms, when);
        buf_printf(out, " (%.10s %.5s UTC)", when, when + 11);
    }
    buf_puts(out, "\n\n");
}

static void handlers_chat_call(struct buf *out, const struct chat_call *call)
{
    size_t len = call->args_len > ARGS_SHOWN ? utf8_cut(call->args, ARGS_SHOWN) : call->args_len;

    buf_printf(out, "- Tool `%s`", call->name);
    if (len > 2) {
        buf_puts(out, ": `");
        for (size_t i = 0; i < len; i++)
            buf_putc(out,
                call->args[i] == '`'                          ? '\'' :
                    call->args[i] < ' ' && call->args[i] >= 0 ? ' ' :
                                                                call->args[i]);
        buf_puts(out, len < call->args_len ? " ...`" : "`");
    }
    buf_putc(out, '\n');
}

static void handlers_chat_put_markdown(struct buf *out, const struct chat_message *m)
{
    switch (m->role) {
    case CHAT_USER:
        handlers_chat_head(out, "User", m->id);
        break;
    case CHAT_ASSISTANT:
        handlers_chat_head(out, "Assistant", m->id);
        break;
    case CHAT_TOOL:
        if (m->failed)
            buf_puts(out, "- The tool failed.\n");
        return;
    case CHAT_SYSTEM:
    case CHAT_REASONING:
        return;
    }
    if (m->len) {
        buf_put(out, m->text, m->len);
        buf_puts(out, m->call_count ? "\n\n" : "\n");
    }
    for (size_t i = 0; i < m->call_count; i++)
        handlers_chat_call(out, &m->calls[i]);
}

/* ---- all messages ---- */

static int handlers_chat_put(struct session_file *f, const char *json, struct arena *arena)
{
    struct buf *out = &f->x->reply.body;
    struct chat chat;
    int error;

    if (!f->markdown) {
        buf_puts(out, f->count++ ? ",\n" : "\n");
        buf_puts(out, json);
        return exchange_pass(f->x);
    }
    chat_init(&chat, arena);
    error = chat_parse(&chat, json, strlen(json));
    if (error == ERR_NOMEM)
        return error;
    for (size_t i = 0; i < chat.count; i++)
        handlers_chat_put_markdown(out, &chat.items[i]);
    return exchange_pass(f->x);
}

static int handlers_chat_messages(struct session_file *f)
{
    struct userdata_page page = {.session = f->session, .max = PAGE};
    struct records_list list = {.more = true};
    int error = 0;

    while (!error && list.more) {
        struct arena *arena = arena_new();
        if (!arena)
            return ERR_NOMEM;
        error = userdata_messages(f->x->app->store, f->x->who.user, &page, arena, &list);
        for (size_t i = 0; !error && i < list.count; i++)
            error = handlers_chat_put(f, list.json[i], arena);
        page.from += PAGE;
        arena_free(arena);
    }
    return error;
}

static int handlers_chat_write(struct session_file *f)
{
    int error;

    handlers_chat_header(f);
    if (f->x->request.head)
        return 0;
    handlers_chat_begin(f);
    error = handlers_chat_messages(f);
    if (!error && !f->markdown)
        buf_puts(&f->x->reply.body, "\n]}\n");
    return error;
}

int handlers_session_export(struct exchange *x)
{
    const char *format = request_query(&x->request, "format");
    struct session_file f = {.x = x, .session = x->params[0], .markdown = true};
    struct buf json = {0};
    int error;

    if (format && strcmp(format, "json") == 0)
        f.markdown = false;
    else if (format && strcmp(format, "markdown") != 0)
        return problem_field(&x->problem, "format", "format must be markdown or json.");
    error = ident_is_session(f.session, strlen(f.session)) ?
        sessions_get(x->app->store, x->who.user, f.session, &json) :
        ERR_NOT_FOUND;
    if (!error)
        error = jdoc_parse(buf_text(&json), json.len, &f.about, NULL, 0);
    buf_free(&json);
    if (error)
        return error == ERR_NOT_FOUND ?
            problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such session.") :
            error;
    error = handlers_chat_write(&f);
    jdoc_free(f.about);
    return error;
}
