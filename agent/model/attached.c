/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/attached.h"

#include "agent/model/abilities.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"
#include "store/attachments.h"

#include <stdlib.h>
#include <string.h>

#define NO_IMAGES \
    "is not shown to you, as this model cannot look at pictures. Tell the user so. A tool may read " \
    "it by its id"
#define NO_DOCUMENTS \
    "is not shown to you, as this model does not take PDF. Tell the user so. A picture of the page, " \
    "or its text, can be read"
#define GONE "has expired or was deleted. Ask the user to send it again if it is needed"
#define TOO_LARGE "is not shown to you, as it is larger than this model takes. Tell the user so"
#define TOO_WIDE "is not shown to you, as it has more pixels a side than this model takes"
#define MOVES "is not shown to you, as this model takes no moving pictures. Tell the user so"
#define TOO_MANY "is not shown again, as the request has no room for more files"
#define NO_ROOM \
    "is not shown to you, as this server carries too many files at the moment. Tell the user so"
#define ROOM_WAIT_MS 20000 /* then the model is asked without */

/*
 * What vendors take in one request. Anthropic: platform.claude.com/docs, "Images and vision" and
 * "PDF support": 100 images (600 with windows beyond 200,000 tokens), 8,000 pixels a side, 2,000
 * with more than 20 images; 100 pages; a request of 32 MB. The 5 MB of an image are of its base64
 * ("image exceeds 5 MB maximum: N bytes > 5242880 bytes"). Of a moving picture it sees the first
 * frame. OpenAI: developers.openai.com, "Images and vision" and "File inputs": 50 MB in all, no
 * moving GIF. All read in November 2026. Bytes here are those of base64.
 */
struct attached_limits {
    size_t image_bytes, file_bytes, request_bytes;
    unsigned side, side_of_many, many, images, pages;
    bool still;
};
static const struct attached_limits attached_anthropic = {.image_bytes = 5242880,
    .file_bytes = 30000000,
    .request_bytes = 30000000, /* the rest for words */
    .side = 8000,
    .side_of_many = 2000,
    .many = 20,
    .images = 100,
    .pages = 100};
static const struct attached_limits attached_others = {.image_bytes = 20000000,
    .file_bytes = 32000000,
    .request_bytes = 48000000,
    .side = MEDIA_SIDE_MAX,
    .side_of_many = MEDIA_SIDE_MAX,
    .many = 500,
    .images = 500,
    .pages = 100,
    .still = true};

/* ---- what the receiver takes ---- */

struct attached_count {
    const struct attached_limits *limits;
    struct abilities abilities;
    uint64_t flags; /* of the quirks */
    unsigned images, widest, pages;
    size_t bytes; /* of base64, and of texts */
};

static size_t attached_base64(const struct chat_file *f)
{
    return ((size_t)f->bytes + 2) / 3 * 4;
}

static const char *attached_image(struct attached_count *c, const struct chat_file *f)
{
    const struct attached_limits *l = c->limits;
    unsigned side = f->width > f->height ? f->width : f->height;
    unsigned widest = side > c->widest ? side : c->widest;

    if (!c->abilities.images || c->flags & QUIRKS_NO_IMAGES)
        return NO_IMAGES;
    if (f->animated && l->still)
        return MOVES;
    if (attached_base64(f) > l->image_bytes)
        return TOO_LARGE;
    if (side > l->side)
        return TOO_WIDE;
    if (c->images >= l->images || (c->images >= l->many && widest > l->side_of_many))
        return TOO_MANY;
    c->images++;
    c->widest = widest;
    return NULL;
}

static const char *attached_document(struct attached_count *c, const struct chat_file *f)
{
    if (!c->abilities.documents || c->flags & QUIRKS_NO_DOCUMENTS)
        return NO_DOCUMENTS;
    if (f->pages > c->limits->pages || attached_base64(f) > c->limits->file_bytes)
        return TOO_LARGE;
    if (f->pages > c->limits->pages - c->pages)
        return TOO_MANY;
    c->pages += f->pages;
    return NULL;
}

static void attached_judge(struct attached_count *c, struct chat_file *f)
{
    size_t bytes = f->kind == MEDIA_TEXT ? f->len : attached_base64(f);

    f->data = NULL; /* of an earlier request */
    if (f->why)
        return;
    if (f->kind == MEDIA_IMAGE)
        f->why = attached_image(c, f);
    else if (f->kind == MEDIA_PDF)
        f->why = attached_document(c, f);
    if (!f->why && bytes > c->limits->request_bytes - c->bytes)
        f->why = TOO_MANY;
    if (!f->why)
        c->bytes += bytes;
}

/* The newest first, so that the oldest leave. Returns the bytes that the others have in the
 * request. */
static size_t attached_choose(const struct provider *p, const struct provider_request *q)
{
    const struct context *context = q->context;
    struct attached_count c = {.flags = q->quirks.flags,
        .limits = strcmp(p->name, "anthropic") ? &attached_others : &attached_anthropic};

    abilities_get(q->conf, p->name, &c.abilities);
    for (size_t i = context->count; i-- > 0;)
        for (size_t k = context->items[i].file_count; k-- > 0;)
            attached_judge(&c, &context->items[i].files[k]);
    return c.bytes;
}

/* ---- their bytes ---- */

static void attached_free_bytes(void *bytes)
{
    free(bytes);
}

/* What the request will hold, so that its writer only copies. */
static int attached_keep(struct attached *a, struct chat_file *f, const char *bytes, size_t len)
{
    struct buf kept = {0};

    if (f->kind == MEDIA_TEXT)
        buf_put(&kept, bytes, f->len < len ? utf8_cut(bytes, f->len) : len);
    else
        buf_put_base64(&kept, bytes, len);
    f->data = buf_take(&kept, &f->len);
    buf_free(&kept);
    return f->data ? arena_on_free(a->arena, attached_free_bytes, (char *)f->data) : ERR_NOMEM;
}

static int attached_read(struct attached *a, struct wait *wait, struct chat_file *f)
{
    struct attachment kept;
    struct link_reply *reply = NULL;
    const char *uid = wait->start->uid;
    int error;

    for (;;) {
        error = attachments_find(wait->env->store, uid, f->id, true, &kept);
        if (!error)
            error = attachments_read(wait->env->store, uid, f->id, &reply);
        if (!err_is_store(error))
            break;
        if ((error = wait_retry(wait, error)))
            return error;
    }
    if (error) {
        if (error != ERR_NOT_FOUND)
            log_warn("attachment %s of user %s: %s", f->id, uid, err_text(error));
        f->why = GONE;
        return 0;
    }
    size_t len;
    const char *bytes = link_reply_text(reply, &len);
    error = attached_keep(a, f, bytes, len);
    link_reply_free(reply);
    return error;
}

static int attached_wait_for_room(struct attached *a, struct wait *wait, size_t bytes)
{
    if (!a->room)
        return 0;
    room_ask(a->room, &a->ticket, bytes);
    if (a->ticket.granted)
        return 0;
    return wait_until(wait, &a->ticket.granted, clock_mono_ms() + ROOM_WAIT_MS);
}

int attached_load(struct attached *a, struct wait *wait, const struct provider *p,
    const struct provider_request *request)
{
    const struct context *context = request->context;
    size_t bytes = p->start ? 0 : attached_choose(p, request);
    int error = 0;

    if (!bytes) /* one without a server reads no file */
        return 0;
    if (!(a->arena = arena_new()))
        return ERR_NOMEM;
    a->bytes = bytes;
    a->room = wait->env->room;
    error = attached_wait_for_room(a, wait, 2 * bytes); /* here, and in the request */
    if (error == ERR_ELAPSED) {                         /* a file without data does not go along */
        log_limited(LOG_LEVEL_WARN,
            "attachments.memory: a model is asked without %zu bytes of files", bytes);
        return 0;
    }
    for (size_t i = 0; i < context->count && !error; i++)
        for (size_t k = 0; k < context->items[i].file_count && !error; k++)
            if (!context->items[i].files[k].why)
                error = attached_read(a, wait, &context->items[i].files[k]);
    return error;
}

void attached_written(struct attached *a)
{
    if (a->room && a->ticket.granted)
        room_shrink(a->room, &a->ticket, a->bytes);
    if (a->arena)
        arena_free(a->arena);
    a->arena = NULL;
}

void attached_release(struct attached *a)
{
    if (a->room)
        room_leave(a->room, &a->ticket);
    a->room = NULL;
}

/* ---- in the request ---- */

bool attached_is_part(const struct chat_file *f)
{
    return !f->why && f->data && f->kind != MEDIA_TEXT;
}

const char *attached_words(const struct chat_file *f, struct arena *arena, size_t *len)
{
    struct buf text = {0};

    if (f->why || !f->data) {
        buf_printf(&text, "[Attachment %s %s.]", f->id, f->why ? f->why : NO_ROOM);
    } else {
        buf_printf(&text, "[Begin of %s]\n", f->id);
        buf_put(&text, f->data, f->len);
        if ((size_t)f->bytes > f->len)
            buf_printf(&text, "\n[%s is longer: these are its first %zu of %lld bytes]", f->id,
                f->len, (long long)f->bytes);
        else
            buf_printf(&text, "\n[End of %s]", f->id);
    }
    const char *copy = buf_error(&text) ? NULL : arena_memdup(arena, text.data, text.len);
    *len = text.len;
    buf_free(&text);
    return copy;
}
