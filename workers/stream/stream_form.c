/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/stream/stream_form.h"

#include "base/err.h"
#include "workers/stream/stream_socket.h"

#include <string.h>

static void stream_form_put_member(struct buf *b, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(b, ",\"%s\":", name);
    buf_json_string(b, value, strlen(value));
}

void stream_form_error(struct stream_conn *c, const char *code, const char *message,
    const char *client_message_id, int64_t retry_after_ms)
{
    const struct stream_form *form = stream_socket_of(c)->form;
    struct buf b;

    buf_init(&b, 0);
    if (!form->error_code) {
        buf_printf(&b, "\nerror: %s\n", message);
    } else {
        buf_puts(&b, "{\"type\":\"error\"");
        stream_form_put_member(&b, form->error_code, code);
        stream_form_put_member(&b, "message", message);
        stream_form_put_member(&b, "client_message_id", client_message_id);
        if (retry_after_ms > 0)
            buf_printf(&b, ",\"retry_after_ms\":%lld", (long long)retry_after_ms);
        buf_putc(&b, '}');
    }
    err_ignore(stream_socket_json(c, &b));
    buf_free(&b);
}
