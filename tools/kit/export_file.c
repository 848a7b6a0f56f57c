/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/export_file.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/utf8.h"
#include "store/feeds.h"
#include "store/inbox.h"
#include "store/pushes.h"
#include "store/records.h"
#include "store/sessions.h"
#include "store/userdata.h"
#include "tools/kit/amount.h"
#include "tools/kit/subscription.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define EVER (INT64_C(1) << 52)
#define SESSIONS_PAGE 100
#define MESSAGES_PAGE 50 /* they may be long */
#define BRANCHES_PAGE 1  /* each may be a whole conversation */
#define INBOX_PAGE 100

/* --- CSV --- */

/* What a spreadsheet passes over, or does not show, before it looks whether a cell is a formula. */
static bool export_file_is_unseen(unsigned code)
{
    static const struct {
        unsigned first, last;
    } ranges[] = {{0x01, 0x20}, {0x7F, 0xA0}, {0xAD, 0xAD}, {0x34F, 0x34F}, {0x61C, 0x61C},
        {0x115F, 0x1160}, {0x1680, 0x1680}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x2000, 0x200F},
        {0x2028, 0x202F}, {0x205F, 0x206F}, {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},
        {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* = + - @, their small and full-width forms. */
static bool export_file_is_sign(unsigned code)
{
    static const unsigned signs[] = {'=', '+', '-', '@', 0xFE62, 0xFE63, 0xFE66, 0xFE6B, 0xFF0B,
        0xFF0D, 0xFF1D, 0xFF20};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (code == signs[i])
            return true;
    return false;
}

/* The code point of the next character, one byte when it is none; moves behind it. */
static unsigned export_file_next_code(const char **text)
{
    const unsigned char *s = (const unsigned char *)*text;
    size_t len = utf8_sequence(*text, strlen(*text), NULL);
    *text += len > 0 ? len : 1;
    switch (len) {
    case 2:
        return (s[0] & 0x1Fu) << 6 | (s[1] & 0x3Fu);
    case 3:
        return (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
    case 4:
        return (s[0] & 0x07u) << 18 | (s[1] & 0x3Fu) << 12 | (s[2] & 0x3Fu) << 6 | (s[3] & 0x3Fu);
    default:
        return s[0];
    }
}

/* "-5", "+3.20": a number is none. */
static bool export_file_is_number(const char *text)
{
    text += *text == '-' || *text == '+';
    size_t whole = strspn(text, "0123456789");
    if (whole == 0)
        return false;
    text += whole;
    if (*text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    return *text == '\0';
}

static bool export_file_is_formula(const char *text)
{
    if (export_file_is_number(text))
        return false;
    if (text[0] != '\0' && strchr("\t\r\n", text[0]))
        return true;
    while (*text != '\0') {
        unsigned code = export_file_next_code(&text);
        if (!export_file_is_unseen(code))
            return export_file_is_sign(code);
    }
    return false;
}

void export_file_text(struct buf *out, const char *text, const char *end)
{
    buf_putc(out, '"');
    if (export_file_is_formula(text))
        buf_putc(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            buf_putc(out, '"');
        buf_putc(out, *text);
    }
    buf_puts(out, "\"");
    buf_puts(out, end);
}

void export_file_expense_names(struct buf *out)
{
    buf_puts(out, "date,category,amount,currency,description,location\r\n");
}

void export_file_expense(struct buf *out, const jdoc *e)
{
    const char *currency = jdoc_text_or(e, "currency", "");
    double amount = jdoc_double_or(e, "amount", 0);
    buf_printf(out, "%s,%s,%.*f,%s,", jdoc_text_or(e, "date", ""), jdoc_text_or(e, "category", ""),
        amount_decimals(currency), amount, currency);
    export_file_text(out, jdoc_text_or(e, "description", ""), ",");
    export_file_text(out, jdoc_text_or(e, "location", ""), "\r\n");
}

/* --- pages of records --- */

struct pages {
    struct store *store;
    const char *uid;
    struct buf *out;
    export_file_flush *flush;
    void *arg;
    int64_t count;
};
typedef int put_fn(struct pages *p, const char *json);

static int export_file_each(struct pages *p, const char *family, int64_t from_ms, int64_t to_ms,
    put_fn *put)
{
    struct records_list page = {.more = true};
    int error = 0;
    p->count = 0;
    for (size_t offset = 0; error == 0 && page.more; offset += EXPORT_FILE_PAGE) {
        struct arena *arena = arena_new();
        if (!arena)
            return ERR_NOMEM;
        error = records_range(p->store, p->uid,
            &(struct records_page){.family = family,
                .from = from_ms,
                .to = to_ms,
                .offset = offset,
                .max = EXPORT_FILE_PAGE},
            arena, &page);
        for (size_t i = 0; error == 0 && i < page.count; i++) {
            error = put(p, page.json[i]);
            p->count++;
            if (error == 0)
                error = p->flush(p->arg, p->out);
        }
        arena_free(arena);
    }
    return error;
}

static int export_file_put_expense(struct pages *p, const char *json)
{
    jdoc *expense = NULL;
    int error = jdoc_parse(json, strlen(json), &expense, NULL, 0);
    if (error == 0)
        export_file_expense(p->out, expense);
    jdoc_free(expense);
    return error == ERR_NOMEM ? error : error == 0 ? 0 : ERR_INTERNAL;
}

int export_file_expenses(struct store *s, const struct export_file_period *period, struct buf *out,
    export_file_flush *flush, void *arg)
{
    struct pages p = {.store = s, .uid = period->uid, .out = out, .flush = flush, .arg = arg};
    export_file_expense_names(out);
    return export_file_each(&p, "expense", period->from_ms, period->to_ms, export_file_put_expense);
}

/* --- GPX --- */

/* U+FFFE and U+FFFF, which XML cannot hold; as UTF-8 they differ in the last byte. */
static bool export_file_is_no_character(const char *text)
{
    return strncmp(text, "\xEF\xBF\xBE", 3) == 0 || strncmp(text, "\xEF\xBF\xBF", 3) == 0;
}

static void export_file_put_xml(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (export_file_is_no_character(text)) {
            buf_putc(out, ' ');
            text += 2;
        } else if (c == '&')
            buf_puts(out, "&amp;");
        else if (c == '<')
            buf_puts(out, "&lt;");
        else if (c == '>')
            buf_puts(out, "&gt;");
        else
            buf_putc(out, c < ' ' || c == 0x7F ? ' ' : *text);
    }
}

static bool export_file_put_point(struct buf *out, const char *element, const jdoc *place)
{
    double latitude, longitude;
    if (jdoc_get_double(place, "latitude", &latitude) != 0 ||
        jdoc_get_double(place, "longitude", &longitude) != 0 || !(latitude >= -90) ||
        !(latitude <= 90) || !(longitude >= -180) || !(longitude <= 180))
        return false;
    if (longitude == 180)
        longitude = -180;
    buf_printf(out, "<%s lat=\"%.6f\" lon=\"%.6f\"><name>", element, latitude, longitude);
    export_file_put_xml(out, jdoc_text_or(place, "name", ""));
    buf_printf(out, "</name></%s>\n", element);
    return true;
}

static size_t export_file_put_points(struct buf *out, const char *element, const jdoc *trip)
{
    const jdoc *between = jdoc_get(trip, "waypoints");
    size_t count = export_file_put_point(out, element, jdoc_get(trip, "origin"));
    for (size_t i = 0; i < jdoc_length(between); i++)
        count += export_file_put_point(out, element, jdoc_at(between, i));
    return count + export_file_put_point(out, element, jdoc_get(trip, "destination"));
}

static void export_file_put_name(struct buf *out, const jdoc *trip)
{
    buf_puts(out, "<name>");
    export_file_put_xml(out, jdoc_text_or(jdoc_get(trip, "origin"), "name", "?"));
    buf_puts(out, " - ");
    export_file_put_xml(out, jdoc_text_or(jdoc_get(trip, "destination"), "name", "?"));
    buf_puts(out, "</name>");
}

int export_file_trip(const jdoc *trip, struct buf *out)
{
    buf_puts(out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<gpx version=\"1.1\" creator=\"Turnpike\" xmlns=\"http://www.topografix.com/GPX/1/1\">\n"
        "<metadata>");
    export_file_put_name(out, trip);
    buf_printf(out, "<time>%s</time></metadata>\n",
        jdoc_text_or(trip, "created_at", "1970-01-01T00:00:00Z"));
    size_t count = export_file_put_points(out, "wpt", trip);
    buf_puts(out, "<rte>");
    export_file_put_name(out, trip);
    buf_puts(out, "\n");
    export_file_put_points(out, "rtept", trip);
    buf_puts(out, "</rte>\n</gpx>\n");
    return buf_error(out) != 0 ? buf_error(out) : count > 0 ? 0 : ERR_INVALID;
}

/* --- all of a user --- */

static void export_file_put_separated(struct buf *out, bool first, const char *json)
{
    buf_puts(out, first ? "\n" : ",\n");
    buf_puts(out, json);
}

static int export_file_put_record(struct pages *p, const char *json)
{
    export_file_put_separated(p->out, p->count == 0, json);
    return 0;
}

static void export_file_put_member(struct buf *out, const char *name, const char *rest)
{
    buf_json_string(out, name, strlen(name));
    buf_puts(out, rest);
}

static void export_file_put_count(struct buf *counts, const char *name, int64_t count)
{
    buf_puts(counts, counts->len > 0 ? "," : "");
    export_file_put_member(counts, name, ":");
    buf_printf(counts, "%" PRId64, count);
}

static int export_file_put_families(struct pages *p, struct arena *arena, struct buf *counts)
{
    const char **families;
    size_t n;
    bool first = true;
    struct buf own = {0}; /* a family may be named like another count */
    int error = records_families(p->store, p->uid, arena, &families, &n);
    buf_puts(p->out, ",\n\"records\":{");
    for (size_t i = 0; error == 0 && i < n; i++) {
        buf_puts(p->out, first ? "\n" : ",\n");
        first = false;
        export_file_put_member(p->out, families[i], ":[");
        error = export_file_each(p, families[i], -EVER, EVER, export_file_put_record);
        buf_puts(p->out, "]");
        export_file_put_count(&own, families[i], p->count);
    }
    buf_puts(p->out, "}");
    buf_printf(counts, "\"records\":{%s}", buf_text(&own));
    if (error == 0)
        error = buf_error(&own);
    buf_free(&own);
    return error;
}

typedef int list_fn(struct store *s, const char *uid, const struct userdata_page *page,
    struct arena *arena, struct records_list *out);

/* A list of a session, at most `most` elements read at a time. */
static int export_file_put_list(struct pages *p, const char *id, list_fn *read, size_t most,
    size_t *count)
{
    struct records_list page = {.more = true};
    int error = 0;
    while (error == 0 && page.more) {
        struct arena *arena = arena_new();
        if (!arena)
            return ERR_NOMEM;
        error = read(p->store, p->uid,
            &(struct userdata_page){.session = id, .from = *count, .max = most}, arena, &page);
        for (size_t i = 0; error == 0 && i < page.count; i++) {
            export_file_put_separated(p->out, *count + i == 0, page.json[i]);
            error = p->flush(p->arg, p->out);
        }
        *count += page.count;
        arena_free(arena);
    }
    return error;
}

/* One session: `info`, and in place of its closing brace messages, branches and summaries. */
static int export_file_put_session(struct pages *p, const jdoc *info, int64_t *messages)
{
    const char *id = jdoc_text_or(info, "id", "");
    struct buf head = {0};
    int error = 0;
    size_t count = 0, branches = 0, summaries = 0;
    jdoc_write(info, &head);
    if (buf_error(&head) == 0 && head.len > 1)
        buf_put(p->out, head.data, head.len - 1);
    error = buf_error(&head);
    buf_free(&head);
    buf_puts(p->out, ",\"messages\":[");
    if (error == 0)
        error = export_file_put_list(p, id, userdata_messages, MESSAGES_PAGE, &count);
    *messages += (int64_t)count;
    buf_puts(p->out, "],\"branches\":[");
    if (error == 0)
        error = export_file_put_list(p, id, userdata_branches, BRANCHES_PAGE, &branches);
    buf_puts(p->out, "],\"summaries\":[");
    if (error == 0)
        error = export_file_put_list(p, id, userdata_summaries, BRANCHES_PAGE, &summaries);
    buf_puts(p->out, "]}");
    return error;
}

static int export_file_put_sessions(struct pages *p, struct buf *counts)
{
    char cursor[200] = "";
    int64_t sessions = 0, messages = 0;
    int error = 0;
    buf_puts(p->out, ",\n\"sessions\":[");
    do {
        struct buf json = {0};
        jdoc *page = NULL;
        error = sessions_list(p->store, p->uid,
            &(struct sessions_page){.cursor = cursor, .limit = SESSIONS_PAGE}, &json);
        if (error == 0)
            error = jdoc_parse(buf_text(&json), json.len, &page, NULL, 0);
        buf_free(&json);
        const jdoc *list = jdoc_get(page, "sessions");
        for (size_t i = 0; error == 0 && i < jdoc_length(list); i++) {
            buf_puts(p->out, sessions++ == 0 ? "\n" : ",\n");
            error = export_file_put_session(p, jdoc_at(list, i), &messages);
        }
        snprintf(cursor, sizeof cursor, "%s", jdoc_text_or(page, "next_cursor", ""));
        jdoc_free(page);
    } while (error == 0 && cursor[0] != '\0');
    buf_puts(p->out, "]");
    export_file_put_count(counts, "sessions", sessions);
    export_file_put_count(counts, "messages", messages);
    return error;
}

static int export_file_put_attachments(struct pages *p, struct buf *counts)
{
    int64_t count;
    buf_puts(p->out, ",\n\"attachments\":[");
    int error = export_file_attachments(p->store, p->uid, p->out, p->flush, p->arg, &count);
    buf_puts(p->out, "]");
    export_file_put_count(counts, "attachments", count);
    return error;
}

static int export_file_put_inbox(struct pages *p, struct buf *counts)
{
    char after[64] = "0-0";
    bool more = true;
    int64_t count = 0;
    int error = 0;
    buf_puts(p->out, ",\n\"inbox\":[");
    while (error == 0 && more) {
        struct buf json = {0};
        jdoc *page = NULL;
        more = false;
        error = inbox_list(p->store, p->uid, after, INBOX_PAGE, &json);
        if (error == 0)
            error = jdoc_parse(buf_text(&json), json.len, &page, NULL, 0);
        buf_free(&json);
        const jdoc *list = jdoc_get(page, "messages");
        for (size_t i = 0; error == 0 && i < jdoc_length(list); i++) {
            buf_puts(p->out, count++ == 0 ? "\n" : ",\n");
            jdoc_write(jdoc_at(list, i), p->out);
            error = p->flush(p->arg, p->out);
        }
        jdoc_get_bool(page, "has_more", &more);
        snprintf(after, sizeof after, "%s", jdoc_text_or(page, "next_cursor", ""));
        more &= after[0] != '\0';
        jdoc_free(page);
    }
    buf_puts(p->out, "]");
    export_file_put_count(counts, "inbox", count);
    return error;
}

static int export_file_put_pushes(struct pages *p)
{
    size_t count;
    buf_puts(p->out, ",\n\"push_subscriptions\":[");
    int error = pushes_list(p->store, p->uid, p->out, &count);
    buf_puts(p->out, "]");
    return error;
}

/* Where they are kept elsewhere; their events are not the user's. */
static int export_file_put_subscriptions(struct pages *p, struct arena *arena)
{
    struct feeds all;
    int error = feeds_list(p->store, p->uid, arena, &all);
    buf_puts(p->out, ",\n\"calendar_subscriptions\":[");
    for (size_t i = 0; error == 0 && i < all.count; i++) {
        jdoc *doc = subscription_doc(&all.all[i]);
        buf_puts(p->out, i > 0 ? "," : "");
        if (doc)
            jdoc_write(doc, p->out);
        error = doc ? buf_error(p->out) : ERR_NOMEM;
        jdoc_free(doc);
    }
    buf_puts(p->out, "]");
    return error;
}

static int export_file_put_feedback(struct pages *p, struct arena *arena)
{
    struct records_list list;
    int error = userdata_feedback(p->store, p->uid, arena, &list);
    buf_puts(p->out, ",\n\"feedback\":{");
    for (size_t i = 0; error == 0 && i + 1 < list.count; i += 2) {
        buf_puts(p->out, i > 0 ? ",\n" : "\n");
        export_file_put_member(p->out, list.json[i], ":");
        buf_puts(p->out, list.json[i + 1]);
        error = p->flush(p->arg, p->out);
    }
    buf_puts(p->out, "}");
    return error;
}

static int export_file_put_written(struct pages *p, const char *family, int64_t *count)
{
    struct userdata_walk walk;
    int error = 0;
    userdata_walk_init(&walk);
    while (error == 0 && !walk.done) {
        struct records_list page = {0};
        struct arena *arena = arena_new();
        error = arena ? userdata_written(p->store, p->uid, family, &walk, arena, &page) : ERR_NOMEM;
        for (size_t i = 0; error == 0 && i < page.count; i++) {
            export_file_put_separated(p->out, (*count)++ == 0, page.json[i]);
            error = p->flush(p->arg, p->out);
        }
        arena_free(arena);
    }
    userdata_walk_free(&walk);
    return error;
}

static int export_file_put_community(struct pages *p, struct buf *counts)
{
    int error = 0;
    int64_t all = 0;
    buf_puts(p->out, ",\n\"community\":{");
    for (size_t i = 0; error == 0 && userdata_shared_family(i); i++) {
        int64_t count = 0;
        buf_puts(p->out, i > 0 ? ",\n" : "\n");
        export_file_put_member(p->out, userdata_shared_family(i), ":[");
        error = export_file_put_written(p, userdata_shared_family(i), &count);
        buf_puts(p->out, "]");
        all += count;
    }
    buf_puts(p->out, "}");
    export_file_put_count(counts, "community", all);
    return error;
}

int export_file_user(struct store *s, const char *uid, int64_t now_ms, struct buf *out,
    export_file_flush *flush, void *arg)
{
    struct pages p = {.store = s, .uid = uid, .out = out, .flush = flush, .arg = arg};
    struct arena *arena = arena_new();
    struct buf context = {0}, counts = {0};
    char now[CLOCK_RFC3339_SIZE];
    int error = arena ? sessions_context_get(s, uid, &context) : ERR_NOMEM;
    clock_rfc3339(now_ms, now);
    buf_puts(out, "{\"user\":");
    buf_json_string(out, uid, strlen(uid));
    buf_printf(out, ",\n\"exported_at\":\"%s\",\n\"context\":%s", now,
        context.len > 0 ? buf_text(&context) : "{}");
    if (error == 0 || error == ERR_NOT_FOUND)
        error = export_file_put_families(&p, arena, &counts);
    if (error == 0)
        error = export_file_put_sessions(&p, &counts);
    if (error == 0)
        error = export_file_put_attachments(&p, &counts);
    if (error == 0)
        error = export_file_put_inbox(&p, &counts);
    if (error == 0)
        error = export_file_put_pushes(&p);
    if (error == 0)
        error = export_file_put_subscriptions(&p, arena);
    if (error == 0)
        error = export_file_put_feedback(&p, arena);
    if (error == 0)
        error = export_file_put_community(&p, &counts);
    buf_printf(out, ",\n\"counts\":{%s},\n\"complete\":true}\n", buf_text(&counts));
    if (error == 0)
        error = buf_error(&counts) != 0 ? buf_error(&counts) : buf_error(out);
    buf_free(&context);
    buf_free(&counts);
    if (arena)
        arena_free(arena);
    return error;
}
