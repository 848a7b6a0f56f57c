#include "agent/context.h"

#include "agent/daytime.h"
#include "agent/model/request_extra.h"
#include "agent/model/request_rules.h"
#include "agent/offer.h"
#include "agent/prompt.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "tools/engine/tools.h"
#include "tools/remote/foreign_schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_OVERHEAD 8 /* tokens that a message costs beside its text */
#define CONTEXT_VALUE_MAX 2000
#define STORED_MAX 4000
#define SYSTEM_PROMPT_MAX (1 << 20)

static struct buf system_file;

int context_prepare(const struct conf *conf)
{
    FILE *f;
    char block[4096];
    size_t n;

    buf_reset(&system_file);
    if (!*conf->system_prompt_file)
        return 0;
    if (!(f = fopen(conf->system_prompt_file, "re"))) {
        log_error("system prompt %s: %s", conf->system_prompt_file, strerror(errno));
        return ERR_IO;
    }
    system_file.max = SYSTEM_PROMPT_MAX;
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        buf_put(&system_file, block, n);
    int error = ferror(f) ? ERR_IO : buf_error(&system_file);
    fclose(f);
    return error;
}

const char *context_system(void)
{
    return system_file.len ? buf_text(&system_file) : prompt_builtin;
}

size_t context_tokens(size_t bytes)
{
    return (bytes * 5 + 17) / 18; /* bytes / 4, and a tenth as margin */
}

/* ---- the late block ---- */

static void late_text(struct buf *b, const char *label, const char *value)
{
    if (value && *value)
        buf_printf(b, "%s: %.*s\n", label, STORED_MAX, value);
}

static void late_location(struct buf *b, const jdoc *location)
{
    double lat, lng;
    const char *parts[] = {"address", "city", "region"};
    bool any = false;

    for (size_t i = 0; i < 3; i++) {
        const char *text = jdoc_text_or(location, parts[i], "");
        if (*text) {
            buf_printf(b, "%s%.200s", any ? ", " : "User's place: ", text);
            any = true;
        }
    }
    if (!jdoc_get_double(location, "lat", &lat) && !jdoc_get_double(location, "lng", &lng)) {
        buf_printf(b, any ? " (latitude %.4f, longitude %.4f)" : "User's place: latitude %.4f, "
            "longitude %.4f", lat, lng);
        any = true;
    }
    if (any)
        buf_putc(b, '\n');
}

static void late_client(struct buf *b, const struct input *in)
{
    struct jdoc_iter it = {0};
    const char *key;
    jdoc *value;

    while (jdoc_type(in->context) == JDOC_OBJECT && jdoc_next(in->context, &it, &key, &value)) {
        if (!strcmp(key, "user_location")) {
            late_location(b, value);
            continue;
        }
        if (!strcmp(key, "timezone") || jdoc_type(value) == JDOC_NULL)
            continue;
        struct buf text = {.max = CONTEXT_VALUE_MAX};
        jdoc_write(value, &text);
        if (!buf_error(&text))
            buf_printf(b, "%.64s: %s\n", key, buf_text(&text));
        buf_free(&text);
    }
    const jdoc *list = jdoc_get(in->agui, "context");
    for (size_t i = 0; jdoc_type(list) == JDOC_ARRAY && i < jdoc_length(list); i++) {
        const jdoc *item = jdoc_at(list, i);
        const char *what = jdoc_text_or(item, "description", "");
        char label[201];
        snprintf(label, sizeof label, "%.200s", *what ? what : "context");
        late_text(b, label, jdoc_text_or(item, "value", ""));
    }
}

static const char *late_block(const struct context_frame *f, struct arena *arena)
{
    struct buf b = {.max = 64 * 1024};
    struct daytime t;
    char *text;

    (void)daytime_local(f->now_ms, f->zone, &t);
    buf_puts(&b, "<situation>\n");
    buf_printf(&b, "Now: %s %04d-%02d-%02d %02d:%02d, zone %s (UTC%+03d:%02d)\n",
        daytime_weekday(t.weekday), t.year, t.month, t.day, t.hour, t.minute, f->zone,
        t.offset_minutes / 60, abs(t.offset_minutes % 60));
    late_text(&b, "Locale", f->input->locale);
    late_text(&b, "Currency", f->currency);
    if (f->stored && strcmp(f->stored, "{}") && strlen(f->stored) <= STORED_MAX)
        late_text(&b, "Stored about the user", f->stored);
    late_client(&b, f->input);
    buf_puts(&b, "</situation>");
    if (buf_error(&b)) { /* too large: what the application added is left out */
        buf_reset(&b);
        buf_printf(&b, "<situation>\nNow: %04d-%02d-%02d %02d:%02d, zone %s\n</situation>", t.year,
            t.month, t.day, t.hour, t.minute, f->zone);
    }
    text = arena_memdup(arena, buf_text(&b), b.len);
    buf_free(&b);
    return text;
}

/* ---- the client's tools ---- */

static bool name_is_free(const struct context_frame *f, const char *name)
{
    return !tools_find(name) && !context_client_tool(f, name);
}

/* In the letters of the vendors, at most 64, and like no other: a number goes behind it. */
static const char *name_for_model(const struct context_frame *f, const char *own,
    struct arena *arena)
{
    const char *good = request_rules_name(own, arena), *name = good;
    int digits = 0;

    for (unsigned n = 2; name && !name_is_free(f, name); n++) {
        for (unsigned rest = n, count = digits = 0; rest; rest /= 10)
            digits = (int)++count;
        name = arena_printf(arena, "%.*s_%u", REQUEST_RULES_NAME_MAX - 1 - digits, good, n);
    }
    return name;
}

/* Vendors refuse some names of arguments: these are told in words, and may be given all the same. */
static int tell_bad_names(jdoc *schema, struct buf *description)
{
    jdoc *properties = jdoc_get(schema, "properties");
    const char *bad;

    while ((bad = foreign_schema_bad_name(schema))) {
        buf_puts(description, " It also takes the argument ");
        buf_json_string(description, bad, strlen(bad));
        buf_puts(description, ", by this JSON Schema: ");
        jdoc_write(jdoc_get(properties, bad), description);
        buf_putc(description, '.');
        jdoc_remove(schema, "required");
        jdoc_remove(properties, bad);
    }
    return buf_error(description);
}

static int client_tool(struct context_frame *f, const jdoc *tool, struct arena *arena,
    struct context_tool *out)
{
    const char *own = jdoc_text_or(tool, "name", "");
    jdoc *schema = foreign_schema_model(jdoc_get(tool, "parameters"));
    struct buf text = {0}, description = {0};
    int error = schema ? 0 : ERR_NOMEM;

    buf_puts(&description, jdoc_text_or(tool, "description", ""));
    if (!error)
        error = tell_bad_names(schema, &description);
    if (!error) {
        jdoc_write(schema, &text);
        out->name = name_for_model(f, own, arena);
        out->description = arena_memdup(arena, buf_text(&description), description.len);
        out->schema = buf_error(&text) ? NULL : arena_memdup(arena, buf_text(&text), text.len);
        out->own = NULL;
        if (!out->name || !out->description || !out->schema
            || (strcmp(out->name, own) && !(out->own = arena_strdup(arena, own))))
            error = ERR_NOMEM;
    }
    f->client_tool_tokens += context_tokens(text.len + description.len + strlen(own));
    buf_free(&description);
    buf_free(&text);
    jdoc_free(schema);
    return error;
}

/* How many and how large they may be was said when they came (fcgi-app/submit.c). */
static int client_tools(struct context_frame *f, struct arena *arena)
{
    const jdoc *list = jdoc_get(f->input->agui, "tools");
    size_t count = jdoc_type(list) == JDOC_ARRAY ? jdoc_length(list) : 0;
    struct context_tool *tools = arena_array(arena, count ? count : 1, sizeof *tools);

    if (!tools)
        return ERR_NOMEM;
    f->client_tools = tools;
    for (size_t i = 0; i < count; i++) {
        int error;
        const jdoc *tool = jdoc_at(list, i);
        if (jdoc_type(tool) != JDOC_OBJECT || !*jdoc_text_or(tool, "name", ""))
            continue; /* submit.c lets none of these in */
        if ((error = client_tool(f, tool, arena, &tools[f->client_tool_count])))
            return error;
        f->client_tool_count++;
    }
    return 0;
}

/* The request's zone, its context's, the one stored about the user, the site's. */
static char *pick_zone(const struct context_frame *f, struct arena *arena)
{
    const char *named = jdoc_text_or(f->input->context, "timezone", "");
    const char *site = daytime_zone_valid(f->conf->default_zone) ? f->conf->default_zone : "UTC";
    jdoc *stored = NULL;
    char *zone;

    if (f->input->zone && *f->input->zone && daytime_zone_valid(f->input->zone))
        return arena_strdup(arena, f->input->zone);
    if (*named && daytime_zone_valid(named))
        return arena_strdup(arena, named);
    if (f->stored && !jdoc_parse(f->stored, strlen(f->stored), &stored, NULL, 0))
        named = jdoc_text_or(stored, "timezone", "");
    else
        named = "";
    zone = arena_strdup(arena, *named && daytime_zone_valid(named) ? named : site);
    jdoc_free(stored);
    return zone;
}

int context_frame_init(struct context_frame *f, const struct conf *conf, const struct input *input,
    const char *stored, int64_t now_ms, struct arena *arena)
{
    *f = (struct context_frame){.conf = conf, .input = input, .stored = stored, .now_ms = now_ms};
    f->zone = pick_zone(f, arena);
    f->currency = conf->default_currency;
    if (!f->zone)
        return ERR_NOMEM;
    f->late = late_block(f, arena);
    if (!f->late)
        return ERR_NOMEM;
    return client_tools(f, arena);
}

const struct context_tool *context_client_tool(const struct context_frame *f, const char *name)
{
    for (size_t i = 0; i < f->client_tool_count; i++)
        if (!strcmp(f->client_tools[i].name, name))
            return &f->client_tools[i];
    return NULL;
}

const struct context_tool *context_called_tool(const struct context_frame *f, const char *name)
{
    const struct context_tool *tool = context_client_tool(f, name);

    if (tool || tools_find(name))
        return tool;
    for (size_t i = 0; i < f->client_tool_count; i++)
        if (f->client_tools[i].own && !strcmp(f->client_tools[i].own, name))
            return &f->client_tools[i];
    return NULL;
}

/* ---- the part of the conversation that is shown ---- */

/* A unit goes or stays as a whole: a message, or calls with their results. */
struct unit {
    size_t first, count; /* in the repaired list */
    size_t tokens;
};

static size_t message_tokens(const struct chat_message *m)
{
    size_t bytes = m->len;
    for (size_t i = 0; i < m->call_count; i++)
        bytes += m->calls[i].args_len + strlen(m->calls[i].name) + 64;
    if (m->sealed)
        bytes += strlen(m->sealed);
    return context_tokens(bytes) + MESSAGE_OVERHEAD;
}

static bool calls_it(const struct chat_message *m, const char *id)
{
    for (size_t i = 0; i < m->call_count; i++)
        if (!strcmp(m->calls[i].id, id))
            return true;
    return false;
}

/* Not beyond the next call of that id: its result is another one's. */
static const struct chat_message *find_result(const struct chat *c, size_t from, const char *id)
{
    for (size_t i = from; i < c->count && !calls_it(&c->items[i], id); i++)
        if (c->items[i].role == CHAT_TOOL && !strcmp(c->items[i].call_id, id))
            return &c->items[i];
    return NULL;
}

static int put_results(const struct chat *in, size_t at, struct chat *out)
{
    static const char lost[] = "{\"success\":false,\"message\":\"No result of this call was "
        "recorded. It may or may not have run.\",\"error\":{\"code\":\"unknown_outcome\"}}";
    const struct chat_message *m = &in->items[at];
    int error = 0;

    for (size_t k = 0; k < m->call_count && !error; k++) {
        const struct chat_message *found = find_result(in, at + 1, m->calls[k].id);
        struct chat_message none = {.role = CHAT_TOOL, .id = "", .call_id = m->calls[k].id,
            .failed = true, .text = lost, .len = sizeof lost - 1};
        error = chat_add(out, found ? found : &none);
    }
    return error;
}

static size_t last_user(const struct chat *c)
{
    for (size_t i = c->count; i-- > 0;)
        if (c->items[i].role == CHAT_USER)
            return i;
    return SIZE_MAX;
}

/* Some servers want the thoughts of every step with calls back: for the others they are left out. */
static bool is_kept_thought(const struct chat *in, size_t at)
{
    size_t next = at + 1;

    while (next < in->count && in->items[next].role == CHAT_REASONING)
        next++;
    return request_extra_is_kept(in->items[at].sealed) && next < in->count
        && in->items[next].role == CHAT_ASSISTANT && in->items[next].call_count;
}

/* Every call directly before its results; lone results, and thoughts of earlier turns, away. */
static int repair(const struct chat *in, bool keep_thoughts, struct chat *out, struct unit *units,
    size_t *unit_count)
{
    size_t user = keep_thoughts ? 0 : last_user(in);

    for (size_t i = 0; i < in->count; i++) {
        const struct chat_message *m = &in->items[i];
        size_t first = out->count;
        int error;
        if (m->role == CHAT_TOOL || (m->role == CHAT_REASONING && user != SIZE_MAX && i < user
                && !is_kept_thought(in, i)))
            continue;
        if (m->role == CHAT_ASSISTANT && !m->len && !m->call_count)
            continue;
        if ((error = chat_add(out, m)) || (error = put_results(in, i, out)))
            return error;
        struct unit *u = &units[*unit_count];
        *u = (struct unit){first, out->count - first, 0};
        for (size_t k = first; k < out->count; k++)
            u->tokens += message_tokens(&out->items[k]);
        ++*unit_count;
    }
    return 0;
}

/* quiet: nothing of them is quoted, a model may have refused the request for it. */
static const char *drop_note(const struct chat *c, size_t count, bool quiet, struct arena *arena)
{
    struct buf b = {0};
    size_t topics = 0;
    char *text;

    buf_printf(&b, "[Note from the application: %zu earlier messages of this conversation were left "
        "out to save room.", count);
    for (size_t i = count; i-- > 0 && topics < 6 && !quiet;) {
        const struct chat_message *m = &c->items[i];
        size_t n = m->len < 80 ? m->len : 80;
        if (m->role != CHAT_USER || !n)
            continue;
        while (n < m->len && n > 0 && ((unsigned char)m->text[n] & 0xC0) == 0x80)
            n--;
        buf_puts(&b, topics++ ? "; \"" : " In them the user wrote, latest first: \"");
        buf_put(&b, m->text, n);
        buf_puts(&b, n < m->len ? "...\"" : "\"");
    }
    buf_puts(&b, "]");
    text = buf_error(&b) ? NULL : arena_memdup(arena, buf_text(&b), b.len);
    buf_free(&b);
    return text;
}

/* The last resort: what follows the last user message is too large by itself. */
static void shrink_results(struct chat *c, size_t from, size_t *tokens, size_t budget)
{
    static const char gone[] = "[This result was left out to save room. Call the tool again if it "
        "is still needed.]";

    for (size_t i = from; i < c->count && *tokens > budget; i++) {
        struct chat_message *m = &c->items[i];
        size_t before = message_tokens(m);
        if (m->role != CHAT_TOOL || m->len <= 4 * sizeof gone)
            continue;
        m->text = gone;
        m->len = sizeof gone - 1;
        *tokens -= before - message_tokens(m);
    }
}

static size_t choose_first(const struct unit *units, size_t count, size_t keep_from, size_t *tokens,
    size_t budget)
{
    size_t first = 0;

    *tokens = 0;
    for (size_t i = 0; i < count; i++)
        *tokens += units[i].tokens;
    while (first < keep_from && *tokens > budget)
        *tokens -= units[first++].tokens;
    return first;
}

static int assemble(struct chat *whole, size_t first_item, struct arena *arena, struct context *out)
{
    struct chat_message note = {.role = CHAT_USER, .id = "note"};
    struct chat shown;
    int error;

    chat_init(&shown, arena);
    out->dropped = first_item;
    if (first_item || (whole->count && whole->items[0].role != CHAT_USER)) {
        note.text = first_item ? drop_note(whole, first_item, out->reduced, arena)
                               : "[The conversation starts with the assistant.]";
        if (!note.text)
            return ERR_NOMEM;
        note.len = strlen(note.text);
        if ((error = chat_add(&shown, &note)))
            return error;
    }
    for (size_t i = first_item; i < whole->count; i++)
        if ((error = chat_add(&shown, &whole->items[i])))
            return error;
    out->items = shown.items;
    out->count = shown.count;
    out->late_at = SIZE_MAX;
    for (size_t i = shown.count; i-- > 0 && out->late_at == SIZE_MAX;)
        if (shown.items[i].role == CHAT_USER)
            out->late_at = i;
    return 0;
}

/* Tokens that the messages may have. */
static size_t message_budget(const struct context_frame *frame, const struct context_limits *limits,
    const struct context *out)
{
    size_t budget = (size_t)frame->conf->model_context_tokens;
    size_t tools = limits->reduced ? 0 : frame->client_tool_tokens;

    budget -= tools < budget / 4 * 3 ? tools : budget / 4 * 3;
    if (limits->room > 0) {
        size_t room = (size_t)limits->room, taken = limits->overhead + tools;
        for (size_t i = 0; i < out->found_count; i++)
            taken += context_tokens(strlen(out->found[i].schema)
                + strlen(out->found[i].description));
        room = room > taken ? room - taken : 1;
        budget = room < budget ? room : budget;
    }
    return limits->tokens && limits->tokens < budget ? limits->tokens : budget;
}

int context_build(const struct context_frame *frame, const struct chat *chat,
    const struct context_limits *limits, struct arena *arena, struct context *out)
{
    static const struct context_limits none;
    struct unit *units = arena_array(arena, chat->count + 1, sizeof *units);
    struct chat whole;
    size_t unit_count = 0, keep_from = 0, first, item, budget;
    int error;

    limits = limits ? limits : &none;
    *out = (struct context){.frame = frame, .system = context_system(), .late_at = SIZE_MAX,
        .reduced = limits->reduced, .no_thoughts = limits->reduced || limits->no_thoughts};
    chat_init(&whole, arena);
    if (!units)
        return ERR_NOMEM;
    if (!limits->reduced && (error = offer_build(chat, arena, &out->found, &out->found_count)))
        return error;
    if ((error = repair(chat, limits->keep_thoughts, &whole, units, &unit_count)))
        return error;
    for (size_t i = 0; i < unit_count; i++)
        if (whole.items[units[i].first].role == CHAT_USER)
            keep_from = i;
    budget = message_budget(frame, limits, out);
    first = choose_first(units, unit_count, keep_from, &out->tokens, limits->reduced ? 0 : budget);
    item = unit_count ? units[first].first : 0;
    if (out->tokens > budget)
        shrink_results(&whole, item, &out->tokens, budget);
    return assemble(&whole, item, arena, out);
}
