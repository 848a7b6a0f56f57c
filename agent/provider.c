#include "agent/provider.h"

#include "base/err.h"

#include <string.h>

static const struct provider *const providers[] = {
    &provider_anthropic, &provider_openai, &provider_offline};
#define PROVIDERS (sizeof providers / sizeof *providers)

static struct buf prepared[PROVIDERS];

const struct provider *provider_find(const char *name, size_t len)
{
    for (size_t i = 0; i < PROVIDERS; i++)
        if (strlen(providers[i]->name) == len && !memcmp(providers[i]->name, name, len))
            return providers[i];
    return NULL;
}

int provider_prepare(const struct context_tool *tools, size_t count)
{
    for (size_t i = 0; i < PROVIDERS; i++) {
        buf_reset(&prepared[i]);
        for (size_t k = 0; k < count && providers[i]->tool; k++) {
            if (k)
                buf_putc(&prepared[i], ',');
            providers[i]->tool(&prepared[i], &tools[k], k + 1 == count);
        }
        if (buf_error(&prepared[i]))
            return buf_error(&prepared[i]);
    }
    return 0;
}

const struct buf *provider_tools(const struct provider *p)
{
    static const struct buf none;

    for (size_t i = 0; i < PROVIDERS; i++)
        if (providers[i] == p)
            return &prepared[i];
    return &none;
}

bool provider_put_tools(const struct provider *p, const struct provider_request *request,
    const struct buf *tools, struct buf *json)
{
    const struct context *c = request->context;
    const struct context_frame *f = c->frame;
    size_t count = c->found_count + f->client_tool_count;

    if (!tools->len && !count)
        return false;
    buf_puts(json, ",\"tools\":[");
    buf_put(json, buf_text(tools), tools->len);
    for (size_t i = 0; i < count; i++) {
        if (i || tools->len)
            buf_putc(json, ',');
        p->tool(json, i < c->found_count ? &c->found[i] : &f->client_tools[i - c->found_count],
            false);
    }
    buf_putc(json, ']');
    return true;
}

void provider_copy(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);

    if (n >= size)
        for (n = size - 1; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
            n--;
    memcpy(out, text, n);
    out[n] = 0;
}

void provider_header(struct provider_http *http, size_t *count, size_t *offsets, const char *name,
    const char *value)
{
    if (*count == PROVIDER_HEADERS_MAX)
        return;
    offsets[(*count)++] = http->header_text.len;
    buf_printf(&http->header_text, "%s: ", name);
    for (; *value; value++)
        if (*value != '\r' && *value != '\n')
            buf_putc(&http->header_text, *value);
    buf_putc(&http->header_text, '\0');
}

void provider_headers_done(struct provider_http *http, size_t count, const size_t *offsets)
{
    for (size_t i = 0; i < count; i++)
        http->headers[i] = http->header_text.data + offsets[i];
    http->headers[count] = NULL;
}
