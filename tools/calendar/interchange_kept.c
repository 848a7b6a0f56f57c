/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interchange: lines of an event that nothing here knows. They are kept as they are, without their
 * folds, and given back when the event is written.
 */
#include "tools/calendar/interchange_parts.h"

#include "base/utf8.h"

#include <string.h>
#include <strings.h>

#define KEPT_LINES_MAX 120
#define KEPT_LINE_MAX 8192
#define KEPT_BYTES_MAX 32768
#define KEPT_FOLD 74 /* bytes of a line, its blank and CRLF not counted */

/* What a document's own members say when it is written. */
static const char *const interchange_known[] = {"BEGIN", "END", "UID", "DTSTAMP", "CREATED",
    "LAST-MODIFIED", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE",
    "RECURRENCE-ID", "SUMMARY", "DESCRIPTION", "LOCATION", "X-TURNPIKE-COLOR"};

/* The name before the first ';' or ':'; 0 = it is no property. */
static size_t interchange_name_length(const char *line, size_t len)
{
    size_t n = 0;

    while (n < len && line[n] != ':' && line[n] != ';') {
        char c = line[n];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                c == '-' || c == '_'))
            return 0;
        n++;
    }
    return n < len ? n : 0;
}

static bool interchange_is_named(const char *line, size_t n, const char *name)
{
    return strlen(name) == n && strncasecmp(line, name, n) == 0;
}

static bool interchange_is_known(const char *line, size_t n)
{
    for (size_t i = 0; i < sizeof interchange_known / sizeof *interchange_known; i++)
        if (interchange_is_named(line, n, interchange_known[i]))
            return true;
    return false;
}

bool interchange_is_line(const char *line, size_t len)
{
    if (len == 0 || len > KEPT_LINE_MAX || !interchange_name_length(line, len) ||
        !utf8_valid(line, len))
        return false;
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7F)
            return false;
    return true;
}

/* One unfolded line of the component, in `line`. Returns false at its end. */
static bool interchange_take_line(const char **at, const char *end, struct buf *line)
{
    buf_reset(line);
    if (*at >= end)
        return false;
    for (bool more = true; more;) {
        const char *stop = memchr(*at, '\n', (size_t)(end - *at));
        size_t len = (size_t)((stop ? stop : end) - *at);
        const char *next = stop ? stop + 1 : end;
        if (len > 0 && (*at)[len - 1] == '\r')
            len--;
        buf_put(line, *at, len);
        more = next < end && (*next == ' ' || *next == '\t');
        *at = next + more;
    }
    return true;
}

struct keeping {
    struct draft *d;
    jdoc *list;
    size_t bytes;
    bool left_out;
};

static int interchange_keep(struct keeping *k, const char *line, size_t len)
{
    if (!interchange_is_line(line, len) || jdoc_length(k->list) >= KEPT_LINES_MAX ||
        k->bytes + len > KEPT_BYTES_MAX) {
        k->left_out = true;
        return 0;
    }
    k->bytes += len;
    return jdoc_push(k->list, jdoc_new_string(line, len));
}

/* Is it one of ours, which the event's type says? */
static bool interchange_is_own_category(const char *line, size_t len, size_t name)
{
    return len > name && line[name] == ':' && interchange_is_type(line + name + 1, len - name - 1);
}

static bool interchange_is_kept(const struct keeping *k, const char *line, size_t len)
{
    size_t n = interchange_name_length(line, len);

    if (n == 0 || interchange_is_named(line, n, "DESCRIPTION"))
        return n > 0 && k->d->cut_description;
    if (interchange_is_named(line, n, "CATEGORIES"))
        return !interchange_is_own_category(line, len, n);
    return !interchange_is_known(line, n);
}

/* A component within the event comes whole or not at all. ends: the line closes it. */
static int interchange_keep_part(struct keeping *k, jdoc **part, const struct buf *line, bool ends)
{
    const char *text = buf_text(line);
    int error = 0;

    if (!*part && !(*part = jdoc_new_array()))
        return ERR_NOMEM;
    if (!interchange_is_line(text, line->len))
        error = jdoc_push(*part, jdoc_new_string("", 0)); /* refused below */
    else
        error = jdoc_push(*part, jdoc_new_string(text, line->len));
    if (!ends)
        return error;
    bool whole = true;
    for (size_t i = 0; i < jdoc_length(*part); i++)
        whole &= *jdoc_string(jdoc_at(*part, i), NULL) != '\0';
    for (size_t i = 0; !error && whole && i < jdoc_length(*part); i++) {
        size_t len = 0;
        const char *one = jdoc_string(jdoc_at(*part, i), &len);
        error = interchange_keep(k, one, len);
    }
    k->left_out |= !whole;
    jdoc_free(*part);
    *part = NULL;
    return error;
}

/* Alarms are counted as libical counts them: those of kept_alarms are kept whole. */
static int interchange_keep_lines(struct keeping *k, const struct span *span)
{
    const char *at = span->start, *end = span->start + span->len;
    struct buf line = {0};
    jdoc *part = NULL;
    size_t depth = 0, alarm = 0;
    bool whole = false;
    int error = 0;

    while (!error && interchange_take_line(&at, end, &line)) {
        const char *text = buf_text(&line);
        bool begins = strncasecmp(text, "BEGIN:", 6) == 0;
        if (begins && ++depth == 2)
            whole = strcasecmp(text + 6, "VALARM") != 0 ||
                (alarm < 64 && k->d->kept_alarms & UINT64_C(1) << alarm);
        alarm += begins && depth == 2 && strcasecmp(text + 6, "VALARM") == 0;
        bool ends = strncasecmp(text, "END:", 4) == 0;
        if (depth == 1 && !begins && interchange_is_kept(k, text, line.len))
            error = interchange_keep(k, text, line.len);
        else if (depth > 1 && whole)
            error = interchange_keep_part(k, &part, &line, ends && depth == 2);
        depth -= depth > 0 && ends;
    }
    if (!error)
        error = buf_error(&line);
    jdoc_free(part);
    buf_free(&line);
    return error;
}

int interchange_read_kept(struct draft *d, const struct span *span)
{
    struct keeping k = {.d = d, .list = jdoc_new_array()};
    int error = k.list ? interchange_keep_lines(&k, span) : ERR_NOMEM;

    if (!error && k.left_out)
        error = interchange_warn(d, "lines that are not known here were too many to be kept");
    if (error || jdoc_length(k.list) == 0) {
        jdoc_free(k.list);
        return error;
    }
    return jdoc_set(d->event, "kept", k.list);
}

/* ---- given back ---- */

/* Folded between characters (RFC 5545 3.1). */
static void interchange_put_line(struct buf *out, const char *line, size_t len)
{
    while (len > KEPT_FOLD) {
        size_t n = utf8_cut(line, KEPT_FOLD);
        n = n ? n : KEPT_FOLD;
        buf_put(out, line, n);
        buf_puts(out, "\r\n ");
        line += n;
        len -= n;
    }
    buf_put(out, line, len);
    buf_puts(out, "\r\n");
}

/* "BEGIN:NAME" or "END:NAME" with a name of a component, alone. */
static bool interchange_is_bare(const char *line)
{
    const char *name = strchr(line, ':') + 1;

    return *name && !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-")];
}

/* The entries that are properties, or those within a component. Only what closes is written. */
static void interchange_put_entries(struct buf *out, const jdoc *kept, bool components)
{
    struct buf part = {0};
    size_t depth = 0;
    const char *opened = "";
    bool odd = false; /* not as a component is: it is left out */

    for (size_t i = 0; i < jdoc_length(kept); i++) {
        size_t len = 0;
        const char *line = jdoc_string(jdoc_at(kept, i), &len);
        if (!line || !interchange_is_line(line, len))
            continue;
        bool begins = strncasecmp(line, "BEGIN:", 6) == 0, ends = strncasecmp(line, "END:", 4) == 0;
        odd |= (begins && depth > 0) || ((begins || ends) && !interchange_is_bare(line));
        depth += begins;
        if (begins && depth == 1)
            opened = line + 6;
        odd |= depth == 1 && ends && strcasecmp(line + 4, opened) != 0;
        if (depth > 0 && components)
            interchange_put_line(&part, line, len);
        else if (depth == 0 && !components && !ends && strncasecmp(line, "DESCRIPTION", 11) != 0)
            interchange_put_line(out, line, len);
        if (depth > 0 && ends && --depth == 0) {
            if (!odd)
                buf_put(out, buf_text(&part), part.len);
            buf_reset(&part);
            odd = false;
        }
    }
    buf_free(&part);
}

void interchange_put_kept(struct buf *out, const jdoc *event, const char *text)
{
    const jdoc *kept = jdoc_get(event, "kept");
    const char *alarms = strstr(text, "\r\nBEGIN:VALARM"), *end = strstr(text, "\r\nEND:VEVENT");
    const char *parts = alarms ? alarms + 2 : end ? end + 2 : text + strlen(text);
    const char *last = end ? end + 2 : text + strlen(text);

    buf_put(out, text, (size_t)(parts - text));
    interchange_put_entries(out, kept, false);
    buf_put(out, parts, (size_t)(last - parts));
    interchange_put_entries(out, kept, true);
    buf_puts(out, last);
}

const char *interchange_kept_line(const jdoc *event, const char *name, size_t *len)
{
    const jdoc *kept = jdoc_get(event, "kept");

    for (size_t i = 0; i < jdoc_length(kept); i++) {
        const char *line = jdoc_string(jdoc_at(kept, i), len);
        if (line && interchange_is_named(line, interchange_name_length(line, *len), name))
            return line;
    }
    return NULL;
}
