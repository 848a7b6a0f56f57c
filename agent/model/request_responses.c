/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/request.h"

#include "agent/model/abilities.h"
#include "agent/model/deferred.h"
#include "agent/model/request_extra.h"
#include "agent/model/request_rules.h"
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

struct responses_writer {
    struct provider_http *out;
    struct buf *json; /* its body */
    const struct provider_request *q;
    struct abilities abilities;
    struct deferred deferred;
    char maker[PROVIDER_MAKER_SIZE];
    uint64_t flags; /* of the quirks */
    uint64_t sent;
    bool background;
    bool any;    /* an item is written */
    bool failed; /* no memory */
};

/* ---- items ---- */

static void request_responses_open(struct responses_writer *w)
{
    if (w->any)
        buf_putc(w->json, ',');
    w->any = true;
}

static void request_responses_say(struct responses_writer *w, const char *text, size_t len,
    const char *phase)
{
    if (utf8_blank(text, len))
        return;
    request_responses_open(w);
    buf_puts(w->json, "{\"type\":\"message\",\"role\":\"assistant\",\"content\":");
    buf_json_string(w->json, text, len);
    if (phase) {
        w->sent |= QUIRKS_NO_CALL_EXTRA;
        buf_json_member(w->json, "phase", phase);
    }
    buf_putc(w->json, '}');
}

static bool request_responses_is_phase(const char *word)
{
    return !strcmp(word, "commentary") || !strcmp(word, "final_answer");
}

/* Bytes that the phases speak of, or 0: they are none. */
static size_t request_responses_phased(const jdoc *phases)
{
    size_t all = 0;

    for (size_t i = 0; i < jdoc_length(phases); i++) {
        int64_t len = 0;
        if (jdoc_int(jdoc_at(jdoc_at(phases, i), 0), &len) || len <= 0)
            return 0;
        all += (size_t)len + (i ? REQUEST_EXTRA_BETWEEN : 0);
    }
    return all;
}

/* One text of ours may be several messages of the vendor's, each with its phase. */
static void request_responses_said(struct responses_writer *w, const struct request_rules_part *p)
{
    jdoc *phases =
        w->flags & QUIRKS_NO_CALL_EXTRA ? NULL : request_extra_phases(p->sealed, w->maker);
    bool fit = request_responses_phased(phases) == p->whole && p->whole;
    size_t start = 0;

    if (!fit)
        request_responses_say(w, p->text, p->len, NULL);
    for (size_t i = 0; fit && i < jdoc_length(phases); i++) {
        const char *word = jdoc_string(jdoc_at(jdoc_at(phases, i), 1), NULL);
        int64_t len = 0;
        (void)jdoc_int(jdoc_at(jdoc_at(phases, i), 0), &len);
        size_t end = start + (size_t)len;
        size_t from = start > p->from ? start : p->from;
        size_t to = end < p->from + p->len ? end : p->from + p->len;
        if (from < to)
            request_responses_say(w, p->text + (from - p->from), to - from,
                word && request_responses_is_phase(word) ? word : NULL);
        start = end + REQUEST_EXTRA_BETWEEN;
    }
    jdoc_free(phases);
}

/*
 * The item that a sealed thought holds, or NULL: another server's, or one that the vendor has not
 * stored and that cannot be read without its store ("Items are not persisted when `store` is set
 * to false").
 */
static const char *request_responses_item(const struct responses_writer *w,
    const struct request_rules_part *p)
{
    const char *item =
        p->kind == REQUEST_RULES_THOUGHT ? request_extra_item(p->sealed, w->maker) : NULL;
    jdoc *doc = NULL;
    bool good;

    if (!item || w->q->context->no_thoughts || jdoc_parse(item, strlen(item), &doc, NULL, 0))
        return NULL;
    good = !strcmp(jdoc_text_or(doc, "type", ""), "reasoning") &&
        (w->background || *jdoc_text_or(doc, "encrypted_content", "") ||
            jdoc_length(jdoc_get(doc, "content")));
    jdoc_free(doc);
    return good ? item : NULL;
}

/* An id ties a call to the thought in front of it: without the thought it is refused ("was provided
 * without its required 'reasoning' item"). */
static void request_responses_call(struct responses_writer *w, const struct request_rules_part *p,
    bool thought)
{
    static const char *const own[] = {"type", "call_id", "name", "arguments"};
    jdoc *extra = request_extra_of(p->sealed, w->maker);
    struct buf members = {0};

    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        jdoc_remove(extra, own[i]);
    request_responses_open(w);
    buf_puts(w->json, "{\"type\":\"function_call\",\"call_id\":");
    buf_json_text(w->json, p->id);
    buf_puts(w->json, ",\"name\":");
    buf_json_text(w->json, p->name);
    buf_puts(w->json, ",\"arguments\":");
    buf_json_string(w->json, p->text, p->len);
    if (!thought || w->q->context->no_thoughts)
        jdoc_remove(extra, "id");
    if (jdoc_length(extra) && !(w->flags & QUIRKS_NO_CALL_EXTRA)) {
        jdoc_write(extra, &members);
        buf_putc(w->json, ',');
        buf_put(w->json, buf_text(&members) + 1, members.len - 2);
        w->sent |= QUIRKS_NO_CALL_EXTRA | QUIRKS_NO_THOUGHTS;
    }
    buf_putc(w->json, '}');
    buf_free(&members);
    jdoc_free(extra);
}

/* Without an id: a call has none that an older release, or this one without search, could send. */
static void request_responses_search_call(struct responses_writer *w,
    const struct request_rules_part *p)
{
    request_responses_open(w);
    buf_puts(w->json, "{\"type\":\"tool_search_call\",\"execution\":\"client\",\"call_id\":");
    buf_json_text(w->json, p->id);
    buf_puts(w->json, ",\"status\":\"completed\",\"arguments\":");
    buf_put(w->json, p->text, p->len);
    buf_putc(w->json, '}');
}

static bool request_responses_is_search(const struct responses_writer *w, const char *name)
{
    return w->deferred.on && name && !strcmp(name, OFFER_FIND_TOOLS);
}

static void request_responses_assistant(struct responses_writer *w,
    const struct request_rules_message *m)
{
    bool thought = false;
    size_t last =
        m->count; /* a thought behind it is refused: "without its required following item" */

    while (last > 0 && m->parts[last - 1].kind == REQUEST_RULES_THOUGHT)
        last--;
    for (size_t i = 0; i < last; i++) {
        const struct request_rules_part *p = &m->parts[i];
        const char *item = request_responses_item(w, p);
        if (item) {
            request_responses_open(w);
            buf_puts(w->json, item);
            w->sent |= QUIRKS_NO_THOUGHTS;
            thought = true;
        } else if (p->kind == REQUEST_RULES_TEXT) {
            request_responses_said(w, p);
        } else if (p->kind == REQUEST_RULES_CALL && request_responses_is_search(w, p->name)) {
            request_responses_search_call(w, p);
        } else if (p->kind == REQUEST_RULES_CALL) {
            request_responses_call(w, p, thought);
        }
    }
}

static int request_responses_found(struct responses_writer *w, const struct request_rules_part *p)
{
    struct deferred_named named;
    int error = deferred_read(&w->deferred, p->text, p->len, p->failed, &named);

    request_responses_open(w);
    buf_puts(w->json, "{\"type\":\"tool_search_output\",\"execution\":\"client\",\"call_id\":");
    buf_json_text(w->json, p->id);
    buf_puts(w->json, ",\"status\":\"completed\",\"tools\":[");
    for (size_t i = 0; i < named.count && !error; i++) {
        const struct context_tool tool = {.name = named.tools[i]->name,
            .description = named.tools[i]->description,
            .schema = named.tools[i]->arguments_schema};
        if (i)
            buf_putc(w->json, ',');
        request_responses_deferred(w->json, &tool);
    }
    buf_puts(w->json, "]}");
    deferred_named_fini(&named);
    return error;
}

/*
 * What such an item has no place for: that nothing fits, what is not set up here, a failure. Behind
 * the results, by the application.
 */
static int request_responses_note(struct responses_writer *w, const struct request_rules_part *p)
{
    struct deferred_named named;
    int error = deferred_read(&w->deferred, p->text, p->len, p->failed, &named);
    const char *words = named.note ? named.note : named.count ? NULL : p->text;

    if (!error && words) {
        request_responses_open(w);
        buf_puts(w->json, "{\"type\":\"message\",\"role\":\"developer\",\"content\":");
        buf_json_string(w->json, words, named.note ? strlen(words) : p->len);
        buf_putc(w->json, '}');
    }
    deferred_named_fini(&named);
    return error;
}

static void request_responses_result(struct responses_writer *w, const struct request_rules_part *p)
{
    request_responses_open(w);
    buf_puts(w->json, "{\"type\":\"function_call_output\",\"call_id\":");
    buf_json_text(w->json, p->id);
    buf_puts(w->json, ",\"output\":");
    buf_json_string(w->json, p->text, p->len);
    buf_putc(w->json, '}');
}

static void request_responses_results(struct responses_writer *w,
    const struct request_rules_message *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->parts[i].kind == REQUEST_RULES_RESULT &&
            request_responses_is_search(w, m->parts[i].name))
            w->failed = request_responses_found(w, &m->parts[i]) || w->failed;
        else if (m->parts[i].kind == REQUEST_RULES_RESULT)
            request_responses_result(w, &m->parts[i]);
    for (size_t i = 0; i < m->count; i++)
        if (m->parts[i].kind == REQUEST_RULES_RESULT &&
            request_responses_is_search(w, m->parts[i].name))
            w->failed = request_responses_note(w, &m->parts[i]) || w->failed;
}

/* Each message's next part. */
static void request_responses_part(struct responses_writer *w, bool *open)
{
    if (!*open)
        request_responses_open(w);
    buf_puts(w->json, *open ? "," : "{\"type\":\"message\",\"role\":\"user\",\"content\":[");
    *open = true;
}

/* developers.openai.com, "Images and vision" and "File inputs", November 2026. */
static void request_responses_file(struct responses_writer *w, const struct chat_file *f)
{
    bool image = f->kind == MEDIA_IMAGE;

    w->sent |= image ? QUIRKS_NO_IMAGES : QUIRKS_NO_DOCUMENTS;
    if (image) {
        buf_puts(w->json, "{\"type\":\"input_image\",\"detail\":\"auto\",\"image_url\":\"");
    } else {
        buf_puts(w->json, "{\"type\":\"input_file\",\"filename\":");
        buf_json_text(w->json, *f->name ? f->name : "document.pdf");
        buf_puts(w->json, ",\"file_data\":\"");
    }
    buf_printf(w->json, "data:%s;base64,", f->type);
    request_file(w->out, f);
    buf_puts(w->json, "\"}");
}

static void request_responses_user(struct responses_writer *w,
    const struct request_rules_message *m)
{
    bool open = false;

    request_responses_results(w, m);
    for (size_t i = 0; i < m->count; i++) {
        const struct request_rules_part *p = &m->parts[i];
        if (p->kind == REQUEST_RULES_RESULT) {
            continue;
        } else if (p->kind == REQUEST_RULES_FILE) {
            request_responses_part(w, &open);
            request_responses_file(w, p->file);
        } else if (p->kind == REQUEST_RULES_TEXT) {
            request_responses_part(w, &open);
            buf_puts(w->json, "{\"type\":\"input_text\",\"text\":");
            buf_json_string(w->json, p->text, p->len);
            buf_putc(w->json, '}');
        }
    }
    if (open)
        buf_puts(w->json, "]}");
}

static int request_responses_input(struct responses_writer *w)
{
    struct arena *arena = arena_new();
    struct request_rules rules;
    int error = arena ?
        request_rules_make(w->q->context, w->flags & QUIRKS_SHORT_IDS, arena, &rules) :
        ERR_NOMEM;

    buf_puts(w->json, ",\"input\":[");
    for (size_t i = 0; !error && i < rules.count; i++) {
        if (rules.messages[i].assistant)
            request_responses_assistant(w, &rules.messages[i]);
        else
            request_responses_user(w, &rules.messages[i]);
    }
    buf_putc(w->json, ']');
    if (arena)
        arena_free(arena);
    return error;
}

/* ---- the rest ---- */

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
    if (!provider_put_tools(&provider_responses, w->q, tools, &w->deferred, w->json))
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
