/* SPDX-License-Identifier: BSD-2-Clause */
/* interchange: the components of a text, before libical sees them. */
#include "tools/calendar/interchange_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 4

/* The next unfolded property begins at the returned place; NULL at the end. */
static const char *interchange_next_line(struct outline *o, size_t *len)
{
    const char *start = o->at;
    if (start >= o->end)
        return NULL;
    const char *stop = memchr(start, '\n', (size_t)(o->end - start));
    o->at = stop ? stop + 1 : o->end;
    o->line++;
    *len = (size_t)((stop ? stop : o->end) - start);
    if (*len > 0 && start[*len - 1] == '\r')
        --*len;
    return start;
}

/* The name behind "BEGIN:" or "END:", or NULL. */
static bool interchange_read_mark(const char *line, size_t len, const char *mark,
    char name[INTERCHANGE_NAME_MAX + 1])
{
    size_t n = strlen(mark);
    if (len <= n || strncasecmp(line, mark, n) != 0)
        return false;
    snprintf(name, INTERCHANGE_NAME_MAX + 1, "%.*s",
        (int)(len - n > INTERCHANGE_NAME_MAX ? INTERCHANGE_NAME_MAX : len - n), line + n);
    for (char *c = name; *c != '\0'; c++)
        if (*c >= 'a' && *c <= 'z')
            *c = (char)(*c - 'a' + 'A');
    return true;
}

/* Does it begin, or could it with what is folded to it, with BEGIN or END? */
static bool interchange_is_mark(const char *line, size_t len)
{
    static const char *const marks[] = {"BEGIN", "END"};
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(marks[i]);
        if (strncasecmp(line, marks[i], len < n ? len : n) == 0 &&
            (len <= n || line[n] == ':' || line[n] == ';'))
            return true;
    }
    return false;
}

/* Marks that libical and the outline would read in different ways. */
static bool interchange_is_odd(const char *line, size_t len, bool after_mark)
{
    if (len > 0 && (line[0] == ' ' || line[0] == '\t'))
        return after_mark;
    char name[INTERCHANGE_NAME_MAX + 1];
    return len >= 3 && interchange_is_mark(line, len) &&
        !interchange_read_mark(line, len, "BEGIN:", name) &&
        !interchange_read_mark(line, len, "END:", name);
}

/* The next component below VCALENDAR. Returns false at the end of the text. */
bool interchange_next_component(struct outline *o, struct span *out)
{
    char name[INTERCHANGE_NAME_MAX + 1];
    size_t len, depth = 0;
    const char *line;
    bool after_mark = false;
    memset(out, 0, sizeof *out);
    while ((line = interchange_next_line(o, &len))) {
        out->odd |= interchange_is_odd(line, len, after_mark);
        after_mark = interchange_is_mark(line, len);
        if (interchange_read_mark(line, len, "BEGIN:", name)) {
            if (depth == 0 && strcmp(name, "VCALENDAR") == 0)
                continue;
            if (depth++ == 0) {
                out->start = line;
                out->line = o->line;
                snprintf(out->name, sizeof out->name, "%s", name);
            }
            out->too_deep |= depth > DEPTH_MAX;
        } else if (interchange_read_mark(line, len, "END:", name) && depth > 0) {
            out->len = (size_t)(o->at - out->start);
            out->closed = --depth == 0 && strcmp(name, out->name) == 0;
            if (depth == 0)
                return true;
        }
        if (len > 0 && line[0] != ' ' && line[0] != '\t')
            out->properties++;
    }
    if (out->start)
        out->len = (size_t)(o->end - out->start);
    return out->start != NULL;
}

icalcomponent *interchange_parse(struct reader *r, const struct span *span)
{
    const char *text = arena_memdup(r->arena, span->start, span->len);
    return text ? icalparser_parse_string(text) : NULL;
}

const char *interchange_refusal(const struct span *span)
{
    if (span->too_deep)
        return "it is nested too deeply";
    if (!span->closed)
        return "its END is missing or another's";
    if (span->odd)
        return "a BEGIN or END of it is folded or has parameters";
    return span->properties > INTERCHANGE_PROPERTIES_MAX ? "it has more than 500 lines" : NULL;
}
