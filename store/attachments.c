/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/attachments.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "store/args.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_START "att-"

void attachments_id(const char sha256[IDENT_SHA256_SIZE], char id[ATTACHMENTS_ID_SIZE])
{
    snprintf(id, ATTACHMENTS_ID_SIZE, ID_START "%.32s", sha256);
}

bool attachments_is_id(const char *id)
{
    return strncmp(id, ID_START, strlen(ID_START)) == 0 && strlen(id) == ATTACHMENTS_ID_SIZE - 1 &&
        strspn(id + strlen(ID_START), "0123456789abcdef") == 32;
}

void attachments_name(const char *given, char out[ATTACHMENTS_NAME_SIZE])
{
    size_t len = 0;

    for (const char *c = given; *c; c++)
        if ((*c == '/' || *c == '\\') && c[1])
            given = c + 1;
    for (; *given && len < ATTACHMENTS_NAME_SIZE - 1; given++)
        if ((unsigned char)*given >= ' ' && *given != 0x7F && !strchr("\"/\\", *given))
            out[len++] = *given;
    out[len] = '\0';
    utf8_mend_end(out);
}

/* ---- what is told of a file: END CREATED BYTES TYPE WIDTH HEIGHT PAGES FLAGS SHA256 NAME ---- */

static void attachments_about(const struct attachment *a, struct buf *out)
{
    const struct media *m = &a->media;

    buf_printf(out, "%s %u %u %u %d%d %s %s", a->type, m->width, m->height, m->pages, (int)m->kind,
        m->animated ? 1 : 0, a->sha256, a->name);
}

static int attachments_parse(const char *id, const char *text, struct attachment *out)
{
    int kind = 0, name = 0;
    char flags[3] = "";

    memset(out, 0, sizeof *out);
    if (sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %79s %u %u %u %2s %64s %n",
            &out->expires_ms, &out->created_ms, &out->bytes, out->type, &out->media.width,
            &out->media.height, &out->media.pages, flags, out->sha256, &name) != 9 ||
        name == 0)
        return ERR_INTERNAL;
    kind = flags[0] - '0';
    if (kind < 0 || kind >= MEDIA_KINDS)
        return ERR_INTERNAL;
    out->media.kind = (enum media_kind)kind;
    out->media.animated = flags[1] == '1';
    snprintf(out->id, sizeof out->id, "%s", id);
    snprintf(out->name, sizeof out->name, "%s", text + name);
    return 0;
}

/* ---- the scripts ---- */

int attachments_put(struct store *s, const char *uid, struct attachment *a, const void *bytes,
    int64_t *held)
{
    struct link_reply *reply = NULL;
    struct buf about = {0};
    struct args args;

    *held = 0;
    attachments_about(a, &about);
    args_init(&args);
    args_text(&args, a->id);
    args_ints(&args, s->conf->attachments_keep_ms, s->conf->attachments_quota,
        ATTACHMENTS_COUNT_MAX);
    args_bytes(&args, buf_text(&about), about.len);
    args_bytes(&args, bytes, (size_t)a->bytes);
    int error = args_call(&args, s, &script_attachment_put, uid, &reply);
    if (error == 0 && buf_error(&about) != 0)
        error = ERR_NOMEM;
    if (error == 0) {
        *held = a->expires_ms = link_reply_int(link_reply_at(reply, 1));
        a->created_ms = link_reply_int(link_reply_at(reply, 2));
        if (!link_reply_says(reply, "OK"))
            error = link_reply_says(reply, "FULL") ? ERR_FULL : ERR_LIMIT;
    }
    link_reply_free(reply);
    buf_free(&about);
    return error;
}

int attachments_find(struct store *s, const char *uid, const char *id, bool renew,
    struct attachment *out)
{
    struct link_reply *reply = NULL;
    struct args args;

    if (!attachments_is_id(id))
        return ERR_NOT_FOUND;
    args_init(&args);
    args_text(&args, id);
    args_int(&args, renew ? s->conf->attachments_keep_ms : 0);
    int error = args_call(&args, s, &script_attachment_use, uid, &reply);
    if (error == 0)
        error = link_reply_type(reply) == LINK_STRING ?
            attachments_parse(id, link_reply_text(reply, NULL), out) :
            ERR_NOT_FOUND;
    link_reply_free(reply);
    return error;
}

int attachments_read(struct store *s, const char *uid, const char *id, struct link_reply **out)
{
    char key[KEYS_MAX];

    *out = NULL;
    if (!attachments_is_id(id))
        return ERR_NOT_FOUND;
    keys_attachment(key, uid, id);
    int error = link_command(s->link, out, "GET %s", key);
    if (error == 0 && link_reply_type(*out) != LINK_STRING)
        error = ERR_NOT_FOUND;
    if (error != 0) {
        link_reply_free(*out);
        *out = NULL;
    }
    return error;
}

static int attachments_older(const void *a, const void *b)
{
    const struct attachment *x = a, *y = b;

    return x->created_ms != y->created_ms ? (x->created_ms > y->created_ms) * 2 - 1 :
                                            strcmp(x->id, y->id);
}

int attachments_list(struct store *s, const char *uid, struct arena *arena,
    struct attachments_list *out)
{
    struct link_reply *reply = NULL;
    struct args args;

    *out = (struct attachments_list){0};
    args_init(&args);
    int error = args_call(&args, s, &script_attachment_list, uid, &reply);
    size_t count = link_reply_count(reply) / 2;
    if (error == 0 && !(out->items = arena_array(arena, count + 1, sizeof *out->items)))
        error = ERR_NOMEM;
    for (size_t i = 0; error == 0 && i < count; i++) {
        error = attachments_parse(link_reply_text(link_reply_at(reply, 2 * i), NULL),
            link_reply_text(link_reply_at(reply, 2 * i + 1), NULL), &out->items[out->count]);
        out->count++;
    }
    link_reply_free(reply);
    if (error == 0)
        qsort(out->items, out->count, sizeof *out->items, attachments_older);
    return error;
}

int attachments_drop(struct store *s, const char *uid, const char *id)
{
    struct link_reply *reply = NULL;
    struct args args;

    if (!attachments_is_id(id))
        return ERR_NOT_FOUND;
    args_init(&args);
    args_text(&args, id);
    int error = args_call(&args, s, &script_attachment_drop, uid, &reply);
    if (error == 0 && link_reply_int(reply) == 0)
        error = ERR_NOT_FOUND;
    link_reply_free(reply);
    return error;
}

/* ---- for clients ---- */

static void attachments_write_time(struct buf *json, const char *name, int64_t ms)
{
    char text[CLOCK_RFC3339_SIZE];

    clock_rfc3339(ms, text);
    buf_json_member(json, name, text);
}

void attachments_write(const struct attachment *a, struct buf *json)
{
    buf_puts(json, "{\"id\":");
    buf_json_text(json, a->id);
    buf_json_member(json, "mime_type", a->type);
    buf_json_member(json, "name", a->name[0] != '\0' ? a->name : NULL);
    buf_printf(json, ",\"bytes\":%" PRId64, a->bytes);
    buf_json_member(json, "sha256", a->sha256);
    if (a->media.kind == MEDIA_IMAGE)
        buf_printf(json, ",\"width\":%u,\"height\":%u", a->media.width, a->media.height);
    if (a->media.kind == MEDIA_PDF)
        buf_printf(json, ",\"pages\":%u", a->media.pages);
    attachments_write_time(json, "created_at", a->created_ms);
    attachments_write_time(json, "expires_at", a->expires_ms);
    buf_putc(json, '}');
}
