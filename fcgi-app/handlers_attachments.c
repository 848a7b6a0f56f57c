/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "fcgi-app/upload.h"
#include "process/etag.h"
#include "store/attachments.h"

#include <stdio.h>
#include <string.h>

#define HANDLERS_ATTACHMENT_KEPT_S 86400 /* its bytes never change, but the user may erase it */

/* handlers -- files of a user: uploaded before a message names them, loaded by the user's pages.
 * Api workers. */

static int handlers_no_attachment(struct exchange *x)
{
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such attachment, or it has expired.");
}

int handlers_attachment_put(struct exchange *x)
{
    struct attachment a;
    const char *declared = request_header(&x->request, "CONTENT_TYPE");
    const char *name = request_query(&x->request, "name");
    struct buf own = {0};
    struct upload u = {.field = "body",
        .declared = declared ? declared : "",
        .name = name ? name : "",
        .bytes = x->request.body,
        .len = x->request.body_len};
    if (x->app->conf->attachments_message == 0)
        return problem_limit(&x->problem, "body", 0, "This service takes no files.");
    int error = upload_recode(&u, x->app->conf, &own);
    if (error == 0)
        error = upload_check(&u, x->app->conf, &a, &x->problem);
    if (error == 0)
        error = upload_keep(&u, x->app->store, x->who.user, &a, &x->problem);
    buf_free(&own);
    if (error < 0)
        return error;
    exchange_json(x, 201);
    char *location = arena_printf(x->arena, "%s/attachments/%s", x->app->conf->public_base, a.id);
    if (!location)
        return ERR_NOMEM;
    exchange_header(x, "Location", location);
    attachments_write(&a, &x->reply.body);
    return 0;
}

int handlers_attachments_list(struct exchange *x)
{
    struct attachments_list list;
    int64_t used = 0;
    int error = attachments_list(x->app->store, x->who.user, x->arena, &list);
    if (error < 0)
        return error;
    exchange_json(x, 200);
    struct buf *b = &x->reply.body;
    buf_puts(b, "{\"attachments\":[");
    for (size_t i = 0; i < list.count; i++) {
        if (i > 0)
            buf_putc(b, ',');
        attachments_write(&list.items[i], b);
        used += list.items[i].bytes;
    }
    buf_printf(b, "],\"bytes\":%lld,\"quota\":%lld}", (long long)used,
        (long long)x->app->conf->attachments_quota);
    return 0;
}

/* How a browser shows it: pictures where they are asked for, all else as a file. Nothing in it
 * runs, whatever it says it is. nginx adds what holds for all replies. */
static void handlers_attachment_headers(struct exchange *x, const struct attachment *a)
{
    struct buf value = {0};
    buf_puts(&value, a->media.kind == MEDIA_IMAGE ? "inline" : "attachment");
    if (a->name[0] != '\0') { /* RFC 6266: for the characters that quotes cannot hold */
        buf_puts(&value, "; filename*=UTF-8''");
        buf_put_urlencoded(&value, a->name, strlen(a->name));
    }
    if (buf_error(&value) == 0)
        exchange_header(x, "Content-Disposition", buf_text(&value));
    buf_free(&value);
    exchange_header(x, "Content-Security-Policy", "default-src 'none'; sandbox");
}

static int handlers_attachment_bytes(struct exchange *x, const struct attachment *a)
{
    struct link_reply *reply = NULL;
    size_t len;
    int error = attachments_read(x->app->store, x->who.user, a->id, &reply);
    if (error == 0) {
        const char *bytes = link_reply_text(reply, &len);
        buf_put(&x->reply.body, bytes, len);
    }
    link_reply_free(reply);
    x->reply.content_type =
        a->media.kind == MEDIA_TEXT ? "text/plain; charset=utf-8" : arena_strdup(x->arena, a->type);
    return error == 0 && !x->reply.content_type ? ERR_NOMEM : error;
}

int handlers_attachment_get(struct exchange *x)
{
    struct attachment a;
    char etag[IDENT_SHA256_SIZE + 2];
    int error = attachments_find(x->app->store, x->who.user, x->params[0], false, &a);
    if (error == ERR_NOT_FOUND)
        return handlers_no_attachment(x);
    if (error < 0)
        return error;
    exchange_json(x, 200);
    x->reply.kept_s = HANDLERS_ATTACHMENT_KEPT_S;
    snprintf(etag, sizeof etag, "\"%s\"", a.sha256);
    exchange_header(x, "ETag", etag);
    x->reply.tagged = true;
    handlers_attachment_headers(x, &a);
    if (etag_matches(request_header(&x->request, "HTTP_IF_NONE_MATCH"), etag)) {
        x->reply.status = 304;
        x->reply.content_type = NULL;
        return 0;
    }
    error = handlers_attachment_bytes(x, &a);
    return error == ERR_NOT_FOUND ? handlers_no_attachment(x) : error;
}

int handlers_attachment_delete(struct exchange *x)
{
    int error = attachments_drop(x->app->store, x->who.user, x->params[0]);
    if (error < 0)
        return error == ERR_NOT_FOUND ? handlers_no_attachment(x) : error;
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"success\":true,\"message\":\"The attachment was deleted.\"}");
    return 0;
}
