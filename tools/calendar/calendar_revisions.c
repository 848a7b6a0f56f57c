/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/calendar/calendar_revisions.h"

#include "store/records_index.h"
#include "tools/calendar/calendar_event.h"
#include "tools/scripts.h"

#include <stdlib.h>
#include <string.h>

static int64_t calendar_revisions_number(const struct link_reply *reply, size_t i)
{
    return (int64_t)strtod(link_reply_text(link_reply_at(reply, i), NULL), NULL);
}

int calendar_revisions_of(struct store *s, const char *uid, struct calendar_revisions_look *look,
    struct arena *arena)
{
    struct link_reply *reply = NULL;
    struct link_arg *args = arena_array(arena, look->count + 1, sizeof *args);
    if (!args || look->count > CALENDAR_REVISIONS_MAX)
        return args ? ERR_INVALID : ERR_NOMEM;
    for (size_t i = 0; i < look->count; i++)
        args[i] = link_text(look->ids[i]);
    const struct records_look ask = {.family = CALENDAR_EVENTS,
        .script = &script_calendar_revisions_of,
        .args = args,
        .count = look->count};
    int error = records_index_call(s, uid, &ask, arena, &reply);
    if (!error)
        look->last = calendar_revisions_number(reply, 0);
    for (size_t i = 0; !error && i < look->count; i++)
        look->revisions[i] = calendar_revisions_number(reply, 1 + i);
    link_reply_free(reply);
    return error;
}

static int calendar_revisions_read(const struct link_reply *reply, struct arena *arena,
    struct calendar_revisions *out)
{
    size_t count = link_reply_count(reply);
    if (link_reply_says(reply, "OLD"))
        return ERR_INVALID;
    out->more = link_reply_says(reply, "MORE");
    out->reached = calendar_revisions_number(reply, 1);
    out->all = arena_array(arena, count / 2 + 1, sizeof *out->all);
    if (!out->all)
        return ERR_NOMEM;
    for (size_t i = 2; i + 1 < count; i += 2) {
        struct calendar_revision *one = &out->all[out->count++];
        one->gone = strcmp(link_reply_text(link_reply_at(reply, i), NULL), "gone") == 0;
        one->text = records_index_text(reply, i + 1, arena);
        if (!one->text)
            return ERR_NOMEM;
    }
    return 0;
}

int calendar_revisions_since(struct store *s, const char *uid, int64_t since, size_t max,
    struct arena *arena, struct calendar_revisions *out)
{
    struct link_reply *reply = NULL;
    struct link_arg args[] = {records_index_number(arena, since),
        records_index_number(arena, (int64_t)max)};
    const struct records_look look = {.family = CALENDAR_EVENTS,
        .script = &script_calendar_revisions_since,
        .args = args,
        .count = 2};
    *out = (struct calendar_revisions){0};
    int error = records_index_call(s, uid, &look, arena, &reply);
    if (!error)
        error = calendar_revisions_read(reply, arena, out);
    link_reply_free(reply);
    return error;
}

int calendar_revisions_named(struct store *s, const char *uid, const char *name,
    struct arena *arena, const char **id)
{
    struct link_reply *reply = NULL;
    struct link_arg args[] = {link_text(name)};
    const struct records_look look = {.family = CALENDAR_EVENTS,
        .script = &script_calendar_revisions_named,
        .args = args,
        .count = 1};
    int error = records_index_call(s, uid, &look, arena, &reply);
    *id = error ? "" : records_index_text(reply, 0, arena);
    link_reply_free(reply);
    return !error && !*id ? ERR_NOMEM : error;
}
