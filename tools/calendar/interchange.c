/* SPDX-License-Identifier: BSD-2-Clause */
/* interchange: reading a whole text. */
#include "tools/calendar/interchange_parts.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int interchange_add_warning(struct reader *r, struct interchange_item *item,
    const char *text)
{
    item->warning = item->warning ? arena_printf(r->arena, "%s; %s", text, item->warning) : text;
    return item->warning ? 0 : ERR_NOMEM;
}

static int interchange_take_component(struct reader *r, const struct span *span)
{
    struct interchange_item *item = &r->out->items[r->out->count];
    *item = (struct interchange_item){.line = span->line,
        .uid = "",
        .component = arena_strdup(r->arena, span->name),
        .wrong = interchange_refusal(span)};
    if (!item->component)
        return ERR_NOMEM;
    if (!utf8_valid(item->component, strlen(item->component)))
        item->component = "?";
    r->out->count++;
    if (item->wrong)
        return 0;
    bool is_todo = strcmp(span->name, "VTODO") == 0;
    if (!is_todo && strcmp(span->name, "VEVENT") != 0) {
        item->wrong = "only events and to-dos are taken";
        return 0;
    }
    icalcomponent *parsed = interchange_parse(r, span), *todo = NULL;
    int error = 0;
    if (is_todo && parsed && icalcomponent_isa(parsed) == ICAL_VTODO_COMPONENT) {
        todo = parsed;
        parsed = interchange_todo_event(r, todo, &item->wrong);
    }
    if (!item->wrong && (!parsed || icalcomponent_isa(parsed) != ICAL_VEVENT_COMPONENT))
        item->wrong = "it cannot be read";
    else if (!item->wrong)
        error = interchange_read_event(r, parsed, span, item);
    if (!error && todo && !item->wrong)
        error = interchange_add_warning(r, item, "a to-do: it is kept as a reminder");
    if (todo)
        icalcomponent_free(todo);
    if (parsed)
        icalcomponent_free(parsed);
    return error;
}

static int interchange_fail(int error, char why[INTERCHANGE_WHY_SIZE], const char *text)
{
    snprintf(why, INTERCHANGE_WHY_SIZE, "%s", text);
    return error;
}

static int interchange_read_all(struct reader *r, const char *text, size_t len, size_t most,
    char why[INTERCHANGE_WHY_SIZE])
{
    struct outline o = {.at = text, .end = text + len};
    struct span span;
    size_t components = 0;
    while (interchange_next_component(&o, &span)) {
        if (strcmp(span.name, "VTIMEZONE") == 0)
            interchange_take_zone(r, &span);
        else
            components++;
    }
    if (components > most) {
        snprintf(why, INTERCHANGE_WHY_SIZE, "It has more than %zu components.", most);
        return ERR_LIMIT;
    }
    r->out->items = arena_array(r->arena, components + 1, sizeof *r->out->items);
    if (!r->out->items)
        return ERR_NOMEM;
    o = (struct outline){.at = text, .end = text + len};
    int error = 0;
    while (error == 0 && interchange_next_component(&o, &span))
        if (strcmp(span.name, "VTIMEZONE") != 0)
            error = interchange_take_component(r, &span);
    return error;
}

int interchange_read_most(const char *text, size_t len, const struct interchange_how *how,
    struct arena *arena, struct interchange_list *out, char why[INTERCHANGE_WHY_SIZE])
{
    bool guessed;
    *out = (struct interchange_list){0};
    if (interchange_decode(arena, &text, &len, &guessed))
        return ERR_NOMEM;
    if (memchr(text, '\0', len))
        return interchange_fail(ERR_INVALID, why, "It is no text.");
    if (len < 15 || strncasecmp(text, "BEGIN:VCALENDAR", 15) != 0)
        return interchange_fail(ERR_INVALID, why, "It does not begin with BEGIN:VCALENDAR.");
    struct reader *r = arena_array(arena, 1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    *r = (struct reader){.arena = arena, .zone = how->zone, .out = out};
    int error = interchange_read_all(r, text, len, how->most, why);
    if (!error && guessed && out->count > 0)
        error = interchange_add_warning(r, &out->items[0],
            "the file is not UTF-8: its letters were read as Windows-1252");
    for (size_t i = 0; i < r->zone_count; i++)
        if (r->zones[i].zone)
            icaltimezone_free(r->zones[i].zone, 1);
    return error;
}

int interchange_read(const char *text, size_t len, const struct zone *zone, struct arena *arena,
    struct interchange_list *out, char why[INTERCHANGE_WHY_SIZE])
{
    return interchange_read_most(text, len, &(struct interchange_how){zone, INTERCHANGE_EVENTS_MAX},
        arena, out, why);
}

void interchange_free(struct interchange_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        jdoc_free(list->items[i].event);
    list->count = 0;
}
