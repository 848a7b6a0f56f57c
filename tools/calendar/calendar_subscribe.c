/* SPDX-License-Identifier: BSD-2-Clause */
/* Tools of the family calendar: subscriptions to calendars at addresses. */
#include "tools/kit/subscription.h"

#include "tools/engine/registry.h"
#include "tools/kit/about.h"
#include "tools/kit/preview.h"
#include "tools/kit/record.h"

#include "base/clock.h"

#include <string.h>

static int calendar_refuse_off(struct tools_run *run)
{
    return run_fail(run, "forbidden", "This service takes no subscriptions to calendars.");
}

/* The address as it is fetched. Returns 0; ERR_INVALID (run->result says why); ERR_NOMEM. */
static int calendar_subscribe_read_address(struct tools_run *run, const char **url)
{
    char why[SUBSCRIPTION_WHY_SIZE];
    int error = subscription_address(run->context->conf, jdoc_text_or(run->args, "url", ""),
        run->arena, url, why);

    if (error != ERR_INVALID)
        return error;
    error = run_fail_at(run, "/url", "the https or webcal address of an .ics file", "url %s.", why);
    return error ? error : ERR_INVALID;
}

/* The result with the call's mark: the same call again gets it, and changes nothing. There is no
 * such record, so none is removed. */
static int calendar_keep_result(struct tools_run *run)
{
    const struct record_item none = {.family = "subscription", .id = "-"};

    return record_commit(run, &none, 1, false);
}

int calendar_tool_subscribe_calendar(struct tools_run *run)
{
    const struct tools_context *c = run->context;
    struct feeds_want want = {.name = jdoc_string(jdoc_get(run->args, "name"), NULL),
        .color = jdoc_string(jdoc_get(run->args, "color"), NULL)};
    char id[IDENT_UUID_SIZE];
    bool there = false;
    struct feeds all;
    jdoc *one = NULL;
    int error = record_fence(run);

    if (!error && c->conf->calendar_subscriptions == 0)
        return calendar_refuse_off(run);
    if (!error)
        error = calendar_subscribe_read_address(run, &want.url);
    if (error)
        return error == ERR_INVALID ? 0 : error;
    error = subscription_add(c->store, c->uid, &want, run->arena, id, &there);
    if (error == ERR_FULL)
        return run_fail(run, "limit_reached", "There are %lld subscriptions already.",
            (long long)c->conf->calendar_subscriptions);
    if (!error)
        error = feeds_list(c->store, c->uid, run->arena, &all);
    for (size_t i = 0; !error && i < all.count; i++)
        if (strcmp(all.all[i].id, id) == 0 && !(one = subscription_doc(&all.all[i])))
            error = ERR_NOMEM;
    if (error)
        return error;
    if (!run_succeed(run,
            there ? "You had subscribed to this calendar already." :
                    "You are subscribed. Its events come in within a minute, and are then looked "
                    "for every hour. They can be seen, not changed, and they do not ring.")) {
        jdoc_free(one);
        return ERR_NOMEM;
    }
    error = one ? jdoc_set(run->result, "subscription", one) : ERR_CONFLICT; /* ended meanwhile */
    return error ? error : calendar_keep_result(run);
}

int calendar_preview_subscribe_calendar(struct tools_run *run)
{
    const char *url;
    int error = calendar_subscribe_read_address(run, &url);

    if (!error)
        url = preview_text(run->arena, url, PREVIEW_BODY);
    if (!error)
        error = url ?
            preview_say(run, "subscribe to the calendar at %s, and ask for it every hour", url) :
            ERR_NOMEM;
    return error == ERR_INVALID ? 0 : error;
}

int calendar_tool_list_calendar_subscriptions(struct tools_run *run)
{
    const struct tools_context *c = run->context;
    struct feeds all;
    jdoc *list = jdoc_new_array();
    int error = list ? feeds_list(c->store, c->uid, run->arena, &all) : ERR_NOMEM;

    for (size_t i = 0; !error && i < all.count; i++) {
        jdoc *one = subscription_doc(&all.all[i]);

        error = one ? jdoc_push(list, one) : ERR_NOMEM;
    }
    if (!error &&
        !run_succeed(run, "%zu subscribed calendar%s.", all.count, all.count == 1 ? "" : "s"))
        error = ERR_NOMEM;
    if (error) {
        jdoc_free(list);
        return error;
    }
    return jdoc_set(run->result, "subscriptions", list);
}

/* The one that is meant, by its id. Returns 0; ERR_INVALID (run->result says why); a fault. */
static int calendar_subscribe_find(struct tools_run *run, const struct feed **out)
{
    const struct tools_context *c = run->context;
    const char *id = jdoc_text_or(run->args, "subscription_id", "");
    struct feeds all;
    int error = feeds_list(c->store, c->uid, run->arena, &all);
    const struct feed *list = all.all; /* in the arena */

    for (size_t i = 0; !error && i < all.count; i++)
        if (strcmp(list[i].id, id) == 0) {
            *out = &list[i];
            return 0;
        }
    if (!error)
        error = run_fail(run, "not_found",
            "There is no such subscription; list_calendar_subscriptions gives their ids.");
    return error ? error : ERR_INVALID;
}

int calendar_tool_unsubscribe_calendar(struct tools_run *run)
{
    const struct feed *feed;
    int error = record_fence(run);

    if (!error)
        error = calendar_subscribe_find(run, &feed);
    if (error)
        return error == ERR_INVALID ? 0 : error;
    error = feeds_drop(run->context->store, run->context->uid, feed->id);
    if (error && error != ERR_NOT_FOUND)
        return error;
    jdoc *one = subscription_doc(feed);
    if (!one)
        return ERR_NOMEM;
    if (!run_succeed(run, "The subscription to \"%s\" has ended, and its events are gone.",
            feed->name)) {
        jdoc_free(one);
        return ERR_NOMEM;
    }
    error = jdoc_set(run->result, "subscription", one);
    return error ? error : calendar_keep_result(run);
}

int calendar_preview_unsubscribe_calendar(struct tools_run *run)
{
    const struct feed *feed;
    int error = calendar_subscribe_find(run, &feed);
    const char *name = error ? NULL : preview_text(run->arena, feed->name, PREVIEW_TITLE);

    if (!error)
        error = name ? preview_say(run,
                           "end the subscription to the calendar %s; its events go "
                           "with it",
                           name) :
                       ERR_NOMEM;
    return error == ERR_INVALID ? 0 : error;
}
