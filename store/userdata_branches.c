/* SPDX-License-Identifier: BSD-2-Clause */
/* Branches with their messages, as they go into an export. */
#include "store/userdata.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/ident.h"
#include "store/keys.h"

#include <stdio.h>
#include <string.h>

#define MESSAGES_PAGE 100
#define COUNT ",\"count\":" /* the last member of an entry: lib_branches.lua */
#define TURN "{\"turn\":\"" /* its first one */

static int userdata_put_messages(struct store *s, const char *key, struct buf *json)
{
    size_t from = 0, count = MESSAGES_PAGE;
    int error = 0;

    for (; error == 0 && count == MESSAGES_PAGE; from += count) {
        struct link_reply *r = NULL;
        error = link_command(s->link, &r, "LRANGE %s %lld %lld", key, (long long)from,
            (long long)from + MESSAGES_PAGE - 1);
        count = link_reply_count(r);
        for (size_t i = 0; error == 0 && i < count; i++) {
            size_t len;
            const char *text = link_reply_text(link_reply_at(r, i), &len);
            if (from + i > 0)
                buf_putc(json, ',');
            buf_put(json, text, len);
        }
        link_reply_free(r);
    }
    return error ? error : buf_error(json);
}

/* An entry that names its messages' list gets the messages in place of their count. */
static int userdata_put_branch(struct store *s, const char *uid, const char *entry,
    struct buf *json)
{
    const char *count = strstr(entry, COUNT);
    char turn[IDENT_UUID_SIZE], key[KEYS_MAX];

    if (!count || strncmp(entry, TURN, sizeof TURN - 1) != 0 || strpbrk(count + 1, "[],{")) {
        buf_puts(json, entry);
        return buf_error(json);
    }
    snprintf(turn, sizeof turn, "%s", entry + sizeof TURN - 1);
    keys_branch(key, uid, turn);
    buf_put(json, entry, (size_t)(count - entry));
    buf_puts(json, ",\"messages\":[");
    int error = userdata_put_messages(s, key, json);
    buf_puts(json, "]}");
    return error ? error : buf_error(json);
}

int userdata_branches(struct store *s, const char *uid, const struct userdata_page *page,
    struct arena *arena, struct records_list *out)
{
    struct link_reply *r = NULL;
    char key[KEYS_MAX];

    *out = (struct records_list){0};
    keys_branches(key, uid, page->session);
    int error = link_command(s->link, &r, "LRANGE %s %lld %lld", key, (long long)page->from,
        (long long)(page->from + page->max) - 1);
    size_t count = link_reply_count(r);
    out->json = arena_array(arena, count + 1, sizeof *out->json);
    if (error == 0 && !out->json)
        error = ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < count; i++) {
        struct buf json = {0};
        error = userdata_put_branch(s, uid, link_reply_text(link_reply_at(r, i), NULL), &json);
        if (error == 0 && !(out->json[out->count++] = arena_memdup(arena, json.data, json.len)))
            error = ERR_NOMEM;
        buf_free(&json);
    }
    out->more = count == page->max;
    link_reply_free(r);
    return error;
}
