/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/context.h"

#include "agent/context_files.h"
#include "agent/model/request_extra.h"
#include "agent/offer.h"
#include "agent/shorten.h"
#include "base/err.h"
#include "base/utf8.h"

#include <string.h>

#define MESSAGE_OVERHEAD 8 /* tokens that a message costs beside its text */

/* A unit goes or stays as a whole: a message, or calls with their results. */
struct context_unit {
    size_t first, count; /* in the repaired list */
    size_t tokens;
};

size_t context_message_tokens(const struct chat_message *m)
{
    size_t bytes = m->len;
    for (size_t i = 0; i < m->call_count; i++)
        bytes += m->calls[i].args_len + strlen(m->calls[i].name) + 64;
    if (m->sealed)
        bytes += strlen(m->sealed);
    return context_tokens(bytes) + MESSAGE_OVERHEAD;
}

static bool context_build_calls_it(const struct chat_message *m, const char *id)
{
    for (size_t i = 0; i < m->call_count; i++)
        if (!strcmp(m->calls[i].id, id))
            return true;
    return false;
}

/* Not beyond the next call of that id: its result is another one's. */
size_t context_result_at(const struct chat *c, size_t from, const char *id)
{
    for (size_t i = from; i < c->count && !context_build_calls_it(&c->items[i], id); i++)
        if (c->items[i].role == CHAT_TOOL && !strcmp(c->items[i].call_id, id))
            return i;
    return c->count;
}

static int context_build_put_results(const struct chat *in, size_t at, size_t shown,
    struct chat *out)
{
    static const char lost[] =
        "{\"success\":false,\"message\":\"No result of this call was "
        "recorded. It may or may not have run.\",\"error\":{\"code\":\"unknown_outcome\"}}";
    const struct chat_message *m = &in->items[at];
    int error = 0;

    for (size_t k = 0; k < m->call_count && !error; k++) {
        size_t found = context_result_at(in, at + 1, m->calls[k].id);
        struct chat_message none = {.role = CHAT_TOOL,
            .id = "",
            .call_id = m->calls[k].id,
            .failed = true,
            .text = lost,
            .len = sizeof lost - 1};
        error = chat_add(out, found < in->count ? &in->items[found] : &none);
        if (!error)
            error = shorten_result(&out->items[out->count - 1], shown, in->arena);
    }
    return error;
}

static size_t context_build_last_user(const struct chat *c)
{
    for (size_t i = c->count; i-- > 0;)
        if (c->items[i].role == CHAT_USER)
            return i;
    return SIZE_MAX;
}

/* Some servers want the thoughts of every step with calls back: for the others they are left
 * out. */
static bool context_build_keeps(const struct chat *in, size_t at)
{
    size_t next = at + 1;

    while (next < in->count && in->items[next].role == CHAT_REASONING)
        next++;
    return request_extra_is_kept(in->items[at].sealed) && next < in->count &&
        in->items[next].role == CHAT_ASSISTANT && in->items[next].call_count;
}

/* Every call directly before its results; lone results, thoughts of earlier turns, and what a
 * summary tells, away. */
static int context_build_repair(const struct chat *in, const struct context_limits *limits,
    size_t shown, struct chat *out, struct context_unit *units, size_t *unit_count)
{
    size_t user = limits->keep_thoughts ? 0 : context_build_last_user(in);

    for (size_t i = 0; i < in->count; i++) {
        const struct chat_message *m = &in->items[i];
        size_t first = out->count;
        int error;
        if (i < in->covered && m->role != CHAT_SYSTEM) /* the application's words stay in force */
            continue;
        if (m->role == CHAT_TOOL || (m->role == CHAT_REASONING && i < limits->thoughts_from) ||
            (m->role == CHAT_REASONING && user != SIZE_MAX && i < user &&
                !context_build_keeps(in, i)))
            continue;
        if (m->role == CHAT_ASSISTANT && !m->len && !m->call_count)
            continue;
        if ((error = chat_add(out, m)) || (error = context_build_put_results(in, i, shown, out)))
            return error;
        struct context_unit *u = &units[*unit_count];
        *u = (struct context_unit){first, out->count - first, 0};
        for (size_t k = first; k < out->count; k++)
            u->tokens += context_message_tokens(&out->items[k]);
        ++*unit_count;
    }
    return 0;
}

static void context_build_count_files(const struct chat *whole, struct context_unit *units,
    size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = units[i].first; k < units[i].first + units[i].count; k++)
            units[i].tokens += context_files_tokens(&whole->items[k]);
}

/* count: those of the chat that it may quote. quiet: none, a model may have refused the request for
 * it. */
static const char *context_build_note(const struct chat *c, size_t count, size_t dropped,
    bool quiet)
{
    struct arena *arena = c->arena;
    struct buf b = {0};
    size_t topics = 0;
    char *text;

    buf_printf(&b,
        "[Note from the application: %zu earlier messages of this conversation were left "
        "out to save room.",
        dropped);
    for (size_t i = count; i-- > 0 && topics < 6 && !quiet;) {
        const struct chat_message *m = &c->items[i];
        size_t n = m->len <= 80 ? m->len : utf8_cut(m->text, 80);
        if (m->role != CHAT_USER || !n)
            continue;
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
static void context_build_shrink(struct chat *c, size_t from, size_t *tokens, size_t budget)
{
    static const char gone[] = "[This result was left out to save room. Call the tool again if it "
                               "is still needed.]";

    for (size_t i = from; i < c->count && budget < *tokens; i++) {
        struct chat_message *m = &c->items[i];
        size_t before = context_message_tokens(m);
        if (m->role != CHAT_TOOL || m->len <= 4 * sizeof gone)
            continue;
        m->text = gone;
        m->len = sizeof gone - 1;
        *tokens -= before - context_message_tokens(m);
    }
}

static size_t context_build_first(const struct context_unit *units, size_t count, size_t keep_from,
    size_t *tokens, size_t budget)
{
    size_t first = 0;

    for (size_t i = 0; i < count; i++)
        *tokens += units[i].tokens;
    while (first < keep_from && budget < *tokens)
        *tokens -= units[first++].tokens;
    return first;
}

/* summary: of what stood before `whole`, or NULL. */
static int context_build_assemble(const struct chat *whole, size_t first_item, const char *summary,
    struct context *out)
{
    struct chat_message note = {.role = CHAT_USER, .id = "note"};
    struct chat shown;
    int error;

    chat_init(&shown, whole->arena);
    out->dropped += first_item;
    if (summary &&
        (error = chat_add(&shown,
             &(struct chat_message){.role = CHAT_USER,
                 .id = "summary",
                 .text = summary,
                 .len = strlen(summary)})))
        return error;
    if (out->dropped || (!summary && whole->count && whole->items[0].role != CHAT_USER)) {
        note.text = out->dropped ?
            context_build_note(whole, first_item, out->dropped, out->reduced) :
            "[The conversation starts with the assistant.]";
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
static size_t context_build_budget(const struct context_frame *frame,
    const struct context_limits *limits, const struct context *out)
{
    size_t budget = (size_t)frame->conf->model_context_tokens;
    size_t tools = limits->reduced ? 0 : frame->client_tool_tokens;

    budget -= tools < budget / 4 * 3 ? tools : budget / 4 * 3;
    if (limits->room > 0) {
        size_t room = (size_t)limits->room, taken = limits->overhead + tools;
        for (size_t i = 0; i < out->found_count; i++)
            taken +=
                context_tokens(strlen(out->found[i].schema) + strlen(out->found[i].description));
        room = room > taken ? room - taken : 1;
        budget = room < budget ? room : budget;
    }
    return limits->tokens && limits->tokens < budget ? limits->tokens : budget;
}

/* The chat's summary, when there is room for it and nothing speaks against it; counted. */
static const char *context_build_summary(const struct chat *chat,
    const struct context_limits *limits, struct context *out)
{
    size_t tokens = chat->summary ? context_tokens(strlen(chat->summary)) + MESSAGE_OVERHEAD : 0;

    if (!tokens || limits->reduced || tokens > out->budget / 2) {
        out->dropped = chat->covered;
        return NULL;
    }
    out->tokens = tokens;
    return chat->summary;
}

int context_build(const struct context_frame *frame, const struct chat *chat,
    const struct context_limits *limits, struct arena *arena, struct context *out)
{
    static const struct context_limits none;
    struct context_unit *units = arena_array(arena, chat->count + 1, sizeof *units);
    struct chat whole;
    size_t unit_count = 0, keep_from = 0, first, item;
    const char *summary;
    int error;

    limits = limits ? limits : &none;
    *out = (struct context){.frame = frame,
        .system = frame->instructions ? frame->instructions : context_system(),
        .late_at = SIZE_MAX,
        .reduced = limits->reduced,
        .no_thoughts = limits->reduced || limits->no_thoughts};
    chat_init(&whole, arena);
    if (!units)
        return ERR_NOMEM;
    if (!limits->reduced &&
        (error = offer_build(frame->conf, frame->memory, chat, arena, &out->found,
             &out->found_count)))
        return error;
    if ((error = context_build_repair(chat, limits, (size_t)frame->conf->tool_result_shown, &whole,
             units, &unit_count)))
        return error;
    for (size_t i = 0; i < unit_count; i++)
        if (whole.items[units[i].first].role == CHAT_USER)
            keep_from = i;
    out->budget = context_build_budget(frame, limits, out);
    out->room = limits->room > 0 ? (size_t)limits->room : out->budget + limits->overhead;
    if ((error = context_files_choose(&whole, limits->reduced || limits->no_files, out->budget)))
        return error;
    context_build_count_files(&whole, units, unit_count);
    summary = context_build_summary(chat, limits, out);
    first = context_build_first(units, unit_count, keep_from, &out->tokens,
        limits->reduced ? 0 : out->budget);
    item = unit_count ? units[first].first : 0;
    if (out->tokens > out->budget)
        context_build_shrink(&whole, item, &out->tokens, out->budget);
    return context_build_assemble(&whole, item, summary, out);
}

bool context_is_short(const struct context *c)
{
    return c->dropped > 0 || c->count >= CONTEXT_MANY;
}
