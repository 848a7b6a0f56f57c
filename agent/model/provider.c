/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/provider.h"

#include "agent/model/abilities.h"
#include "agent/model/deferred.h"
#include "agent/offer.h"
#include "base/breaker.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/log.h"
#include "base/utf8.h"
#include "tools/engine/tools.h"
#include "tools/remote/foreign_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct provider *const providers[] = {&provider_anthropic, &provider_openai,
    &provider_responses, &provider_offline};
#define PROVIDERS (sizeof providers / sizeof *providers)
_Static_assert(PROVIDERS <= BREAKER_COUNT, "each provider has a breaker");
#define PROVIDER_SIMPLE (QUIRKS_SHORT_DESCRIPTIONS | QUIRKS_PLAIN_SCHEMAS)

/* What is offered in every request, written once. */
static struct provider_core {
    struct buf whole[PROVIDERS];
    struct buf bare[PROVIDERS];      /* without marks for a cache */
    struct buf plain[PROVIDERS];     /* for servers that refuse more */
    struct buf searching[PROVIDERS]; /* whole, with find_tools as the vendor's search tool */
    size_t count;                    /* of tools in each of them */
} everybody, forgetful; /* forgetful: of users who have turned off what is remembered */

const struct provider *provider_find(const char *name, size_t len)
{
    for (size_t i = 0; i < PROVIDERS; i++)
        if (strlen(providers[i]->name) == len && !memcmp(providers[i]->name, name, len))
            return providers[i];
    return NULL;
}

size_t provider_place(const struct provider *p)
{
    size_t i = 0;

    while (i < PROVIDERS - 1 && providers[i] != p)
        i++;
    return i;
}

void provider_plain(const char *schema, struct buf *out)
{
    jdoc *doc = NULL, *plain = NULL;

    if (!jdoc_parse(schema, strlen(schema), &doc, NULL, 0))
        plain = foreign_schema_plain(doc);
    if (plain)
        jdoc_write(plain, out);
    else
        buf_puts(out, schema);
    jdoc_free(plain);
    jdoc_free(doc);
}

/* flags: which of PROVIDER_SIMPLE the server wants. */
static void provider_put_tool(const struct provider *p, const struct context_tool *tool,
    uint64_t flags, struct buf *json)
{
    struct context_tool other = *tool;
    char description[PROVIDER_DESCRIPTION_MAX + 1];
    struct buf schema = {0};

    if (flags & QUIRKS_SHORT_DESCRIPTIONS) {
        provider_copy(description, sizeof description, tool->description);
        other.description = description;
    }
    if (flags & QUIRKS_PLAIN_SCHEMAS) {
        provider_plain(tool->schema, &schema);
        if (!buf_error(&schema))
            other.schema = buf_text(&schema);
    }
    p->tool(json, &other, false);
    buf_free(&schema);
}

static void provider_prepare_searching(const struct provider *p, const struct context_tool *tools,
    size_t count, struct buf *json)
{
    buf_reset(json);
    for (size_t k = 0; k < count && p->search && p->tool; k++) {
        if (k)
            buf_putc(json, ',');
        if (!strcmp(tools[k].name, OFFER_FIND_TOOLS))
            p->search(json, &tools[k]);
        else
            p->tool(json, &tools[k], k + 1 == count);
    }
}

static int provider_prepare_core(const struct context_tool *tools, size_t count,
    struct provider_core *core)
{
    core->count = count;
    for (size_t i = 0; i < PROVIDERS; i++) {
        struct buf *whole = &core->whole[i], *bare = &core->bare[i], *plain = &core->plain[i];

        buf_reset(whole);
        buf_reset(bare);
        buf_reset(plain);
        for (size_t k = 0; k < count && providers[i]->tool; k++) {
            if (k) {
                buf_putc(whole, ',');
                buf_putc(bare, ',');
                buf_putc(plain, ',');
            }
            providers[i]->tool(whole, &tools[k], k + 1 == count);
            providers[i]->tool(bare, &tools[k], false);
            provider_put_tool(providers[i], &tools[k], PROVIDER_SIMPLE, plain);
        }
        provider_prepare_searching(providers[i], tools, count, &core->searching[i]);
        if (buf_error(whole) || buf_error(bare) || buf_error(plain) ||
            buf_error(&core->searching[i]))
            return ERR_NOMEM;
    }
    return 0;
}

int provider_prepare(const struct context_tool *tools, size_t count)
{
    struct context_tool *without = calloc(count + 1, sizeof *without);
    int error = without ? provider_prepare_core(tools, count, &everybody) : ERR_NOMEM;
    size_t kept = 0;

    for (size_t i = 0; !error && i < count; i++) {
        const struct tools_spec *spec = tools_find(tools[i].name);
        if (!spec || !tools_is_memory(spec))
            without[kept++] = tools[i];
    }
    if (!error)
        error = provider_prepare_core(without, kept, &forgetful);
    free(without);
    return error;
}

const struct buf *provider_tools(const struct provider *p)
{
    return &everybody.whole[provider_place(p)];
}

/* The prepared list for this request. A user without memory is offered no tool of it, in none of
 * the forms. */
static const struct buf *provider_core_of(const struct provider_core *all, size_t place,
    const struct deferred *deferred, uint64_t flags, bool marks)
{
    if (flags)
        return &all->plain[place];
    if (deferred && deferred->on && providers[place]->search)
        return &all->searching[place];
    return marks ? &all->whole[place] : &all->bare[place];
}

bool provider_put_tools(const struct provider *p, const struct provider_request *request,
    const struct buf *tools, bool marks, const struct deferred *deferred, struct buf *json)
{
    const struct context *c = request->context;
    const struct context_frame *f = c->frame;
    const size_t place = provider_place(p);
    const struct provider_core *all = f->memory ? &everybody : &forgetful;
    size_t core = tools->len ? all->count : 0, client = c->reduced ? 0 : f->client_tool_count;
    size_t first = 0, held = 0;
    uint64_t flags = request->quirks.flags & PROVIDER_SIMPLE;
    if (tools->len)
        tools = provider_core_of(all, place, deferred, flags, marks);
    bool any = tools->len > 0;
    struct abilities abilities;
    size_t room;

    if (f->instructions)
        return false;
    abilities_get(request->conf, p->name, &abilities);
    room = abilities.tools_max > core ? abilities.tools_max - core : 0;
    if (client > room) {
        log_limited(LOG_LEVEL_WARN,
            "model.tools_max: the last %zu of %zu tools of a client are not "
            "told to the model",
            client - room, client);
        client = room;
    }
    for (size_t i = 0; deferred && i < c->found_count; i++)
        held += deferred_holds(deferred, &c->found[i]);
    if (c->found_count - held > room - client)
        first = c->found_count - held - (room - client);
    if (request->quirks.flags & QUIRKS_NO_TOOLS ||
        (!any && first == c->found_count - held && !client))
        return false;
    buf_puts(json, ",\"tools\":[");
    buf_put(json, buf_text(tools), tools->len);
    for (size_t i = 0, seen = 0; i < c->found_count + client; i++) {
        const bool found = i < c->found_count;
        if (found && ((deferred && deferred_holds(deferred, &c->found[i])) || seen++ < first))
            continue;
        if (any)
            buf_putc(json, ',');
        any = true;
        provider_put_tool(p, found ? &c->found[i] : &f->client_tools[i - c->found_count], flags,
            json);
    }
    return true;
}

void provider_maker(const struct provider *p, const struct conf *conf,
    char out[PROVIDER_MAKER_SIZE])
{
    const char *url = p->url ? p->url(conf) : "";
    char digest[IDENT_SHA256_SIZE];
    size_t len = strlen(url);

    while (len && url[len - 1] == '/')
        len--;
    ident_sha256_hex(url, len, digest);
    snprintf(out, PROVIDER_MAKER_SIZE, "%.16s-%.8s", p->name, digest);
}

void provider_copy(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);

    if (n >= size)
        n = utf8_cut(text, size - 1);
    memcpy(out, text, n);
    out[n] = 0;
}

void provider_token(char *out, size_t size, const char *text)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:";
    size_t n = strspn(text, good);

    if (text[n] || n >= size)
        n = 0;
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
