/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/request.h"

#include "agent/model/abilities.h"
#include "agent/model/request_responses_parts.h"
#include "agent/offer.h"
#include "base/err.h"
#include "base/ident.h"
#include "base/utf8.h"

#include <string.h>

/*
 * A request of OpenAI's Responses API (npm package openai 7.59, ResponseCreateParams;
 * developers.openai.com/api/reference/resources/responses/create, November 2026). Messages are
 * `EasyInputMessage`, the form that every compatible server takes. The vendor would take `strict`
 * for true where it is left out, and our schemas have optional members.
 */

#define OUTPUT_MIN 16

static void request_responses_put_tool(struct buf *json, const struct context_tool *tool,
    const char *end)
{
    buf_puts(json, "{\"type\":\"function\",\"name\":");
    buf_json_text(json, tool->name);
    if (!utf8_blank(tool->description, strlen(tool->description))) {
        buf_puts(json, ",\"description\":");
        buf_json_text(json, tool->description);
    }
    buf_printf(json, ",\"parameters\":%s,\"strict\":false%s}", tool->schema, end);
}

void request_responses_tool(struct buf *json, const struct context_tool *tool, bool last)
{
    (void)last; /* this protocol caches by prefix and has no marks */
    request_responses_put_tool(json, tool, "");
}

void request_responses_deferred(struct buf *json, const struct context_tool *tool)
{
    request_responses_put_tool(json, tool, ",\"defer_loading\":true");
}

/* The vendor gives it no name of ours: the words of the instructions name it. */
void request_responses_search(struct buf *json, const struct context_tool *tool)
{
    buf_puts(json, "{\"type\":\"tool_search\",\"execution\":\"client\",\"description\":");
    buf_puts(json, "\"" OFFER_FIND_TOOLS ": ");
    buf_json_escaped(json, tool->description, strlen(tool->description));
    buf_printf(json, "\",\"parameters\":%s}", tool->schema);
}

/* False, and the member is not to be written, when the server has refused it. */
static bool request_responses_may(struct responses_writer *w, uint64_t flag)
{
    if (w->flags & flag)
        return false;
    w->sent |= flag;
    return true;
}

/* Sends requests of one conversation to one cache; nobody can tell whose it is without our key. */
static void request_responses_cache_key(struct responses_writer *w)
{
    const struct provider_request *q = w->q;
    char digest[IDENT_SHA256_SIZE];
    struct buf text = {0};

    if (!q->uid || !q->session || !request_responses_may(w, QUIRKS_NO_CACHE_KEY))
        return;
    buf_printf(&text, "%s\n%s\n%s", q->conf->responses_key, q->uid, q->session);
    ident_sha256_hex(buf_text(&text), text.len, digest);
    buf_free(&text);
    buf_printf(w->json, ",\"prompt_cache_key\":\"%.40s\"", digest);
}

/* The background mode needs the store; without it the vendor is to keep nothing. A summary is no
 * answer of the turn, with which another worker could go on. */
static void request_responses_store(struct responses_writer *w)
{
    w->background = w->q->conf->responses_background && !(w->flags & QUIRKS_NO_BACKGROUND) &&
        !w->q->context->frame->instructions;
    if (w->background) {
        w->sent |= QUIRKS_NO_BACKGROUND;
        buf_puts(w->json, ",\"background\":true,\"store\":true");
    } else if (request_responses_may(w, QUIRKS_NO_STORE)) {
        buf_puts(w->json, ",\"store\":false");
    }
    if (request_responses_may(w, QUIRKS_NO_INCLUDE))
        buf_puts(w->json, ",\"include\":[\"reasoning.encrypted_content\"]");
}

/* Thoughts stay hidden without a summary, which the vendor makes when it is asked for. */
static void request_responses_reasoning(struct responses_writer *w)
{
    const char *summary = w->q->conf->responses_summary;
    const struct abilities_thinking *thinking = &w->abilities.thinking;
    bool effort = thinking->form != FAMILY_THINKING_NONE && thinking->word;
    bool words = thinking->form != FAMILY_THINKING_NONE && thinking->on && strcmp(summary, "off") &&
        !(w->flags & QUIRKS_NO_SUMMARY);
    if ((!effort && !words) || !request_responses_may(w, QUIRKS_NO_THINKING))
        return;
    buf_puts(w->json, ",\"reasoning\":{");
    if (effort) {
        buf_puts(w->json, "\"effort\":");
        buf_json_text(w->json, thinking->word);
    }
    if (words) {
        w->sent |= QUIRKS_NO_SUMMARY;
        buf_puts(w->json, effort ? ",\"summary\":" : "\"summary\":");
        buf_json_text(w->json, summary);
    }
    buf_putc(w->json, '}');
}

/* Thoughts count too. The vendor takes no less than OUTPUT_MIN. */
static void request_responses_output(struct responses_writer *w)
{
    if (!request_responses_may(w, QUIRKS_NO_OUTPUT_FIELD))
        return;
    int64_t most = abilities_output(&w->abilities, w->q->max_tokens, w->q->quirks.output_max);
    buf_printf(w->json, ",\"max_output_tokens\":%lld",
        (long long)(most < OUTPUT_MIN ? OUTPUT_MIN : most));
}

static void request_responses_choice(struct responses_writer *w)
{
    const char *must = request_must_call(w->q);

    if ((!w->q->no_tools && !must) || !request_responses_may(w, QUIRKS_NO_TOOL_CHOICE))
        return;
    buf_puts(w->json, ",\"tool_choice\":");
    if (w->q->no_tools || !*must) {
        buf_puts(w->json, w->q->no_tools ? "\"none\"" : "\"required\"");
        return;
    }
    buf_puts(w->json, "{\"type\":\"function\",\"name\":");
    buf_json_text(w->json, must);
    buf_putc(w->json, '}');
}

static void request_responses_tools(struct responses_writer *w, const struct buf *tools)
{
    if (!provider_put_tools(&provider_responses, w->q, tools, false, &w->deferred, w->json))
        return;
    buf_putc(w->json, ']');
    w->sent |= w->deferred.on ? QUIRKS_NO_DEFERRED : 0;
    w->sent |= QUIRKS_NO_TOOLS | ((QUIRKS_SHORT_DESCRIPTIONS | QUIRKS_PLAIN_SCHEMAS) & ~w->flags);
    request_responses_choice(w);
    if (!w->q->conf->responses_parallel && request_responses_may(w, QUIRKS_NO_PARALLEL))
        buf_puts(w->json, ",\"parallel_tool_calls\":false");
}

static int request_responses_body(struct responses_writer *w, const struct buf *tools)
{
    const struct provider_request *q = w->q;
    const char *system = q->context->system;
    int error;

    buf_puts(w->json, "{\"model\":");
    buf_json_text(w->json, q->conf->responses_model);
    buf_puts(w->json, ",\"stream\":true");
    request_responses_store(w);
    request_responses_output(w);
    if (request_temperature(q, &w->abilities, q->conf->responses_temperature, w->json))
        w->sent |= QUIRKS_NO_TEMPERATURE;
    request_responses_reasoning(w);
    request_responses_cache_key(w);
    if (!utf8_blank(system, strlen(system))) {
        buf_puts(w->json, ",\"instructions\":");
        buf_json_text(w->json, system);
    }
    if ((error = deferred_begin(&provider_responses, q, &w->abilities, &w->deferred)))
        return error;
    request_responses_tools(w, tools);
    if ((error = request_responses_input(w)))
        return error;
    buf_putc(w->json, '}');
    return w->failed ? ERR_NOMEM : buf_error(w->json);
}

static int request_responses_headers(const struct conf *conf, struct provider_http *out)
{
    size_t offsets[PROVIDER_HEADERS_MAX], count = 0;
    struct buf bearer = {0};
    int error;

    provider_header(out, &count, offsets, "Content-Type", "application/json");
    provider_header(out, &count, offsets, "Accept", "text/event-stream");
    if (*conf->responses_key) {
        buf_printf(&bearer, "Bearer %s", conf->responses_key);
        provider_header(out, &count, offsets, "Authorization", buf_text(&bearer));
    }
    error =
        buf_error(&out->url) || buf_error(&out->header_text) || buf_error(&bearer) ? ERR_NOMEM : 0;
    buf_free(&bearer);
    if (!error)
        provider_headers_done(out, count, offsets);
    return error;
}

int request_responses(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out)
{
    struct responses_writer w = {.out = out, .json = &out->body, .q = q, .flags = q->quirks.flags};
    int error;

    abilities_get(q->conf, "responses", &w.abilities);
    provider_maker(&provider_responses, q->conf, w.maker);
    request_url(q->conf->responses_url, "/responses", &out->url);
    error = request_responses_body(&w, tools);
    deferred_end(&w.deferred);
    out->sent = w.sent;
    return error ? ERR_NOMEM : request_responses_headers(q->conf, out);
}

/* ---- a response that the vendor keeps ---- */

int request_responses_follow(const struct conf *conf, const struct provider_stream *stream,
    struct provider_http *out)
{
    request_url(conf->responses_url, "/responses/", &out->url);
    buf_printf(&out->url, "%s?stream=true", stream->response);
    if (stream->sequence >= 0)
        buf_printf(&out->url, "&starting_after=%lld", (long long)stream->sequence);
    return request_responses_headers(conf, out);
}

int request_responses_stop(const struct conf *conf, const char *response, struct provider_http *out)
{
    request_url(conf->responses_url, "/responses/", &out->url);
    buf_printf(&out->url, "%s/cancel", response);
    return request_responses_headers(conf, out);
}
