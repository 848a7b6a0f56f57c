/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_durable_page.h"

#include "base/err.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <stdio.h>
#include <string.h>

/* Fields of the reply of store/lua/stream_page.lua. */
enum { AT_WHAT, AT_NEXT, AT_TOP, AT_OLDEST, AT_TRIMMED, AT_CLOSED, AT_MORE, AT_ENTRIES };

int stream_durable_page_ask(struct stream_conn *c, const struct stream_durable_ask *ask,
    link_reply_fn *on_reply)
{
    char key[KEYS_MAX], where[LOGENTRY_ID_SIZE] = "start", entries[16], bytes[16];

    keys_session(key, ask->h.user, ask->h.session);
    if (ask->where == STREAM_DURABLE_NOW)
        strcpy(where, "now");
    else if (ask->where == STREAM_DURABLE_AT)
        logentry_id_format(ask->at, where);
    snprintf(entries, sizeof entries, "%d",
        ask->head || ask->where == STREAM_DURABLE_NOW ? 0 : STREAM_DURABLE_PAGE_ENTRIES);
    snprintf(bytes, sizeof bytes, "%d", STREAM_DURABLE_PAGE_BYTES);
    const struct link_arg args[] = {link_text(key), link_text(ask->h.turn), link_text(where),
        link_text(entries), link_text(bytes)};
    const struct link_question question = {.script = &script_stream_page,
        .nkeys = 1,
        .args = args,
        .nargs = sizeof args / sizeof *args,
        .reads = true,
        .on_reply = on_reply,
        .arg = c,
        .asker = &c->asker};
    return link_ask(hub_link(c->stream->hub), &question);
}

static struct logentry_id stream_durable_page_id(const struct link_reply *reply, size_t at)
{
    struct logentry_id id = {0, 0};
    size_t len;
    const char *text = link_reply_text(link_reply_at(reply, at), &len);

    if (logentry_id_parse(text, len, &id) < 0)
        return (struct logentry_id){0, 0};
    return id;
}

static bool stream_durable_page_flag(const struct link_reply *reply, size_t at)
{
    return link_reply_int(link_reply_at(reply, at)) == 1;
}

int stream_durable_page_read(const struct link_reply *reply, struct stream_durable_page *out)
{
    size_t count = link_reply_count(reply);

    memset(out, 0, sizeof *out);
    if (count < AT_ENTRIES || (count - AT_ENTRIES) % 2 != 0)
        return ERR_INTERNAL;
    out->found = !link_reply_says(reply, "none");
    out->gone = link_reply_says(reply, "gone");
    out->next = stream_durable_page_id(reply, AT_NEXT);
    out->top = stream_durable_page_id(reply, AT_TOP);
    out->oldest = stream_durable_page_id(reply, AT_OLDEST);
    out->trimmed = stream_durable_page_flag(reply, AT_TRIMMED);
    out->closed = stream_durable_page_flag(reply, AT_CLOSED);
    out->more = stream_durable_page_flag(reply, AT_MORE);
    out->reply = reply;
    out->count = (count - AT_ENTRIES) / 2;
    return 0;
}

int stream_durable_page_entry(const struct stream_durable_page *page, size_t i,
    struct logentry *out)
{
    size_t at = AT_ENTRIES + 2 * i, id_len, len;
    const char *id = link_reply_text(link_reply_at(page->reply, at), &id_len);
    const char *value = link_reply_text(link_reply_at(page->reply, at + 1), &len);

    return logentry_parse_value(id, id_len, value, len, out);
}
