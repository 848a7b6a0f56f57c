/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/request.h"

#include "agent/model/deferred.h"
#include "agent/model/request_rules.h"
#include "agent/offer.h"
#include "base/err.h"
#include "base/utf8.h"

#include <string.h>

#define CACHE_MARK ",\"cache_control\":{\"type\":\"ephemeral\"}"

static void request_anthropic_put_tool(struct buf *json, const struct context_tool *tool,
    const char *end)
{
    buf_puts(json, "{\"name\":");
    buf_json_text(json, tool->name);
    if (!utf8_blank(tool->description, strlen(tool->description))) {
        buf_puts(json, ",\"description\":");
        buf_json_text(json, tool->description);
    }
    buf_printf(json, ",\"input_schema\":%s%s}", tool->schema, end);
}

void request_anthropic_tool(struct buf *json, const struct context_tool *tool, bool last)
{
    request_anthropic_put_tool(json, tool, last ? CACHE_MARK : "");
}

/* Such a tool cannot have a mark for the cache: it is in none. */
void request_anthropic_deferred(struct buf *json, const struct context_tool *tool)
{
    request_anthropic_put_tool(json, tool, ",\"defer_loading\":true");
}

struct anthropic_writer {
    struct provider_http *out;
    struct buf *json; /* its body */
    const struct provider_request *q;
    const struct buf *tools;
    struct abilities abilities;
    struct deferred deferred;
    char maker[PROVIDER_MAKER_SIZE];
    bool marks;     /* for the cache */
    bool bare_loop; /* its last step has calls and no thought in front of them */
    bool forced;    /* a tool has to be called */
    bool failed;    /* no memory */
    uint64_t sent;
};

/* Whether a choice other than the model's own was written. */
static bool request_anthropic_choice(struct anthropic_writer *w)
{
    const char *must = request_must_call(w->q);

    if (w->q->no_tools) {
        buf_puts(w->json, ",\"tool_choice\":{\"type\":\"none\"}");
    } else if (must && *must) {
        buf_puts(w->json, ",\"tool_choice\":{\"type\":\"tool\",\"name\":");
        buf_json_text(w->json, must);
        buf_putc(w->json, '}');
    } else if (must) {
        buf_puts(w->json, ",\"tool_choice\":{\"type\":\"any\"}");
    }
    w->forced = !w->q->no_tools && must;
    return w->q->no_tools || must;
}

static int request_anthropic_tools(struct anthropic_writer *w)
{
    int error = 0;

    if (provider_put_tools(&provider_anthropic, w->q, w->tools, w->marks, &w->deferred, w->json)) {
        const size_t before = w->json->len;
        error = deferred_put(&w->deferred, &provider_anthropic, w->json);
        w->out->deferred_bytes = w->json->len - before;
        buf_putc(w->json, ']');
        w->sent |= w->deferred.on ? QUIRKS_NO_DEFERRED : 0;
        w->sent |= QUIRKS_NO_TOOLS |
            ((QUIRKS_SHORT_DESCRIPTIONS | QUIRKS_PLAIN_SCHEMAS) & ~w->q->quirks.flags);
        if (!(w->q->quirks.flags & QUIRKS_NO_TOOL_CHOICE) && request_anthropic_choice(w))
            w->sent |= QUIRKS_NO_TOOL_CHOICE;
    }
    return error;
}

/*
 * Newer Claudes bind a thought to what stood before it, the list of tools too (platform.claude.com,
 * build-with-claude/preserved-thinking, November 2026). So the thoughts in front of the last
 * find_tools that added some are of no use any more, unless what is found is in no list
 * (deferred.h). Returns the first message that may have its thoughts.
 */
static size_t request_anthropic_fresh(const struct anthropic_writer *w,
    const struct request_rules *rules)
{
    bool bound = w->abilities.family->thinking == FAMILY_THINKING_ADAPTIVE && !w->deferred.on;

    for (size_t i = rules->count; bound && w->q->context->found_count && i-- > 0;)
        for (size_t k = 0; k < rules->messages[i].count; k++)
            if (rules->messages[i].parts[k].kind == REQUEST_RULES_CALL &&
                !strcmp(rules->messages[i].parts[k].name, OFFER_FIND_TOOLS))
                return i + 1;
    return 0;
}

/* The bytes that the thought's maker wants back, when it is this server; NULL = it is not. */
static const char *request_anthropic_sealed(const struct anthropic_writer *w, const char *sealed,
    const char *kind)
{
    static const char older[] = "anthropic";
    size_t len = strlen(w->maker), n = strlen(kind);

    if (strncmp(sealed, w->maker, len) || sealed[len] != ':') {
        len = sizeof older - 1;
        if (strncmp(sealed, older, len))
            return NULL;
    }
    return strncmp(sealed + len, kind, n) ? NULL : sealed + len + n;
}

static bool request_anthropic_is_thought(const struct anthropic_writer *w,
    const struct request_rules_part *p)
{
    return p->kind == REQUEST_RULES_THOUGHT &&
        (request_anthropic_sealed(w, p->sealed, REQUEST_SIGNATURE) ||
            request_anthropic_sealed(w, p->sealed, REQUEST_REDACTED));
}

static void request_anthropic_thought(struct anthropic_writer *w,
    const struct request_rules_part *p)
{
    const char *redacted = request_anthropic_sealed(w, p->sealed, REQUEST_REDACTED);

    if (redacted) {
        buf_puts(w->json, "{\"type\":\"redacted_thinking\",\"data\":");
        buf_json_text(w->json, redacted);
        return;
    }
    buf_puts(w->json, "{\"type\":\"thinking\",\"thinking\":");
    buf_json_string(w->json, p->text, p->len);
    buf_puts(w->json, ",\"signature\":");
    buf_json_text(w->json, request_anthropic_sealed(w, p->sealed, REQUEST_SIGNATURE));
}

/* docs: "Images and vision", "PDF support" (platform.claude.com, November 2026). */
static void request_anthropic_file(struct anthropic_writer *w, const struct chat_file *f)
{
    bool image = f->kind == MEDIA_IMAGE;

    w->sent |= image ? QUIRKS_NO_IMAGES : QUIRKS_NO_DOCUMENTS;
    buf_printf(w->json,
        "{\"type\":\"%s\",\"source\":{\"type\":\"base64\",\"media_type\":\"%s\",\"data\":\"",
        image ? "image" : "document", f->type);
    request_file(w->out, f);
    buf_puts(w->json, "\"}");
    if (!image && *f->name)
        buf_json_member(w->json, "title", f->name);
}

/* What find_tools has found is told by its names: the vendor puts the definitions there. */
static int request_anthropic_found(struct anthropic_writer *w, const struct request_rules_part *p)
{
    struct deferred_named named = {0};
    int error = 0;

    if (w->deferred.on && p->name && !strcmp(p->name, OFFER_FIND_TOOLS))
        error = deferred_read(&w->deferred, p->text, p->len, p->failed, &named);
    if (!named.count && named.note) {
        buf_json_text(w->json, named.note);
    } else if (!named.count) {
        buf_json_string(w->json, p->text, p->len);
    } else {
        buf_putc(w->json, '[');
        if (named.note) {
            buf_puts(w->json, "{\"type\":\"text\",\"text\":");
            buf_json_text(w->json, named.note);
            buf_puts(w->json, "},");
        }
        for (size_t i = 0; i < named.count; i++) {
            buf_puts(w->json,
                i ? ",{\"type\":\"tool_reference\",\"tool_name\":" :
                    "{\"type\":\"tool_reference\",\"tool_name\":");
            buf_json_text(w->json, named.tools[i]->name);
            buf_putc(w->json, '}');
        }
        buf_putc(w->json, ']');
    }
    deferred_named_fini(&named);
    return error;
}

static void request_anthropic_part(struct anthropic_writer *w, const struct request_rules_part *p,
    bool mark)
{
    struct buf *json = w->json;

    switch (p->kind) {
    case REQUEST_RULES_TEXT:
        buf_puts(json, "{\"type\":\"text\",\"text\":");
        buf_json_string(json, p->text, p->len);
        break;
    case REQUEST_RULES_THOUGHT:
        w->sent |= QUIRKS_NO_THOUGHTS;
        request_anthropic_thought(w, p);
        break;
    case REQUEST_RULES_CALL:
        buf_puts(json, "{\"type\":\"tool_use\",\"id\":");
        buf_json_text(json, p->id);
        buf_puts(json, ",\"name\":");
        buf_json_text(json, p->name);
        buf_puts(json, ",\"input\":");
        buf_put(json, p->text, p->len);
        break;
    case REQUEST_RULES_RESULT:
        buf_puts(json, "{\"type\":\"tool_result\",\"tool_use_id\":");
        buf_json_text(json, p->id);
        buf_puts(json, ",\"content\":");
        if (request_anthropic_found(w, p))
            w->failed = true;
        if (p->failed && !(w->q->quirks.flags & QUIRKS_NO_IS_ERROR)) {
            w->sent |= QUIRKS_NO_IS_ERROR;
            buf_puts(json, ",\"is_error\":true");
        }
        break;
    case REQUEST_RULES_FILE:
        request_anthropic_file(w, p->file);
        break;
    }
    buf_puts(json, mark && w->marks ? CACHE_MARK "}" : "}");
}

/* Marked are the words in front of the late block, and the end when that is something else. */
static void request_anthropic_message(struct anthropic_writer *w,
    const struct request_rules_message *m, bool thoughts, bool last)
{
    bool any = false;

    if (m->assistant)
        w->bare_loop = !thoughts || !request_anthropic_is_thought(w, &m->parts[0]);
    buf_printf(w->json, "{\"role\":\"%s\",\"content\":[", m->assistant ? "assistant" : "user");
    for (size_t i = 0; i < m->count; i++) {
        bool end = i + 1 == m->count;
        if (m->parts[i].kind == REQUEST_RULES_THOUGHT &&
            (!thoughts || !request_anthropic_is_thought(w, &m->parts[i])))
            continue;
        if (any)
            buf_putc(w->json, ',');
        any = true;
        request_anthropic_part(w, &m->parts[i],
            !m->assistant && (end ? last && !m->parts[i].late : m->parts[i + 1].late));
    }
    buf_puts(w->json, "]}");
}

static int request_anthropic_messages(struct anthropic_writer *w)
{
    struct arena *arena = arena_new();
    struct request_rules rules;
    int error = arena ?
        request_rules_make(w->q->context, w->q->quirks.flags & QUIRKS_SHORT_IDS, arena, &rules) :
        ERR_NOMEM;

    buf_puts(w->json, ",\"messages\":[");
    size_t fresh = error ? 0 : request_anthropic_fresh(w, &rules);
    for (size_t i = 0; !error && i < rules.count; i++) {
        if (i)
            buf_putc(w->json, ',');
        request_anthropic_message(w, &rules.messages[i], i >= fresh, i + 1 == rules.count);
    }
    buf_putc(w->json, ']');
    if (!error)
        w->bare_loop =
            w->bare_loop && rules.messages[rules.count - 1].parts[0].kind == REQUEST_RULES_RESULT;
    if (arena)
        arena_free(arena);
    return error;
}

/* Claude does not think when a tool has to be called ("Thinking may not be enabled when tool_choice
 * forces tool use"). */
static void request_anthropic_thoughtless(struct abilities *a)
{
    const struct family *f = a->family;
    struct abilities_thinking *t = &a->thinking;

    if (!(f->flags & FAMILY_THINKS) || !*f->off)
        t->form = FAMILY_THINKING_NONE;
    else if (f->thinking == FAMILY_THINKING_ADAPTIVE)
        t->form = FAMILY_THINKING_ADAPTIVE;
    t->on = false;
    t->word = f->off;
}

/* A step that waits for its results must begin with a thought, where a budget is told: without one
 * the model answers without thinking. */
static void request_anthropic_thinking(struct anthropic_writer *w, int64_t output)
{
    struct abilities *a = &w->abilities;
    bool other = w->q->quirks.flags & QUIRKS_OTHER_THINKING;

    if (w->forced)
        request_anthropic_thoughtless(a);
    if (w->bare_loop &&
        (a->thinking.form == (other ? FAMILY_THINKING_ADAPTIVE : FAMILY_THINKING_BUDGET) ||
            (a->thinking.form == FAMILY_THINKING_TYPE && a->thinking.on)))
        a->thinking.form = FAMILY_THINKING_NONE;
    w->sent |= request_thinking(w->q, a, output, false, w->json);
}

static int request_anthropic_body(struct anthropic_writer *w)
{
    const struct provider_request *q = w->q;
    const char *system = q->context->system;
    int64_t output = abilities_output(&w->abilities, q->max_tokens, q->quirks.output_max);
    int error;

    buf_puts(w->json, "{\"model\":");
    buf_json_text(w->json, q->conf->anthropic_model);
    buf_printf(w->json, ",\"max_tokens\":%lld,\"stream\":true", (long long)output);
    if (request_temperature(q, &w->abilities, q->conf->anthropic_temperature, w->json))
        w->sent |= QUIRKS_NO_TEMPERATURE;
    if (!utf8_blank(system, strlen(system))) {
        buf_puts(w->json, ",\"system\":[{\"type\":\"text\",\"text\":");
        buf_json_text(w->json, system);
        buf_puts(w->json, w->marks ? CACHE_MARK "}]" : "}]");
    }
    if ((error = deferred_begin(&provider_anthropic, q, &w->abilities, &w->deferred)) ||
        (error = request_anthropic_tools(w)) || (error = request_anthropic_messages(w)))
        return error;
    request_anthropic_thinking(w, output);
    buf_putc(w->json, '}');
    return buf_error(w->json);
}

int request_anthropic(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out)
{
    const struct conf *conf = q->conf;
    struct anthropic_writer w = {.out = out,
        .json = &out->body,
        .q = q,
        .tools = tools,
        .marks = conf->anthropic_cache && !(q->quirks.flags & QUIRKS_NO_CACHE_CONTROL)};
    size_t offsets[PROVIDER_HEADERS_MAX], count = 0;
    int error;

    abilities_get(conf, provider_anthropic.name, &w.abilities);
    provider_maker(&provider_anthropic, conf, w.maker);
    request_url(conf->anthropic_url, "/v1/messages", &out->url);
    provider_header(out, &count, offsets, "Content-Type", "application/json");
    provider_header(out, &count, offsets, "Accept", "text/event-stream");
    provider_header(out, &count, offsets, "anthropic-version", "2023-06-01");
    if (*conf->anthropic_key)
        provider_header(out, &count, offsets, "x-api-key", conf->anthropic_key);
    error = request_anthropic_body(&w);
    deferred_end(&w.deferred);
    if (w.sent & QUIRKS_NO_BETA)
        provider_header(out, &count, offsets, "anthropic-beta", REQUEST_INTERLEAVED);
    out->sent = w.sent | (w.marks ? QUIRKS_NO_CACHE_CONTROL : 0);
    if (error || w.failed || buf_error(&out->url) || buf_error(&out->header_text))
        return ERR_NOMEM;
    provider_headers_done(out, count, offsets);
    return 0;
}
