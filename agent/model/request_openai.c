/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/model/request.h"

#include "agent/model/request_extra.h"
#include "agent/model/request_rules.h"
#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"

#include <string.h>

void request_openai_tool(struct buf *json, const struct context_tool *tool, bool last)
{
    (void)last; /* this protocol caches by prefix and has no marks */
    buf_puts(json, "{\"type\":\"function\",\"function\":{\"name\":");
    buf_json_text(json, tool->name);
    if (!utf8_blank(tool->description, strlen(tool->description))) {
        buf_puts(json, ",\"description\":");
        buf_json_text(json, tool->description);
    }
    buf_printf(json, ",\"parameters\":%s}}", tool->schema);
}

struct openai_writer {
    struct provider_http *out;
    struct buf *json; /* its body */
    const struct provider_request *q;
    char maker[PROVIDER_MAKER_SIZE];
    uint64_t flags; /* of the quirks */
    struct abilities abilities;
    uint64_t sent;
    bool any;                 /* a message is written */
    bool results;             /* the last one is a tool's */
    const char *instructions; /* that the first user message begins with, or NULL */
};

static void request_openai_open(struct openai_writer *w, const char *role)
{
    buf_printf(w->json, "%s{\"role\":\"%s\"", w->any ? "," : "", role);
    w->any = true;
    w->results = !strcmp(role, "tool");
}

/* All texts of a message as one; a blank line stands between those that came apart. */
static void request_openai_texts(struct openai_writer *w, const struct request_rules_message *m)
{
    bool any = w->instructions;

    buf_puts(w->json, ",\"content\":\"");
    if (any)
        buf_json_escaped(w->json, w->instructions, strlen(w->instructions));
    w->instructions = NULL;
    for (size_t i = 0; i < m->count; i++) {
        const struct request_rules_part *p = &m->parts[i];
        if (p->kind != REQUEST_RULES_TEXT)
            continue;
        if (any && !p->joined)
            buf_puts(w->json, "\\n\\n");
        any = true;
        buf_json_escaped(w->json, p->text, p->len);
    }
    buf_putc(w->json, '"');
}

static void request_openai_text_part(struct openai_writer *w, const char *text, size_t len)
{
    buf_puts(w->json, "{\"type\":\"text\",\"text\":");
    buf_json_string(w->json, text, len);
    buf_puts(w->json, "},");
}

/* developers.openai.com, "Images and vision", "File inputs" (November 2026). */
static void request_openai_file(struct openai_writer *w, const struct chat_file *f)
{
    bool image = f->kind == MEDIA_IMAGE;

    w->sent |= image ? QUIRKS_NO_IMAGES : QUIRKS_NO_DOCUMENTS;
    if (image) {
        buf_puts(w->json, "{\"type\":\"image_url\",\"image_url\":{\"url\":\"");
    } else {
        buf_puts(w->json, "{\"type\":\"file\",\"file\":{\"filename\":");
        buf_json_text(w->json, *f->name ? f->name : "document.pdf");
        buf_puts(w->json, ",\"file_data\":\"");
    }
    buf_printf(w->json, "data:%s;base64,", f->type);
    request_file(w->out, f);
    buf_puts(w->json, "\"}},");
}

/* A message with files: an array of parts. */
static void request_openai_parts(struct openai_writer *w, const struct request_rules_message *m)
{
    buf_puts(w->json, ",\"content\":[");
    if (w->instructions)
        request_openai_text_part(w, w->instructions, strlen(w->instructions));
    w->instructions = NULL;
    for (size_t i = 0; i < m->count; i++) {
        const struct request_rules_part *p = &m->parts[i];
        if (p->kind == REQUEST_RULES_TEXT)
            request_openai_text_part(w, p->text, p->len);
        else if (p->kind == REQUEST_RULES_FILE)
            request_openai_file(w, p->file);
    }
    w->json->len--; /* the last comma */
    buf_putc(w->json, ']');
}

static size_t request_openai_count(const struct request_rules_message *m,
    enum request_rules_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < m->count; i++)
        count += m->parts[i].kind == kind;
    return count;
}

/* Members that the server itself put there, spliced into the open object. */
static void request_openai_extra(struct openai_writer *w, const jdoc *members)
{
    struct buf text = {0};

    if (jdoc_type(members) != JDOC_OBJECT || !jdoc_length(members))
        return;
    jdoc_write(members, &text);
    if (!buf_error(&text) && text.len > 2) {
        buf_putc(w->json, ',');
        buf_put(w->json, text.data + 1, text.len - 2);
    }
    buf_free(&text);
    w->sent |= QUIRKS_NO_CALL_EXTRA | QUIRKS_NO_THOUGHTS;
}

static void request_openai_call(struct openai_writer *w, const struct request_rules_part *p)
{
    bool take = !w->q->context->no_thoughts && !(w->flags & QUIRKS_NO_CALL_EXTRA);
    jdoc *extra = take ? request_extra_of(p->sealed, w->maker) : NULL;

    buf_puts(w->json, "{\"id\":");
    buf_json_text(w->json, p->id);
    buf_puts(w->json, ",\"type\":\"function\",\"function\":{\"name\":");
    buf_json_text(w->json, p->name);
    buf_puts(w->json, ",\"arguments\":");
    buf_json_string(w->json, p->text, p->len);
    request_openai_extra(w, jdoc_get(extra, "function"));
    buf_putc(w->json, '}');
    request_openai_extra(w, jdoc_get(extra, "call"));
    buf_putc(w->json, '}');
    jdoc_free(extra);
}

/* All thoughts of the message that go back under this field, as its value. Returns whether there
 * are any. */
static bool request_openai_thought(const struct openai_writer *w,
    const struct request_rules_message *m, const char *field, struct buf *json)
{
    bool details = !strcmp(field, PROVIDER_DETAILS), any = false;

    for (size_t i = 0; i < m->count; i++) {
        const struct request_rules_part *p = &m->parts[i];
        const char *items, *own = NULL;
        if (p->kind == REQUEST_RULES_THOUGHT)
            own = request_extra_field(p->sealed, w->maker, &items);
        if (!own || strcmp(own, field))
            continue;
        if (!details)
            buf_json_escaped(json, p->text, p->len);
        any = details ? request_extra_items(items, any, json) || any : true;
    }
    return any;
}

/* On messages with calls: to the server that thought so; on all when it wants that. */
static void request_openai_thoughts(struct openai_writer *w, const struct request_rules_message *m,
    bool calls)
{
    static const struct {
        const char *field, *open, *close;
    } rows[] = {
        {PROVIDER_REASONING_CONTENT, "\"", "\""},
        {PROVIDER_REASONING, "\"", "\""},
        {PROVIDER_DETAILS, "[", "]"},
    };

    if (w->flags & QUIRKS_NO_REASONING || !strcmp(w->q->conf->openai_reasoning_content, "off"))
        return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool wanted = !i && w->flags & QUIRKS_NEED_REASONING;
        struct buf value = {0};
        if ((request_openai_thought(w, m, rows[i].field, &value) && calls) || wanted) {
            w->sent |= QUIRKS_NO_REASONING;
            buf_printf(w->json, ",\"%s\":%s", rows[i].field, rows[i].open);
            buf_put(w->json, buf_text(&value), value.len);
            buf_puts(w->json, rows[i].close);
        }
        buf_free(&value);
    }
}

static void request_openai_null(struct openai_writer *w)
{
    w->sent |= QUIRKS_TEXT_CONTENT;
    buf_puts(w->json, ",\"content\":null");
}

/* Mistral's models want an answer between a tool's result and the user's words. */
static void request_openai_between(struct openai_writer *w)
{
    if (!(w->flags & QUIRKS_ANSWER_RESULTS)) {
        w->sent |= QUIRKS_ANSWER_RESULTS;
        return;
    }
    request_openai_open(w, "assistant");
    buf_puts(w->json, ",\"content\":\"(no answer)\"}");
}

static void request_openai_assistant(struct openai_writer *w, const struct request_rules_message *m)
{
    size_t calls = request_openai_count(m, REQUEST_RULES_CALL), written = 0;

    request_openai_open(w, "assistant");
    if (request_openai_count(m, REQUEST_RULES_TEXT))
        request_openai_texts(w, m);
    else if (w->flags & QUIRKS_TEXT_CONTENT)
        buf_puts(w->json, ",\"content\":\"\"");
    else
        request_openai_null(w);
    request_openai_thoughts(w, m, calls > 0);
    if (calls)
        buf_puts(w->json, ",\"tool_calls\":[");
    for (size_t i = 0; i < m->count; i++) {
        if (m->parts[i].kind != REQUEST_RULES_CALL)
            continue;
        if (written++)
            buf_putc(w->json, ',');
        request_openai_call(w, &m->parts[i]);
    }
    buf_puts(w->json, calls ? "]}" : "}");
}

static void request_openai_user(struct openai_writer *w, const struct request_rules_message *m)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct request_rules_part *p = &m->parts[i];
        if (p->kind != REQUEST_RULES_RESULT)
            continue;
        request_openai_open(w, "tool");
        buf_puts(w->json, ",\"tool_call_id\":");
        buf_json_text(w->json, p->id);
        buf_puts(w->json, ",\"content\":");
        buf_json_string(w->json, p->text, p->len);
        buf_putc(w->json, '}');
    }
    size_t files = request_openai_count(m, REQUEST_RULES_FILE);
    if (!request_openai_count(m, REQUEST_RULES_TEXT) && !files)
        return;
    if (w->results)
        request_openai_between(w);
    request_openai_open(w, "user");
    if (files)
        request_openai_parts(w, m);
    else
        request_openai_texts(w, m);
    buf_putc(w->json, '}');
}

static void request_openai_system(struct openai_writer *w)
{
    const char *system = w->q->context->system;

    if (utf8_blank(system, strlen(system)))
        return;
    if (w->flags & QUIRKS_SYSTEM_AS_USER) { /* such models want no two users in a row either */
        w->instructions = system;
        return;
    }
    request_openai_open(w, "system");
    buf_puts(w->json, ",\"content\":");
    buf_json_text(w->json, system);
    buf_putc(w->json, '}');
    w->sent |= QUIRKS_SYSTEM_AS_USER;
}

static int request_openai_messages(struct openai_writer *w)
{
    struct arena *arena = arena_new();
    struct request_rules rules;
    int error = arena ?
        request_rules_make(w->q->context, w->flags & QUIRKS_SHORT_IDS, arena, &rules) :
        ERR_NOMEM;

    buf_puts(w->json, ",\"messages\":[");
    request_openai_system(w);
    for (size_t i = 0; !error && i < rules.count; i++) {
        if (rules.messages[i].assistant)
            request_openai_assistant(w, &rules.messages[i]);
        else
            request_openai_user(w, &rules.messages[i]);
    }
    buf_putc(w->json, ']');
    if (arena)
        arena_free(arena);
    return error;
}

/* Its own newer models refuse max_tokens, everybody else knows it: abilities.output_field. */
static void request_openai_output(struct openai_writer *w, int64_t output)
{
    static const char *const fields[] = {"max_tokens", "max_completion_tokens"};
    const char *field = w->abilities.output_field;
    bool newer = field && !strcmp(field, fields[1]);

    if (!field || w->flags & QUIRKS_NO_OUTPUT_FIELD)
        return;
    if (w->flags & QUIRKS_OTHER_OUTPUT_FIELD)
        newer = !newer;
    w->sent |=
        w->flags & QUIRKS_OTHER_OUTPUT_FIELD ? QUIRKS_NO_OUTPUT_FIELD : QUIRKS_OTHER_OUTPUT_FIELD;
    buf_printf(w->json, ",\"%s\":%lld", fields[newer], (long long)output);
}

/* Whether a choice other than the model's own was written. */
static bool request_openai_choice(const struct openai_writer *w)
{
    const char *must = request_must_call(w->q);

    if (w->q->no_tools) {
        buf_puts(w->json, ",\"tool_choice\":\"none\"");
    } else if (must && *must) {
        buf_puts(w->json, ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":");
        buf_json_text(w->json, must);
        buf_puts(w->json, "}}");
    } else if (must) {
        buf_puts(w->json, ",\"tool_choice\":\"required\"");
    }
    return w->q->no_tools || must;
}

/* Returns whether tools are told. */
static bool request_openai_tools(struct openai_writer *w, const struct buf *tools)
{
    const struct provider_request *q = w->q;

    if (w->abilities.thinking.no_tools) {
        if (!q->context->frame->instructions) /* a summary needs none */
            log_limited(LOG_LEVEL_ERROR,
                "model openai: %s takes no tools in Chat Completions, so it is told none: put "
                "responses into model.chain, or set another openai.model",
                q->conf->openai_model);
        return false;
    }
    if (!provider_put_tools(&provider_openai, q, tools, false, NULL, w->json))
        return false;
    buf_putc(w->json, ']');
    w->sent |= QUIRKS_NO_TOOLS | ((QUIRKS_SHORT_DESCRIPTIONS | QUIRKS_PLAIN_SCHEMAS) & ~w->flags);
    if (!(w->flags & QUIRKS_NO_TOOL_CHOICE) && request_openai_choice(w))
        w->sent |= QUIRKS_NO_TOOL_CHOICE;
    return true;
}

static int request_openai_body(struct openai_writer *w, const struct buf *tools)
{
    const struct provider_request *q = w->q;
    int64_t output = abilities_output(&w->abilities, q->max_tokens, q->quirks.output_max);
    bool told;
    int error;

    buf_puts(w->json, "{\"model\":");
    buf_json_text(w->json, q->conf->openai_model);
    buf_puts(w->json, ",\"stream\":true");
    if (w->abilities.stream_options && !(w->flags & QUIRKS_NO_STREAM_OPTIONS)) {
        w->sent |= QUIRKS_NO_STREAM_OPTIONS;
        buf_puts(w->json, ",\"stream_options\":{\"include_usage\":true}");
    }
    request_openai_output(w, output);
    if (request_temperature(q, &w->abilities, q->conf->openai_temperature, w->json))
        w->sent |= QUIRKS_NO_TEMPERATURE;
    told = request_openai_tools(w, tools);
    w->sent |= request_thinking(q, &w->abilities, output, told, w->json);
    if ((error = request_openai_messages(w)))
        return error;
    buf_putc(w->json, '}');
    return buf_error(w->json);
}

int request_openai(const struct provider_request *q, const struct buf *tools,
    struct provider_http *out)
{
    const struct conf *conf = q->conf;
    struct openai_writer w = {.out = out, .json = &out->body, .q = q, .flags = q->quirks.flags};
    size_t offsets[PROVIDER_HEADERS_MAX], count = 0;
    struct buf bearer = {0};
    int error;

    abilities_of(conf, provider_openai.name, !(w.flags & QUIRKS_NO_TOOLS), &w.abilities);
    provider_maker(&provider_openai, conf, w.maker);
    request_url(conf->openai_url, "/chat/completions", &out->url);
    provider_header(out, &count, offsets, "Content-Type", "application/json");
    provider_header(out, &count, offsets, "Accept", "text/event-stream");
    if (*conf->openai_key) {
        buf_printf(&bearer, "Bearer %s", conf->openai_key);
        provider_header(out, &count, offsets, "Authorization", buf_text(&bearer));
    }
    error = request_openai_body(&w, tools);
    out->sent = w.sent;
    if (error || buf_error(&out->url) || buf_error(&out->header_text) || buf_error(&bearer))
        error = ERR_NOMEM;
    buf_free(&bearer);
    if (!error)
        provider_headers_done(out, count, offsets);
    return error;
}
