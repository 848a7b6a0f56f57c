/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/export_file.h"

#include "base/arena.h"
#include "base/err.h"
#include "store/attachments.h"

/* What is told of the file, with its bytes as one more member. */
static int export_attachments_one(struct store *s, const char *uid, const struct attachment *a,
    struct buf *out)
{
    struct link_reply *reply = NULL;
    size_t len = 0;
    int error = attachments_read(s, uid, a->id, &reply);
    if (error == 0) {
        const char *bytes = link_reply_text(reply, &len);
        attachments_write(a, out);
        out->len--; /* its brace */
        buf_puts(out, ",\"data\":\"");
        buf_put_base64(out, bytes, len);
        buf_puts(out, "\"}");
    }
    link_reply_free(reply);
    return error;
}

int export_file_attachments(struct store *s, const char *uid, struct buf *out,
    export_file_flush *flush, void *arg, int64_t *count)
{
    struct attachments_list list;
    struct arena *arena = arena_new();
    int error = arena ? attachments_list(s, uid, arena, &list) : ERR_NOMEM;
    *count = 0;
    for (size_t i = 0; error == 0 && i < list.count; i++) {
        size_t before = out->len;
        buf_puts(out, *count == 0 ? "\n" : ",\n");
        error = export_attachments_one(s, uid, &list.items[i], out);
        if (error == ERR_NOT_FOUND) { /* it expires at this moment */
            out->len = before;
            error = 0;
            continue;
        }
        ++*count;
        if (error == 0)
            error = flush(arg, out);
    }
    if (arena)
        arena_free(arena);
    return error;
}
