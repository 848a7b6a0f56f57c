/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/request.h"

#include <stdlib.h>
#include <string.h>

void request_url(const char *base, const char *path, struct buf *url)
{
    size_t len = strlen(base);

    while (len && base[len - 1] == '/')
        len--;
    buf_put(url, base, len);
    buf_puts(url, path);
}

const char *request_must_call(const struct provider_request *q)
{
    return q->context->reduced || !q->context->frame ? NULL : q->context->frame->must_call;
}

void request_file(struct provider_http *out, const struct chat_file *f)
{
    buf_put(&out->body, f->data, f->len);
    out->file_bytes += f->len;
    out->file_tokens += context_file_tokens(f);
}

bool request_temperature(const struct provider_request *q, const struct abilities *a,
    const char *own, struct buf *json)
{
    const char *text = *q->conf->model_temperature ? q->conf->model_temperature : own;
    char *end;
    double value = strtod(text, &end);

    if (!*text || *end || !a->temperature || q->quirks.flags & QUIRKS_NO_TEMPERATURE)
        return false;
    buf_puts(json, ",\"temperature\":");
    buf_put_double(json, value);
    return true;
}
