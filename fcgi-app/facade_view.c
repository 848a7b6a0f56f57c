/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/facade_view.h"

#include "wire/http/stream_http.h"

#include <stdlib.h>
#include <string.h>

static void facade_view_text(struct buf *detail, const char *name, const char *value)
{
    buf_printf(detail, "&%s=", name);
    buf_put_urlencoded(detail, value, strlen(value));
}

void facade_view_write(const struct facade_view *view, struct buf *detail)
{
    buf_printf(detail, "response=%d&usage=%d&after=%lld", view->response, view->usage,
        (long long)view->after);
    facade_view_text(detail, "model", view->model);
    facade_view_text(detail, "base", view->base);
}

static int64_t facade_view_number(const char *detail, const char *name)
{
    char text[24];
    return stream_query_get(detail, name, text, sizeof text) > 0 ? strtoll(text, NULL, 10) : 0;
}

int facade_view_read(const char *detail, struct facade_view *out)
{
    *out = (struct facade_view){.response = facade_view_number(detail, "response") == 1,
        .usage = facade_view_number(detail, "usage") == 1,
        .after = facade_view_number(detail, "after")};
    if (stream_query_get(detail, "model", out->model, sizeof out->model) <= 0 ||
        stream_query_get(detail, "base", out->base, sizeof out->base) < 0)
        return ERR_INVALID;
    return 0;
}
