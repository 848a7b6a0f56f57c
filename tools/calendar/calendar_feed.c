/* SPDX-License-Identifier: BSD-2-Clause */
/* calendar_feed: lists look through subscribed calendars. */
#include "tools/calendar/calendar_feed.h"

#include "tools/kit/record.h"

#include <stdio.h>
#include <string.h>

#define FEED_MARK "sub_"

int calendar_feed_of(const char *event_id, char id[IDENT_UUID_SIZE])
{
    const size_t mark = strlen(FEED_MARK);

    if (strncmp(event_id, FEED_MARK, mark) != 0)
        return ERR_NOT_FOUND;
    snprintf(id, IDENT_UUID_SIZE, "%s", event_id + mark);
    return ident_is_uuid(id) && event_id[mark + IDENT_UUID_SIZE - 1] == '_' ? 0 : ERR_NOT_FOUND;
}

static const struct feed *calendar_feed_find(const struct feeds *all, const char *id)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->all[i].id, id) == 0)
            return &all->all[i];
    return NULL;
}

int calendar_feed_refuse(struct tools_run *run, const char *event_id)
{
    const struct tools_context *context = run->context;
    char id[IDENT_UUID_SIZE];
    const struct feed *feed;
    struct feeds all;
    int error = calendar_feed_of(event_id, id);

    if (!error)
        error = feeds_list(context->store, context->uid, run->arena, &all);
    if (error)
        return error;
    if (!(feed = calendar_feed_find(&all, id)))
        return ERR_NOT_FOUND;
    return run_fail(run, "read_only",
        "This event comes from the subscribed calendar \"%s\" and can only be changed where that "
        "calendar is kept. To be rid of all its events, end the subscription %s "
        "(unsubscribe_calendar).",
        feed->name, feed->id);
}

/* ---- lists ---- */

struct feed_look {
    struct tools_run *run;
    const struct feed *feed;
    calendar_feed_fn *fn;
    void *arg;
};

static int calendar_feed_tell(const struct feed_look *l, jdoc *event)
{
    int failed = jdoc_set_string(event, "calendar", l->feed->name) |
        jdoc_set_string(event, "subscription_id", l->feed->id);

    if (*l->feed->color)
        failed |= jdoc_set_string(event, "color", l->feed->color);
    return failed ? ERR_NOMEM : l->fn(l->arg, event);
}

/* A part that cannot be read is left: it is another program's, or broken. */
static int calendar_feed_tell_part(const struct feed_look *l, const char *text, size_t len)
{
    jdoc *events = NULL;
    int error = jdoc_parse(text, len, &events, NULL, 0);

    if (error)
        return error == ERR_NOMEM ? error : 0;
    for (size_t i = 0; !error && i < jdoc_length(events); i++)
        if (jdoc_type(jdoc_at(events, i)) == JDOC_OBJECT)
            error = calendar_feed_tell(l, jdoc_at(events, i));
    jdoc_free(events);
    return error;
}

/* Parts of one kind are in the order of their starts; those that repeat stand behind the others, so
 * one that has enough of the former still sees the latter. */
static int calendar_feed_one(const struct feed_look *l, int64_t from_ms, int64_t until_ms)
{
    const struct tools_context *context = l->run->context;
    const char *at = l->feed->index;
    int64_t from, until;
    int error = 0;

    for (size_t i = 0; !error && feeds_next_part(&at, &from, &until); i++) {
        struct feeds_text part;

        if (from >= until_ms || until <= from_ms)
            continue;
        error = feeds_part(context->store, context->uid, l->feed, i, l->run->arena, &part);
        if (!error)
            error = calendar_feed_tell_part(l, part.bytes, part.len);
        if (error == ERR_LIMIT) /* the listing is full of earlier ones */
            error = 0;
    }
    return error == ERR_NOT_FOUND ? 0 : error;
}

int calendar_feed_each(struct tools_run *run, int64_t from_ms, int64_t until_ms,
    calendar_feed_fn *fn, void *arg)
{
    struct feeds all;
    int error = feeds_list(run->context->store, run->context->uid, run->arena, &all);

    for (size_t i = 0; !error && i < all.count; i++)
        if (*all.all[i].gen)
            error = calendar_feed_one(
                &(struct feed_look){.run = run, .feed = &all.all[i], .fn = fn, .arg = arg}, from_ms,
                until_ms);
    return error;
}
