/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/kit/subscription.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

int subscription_address(const struct conf *conf, const char *text, struct arena *arena,
    const char **url, char why[SUBSCRIPTION_WHY_SIZE])
{
    static const char *const forms[] = {"webcal://", "webcals://"};
    char wrong[URL_WHY_SIZE];
    struct url u;

    *url = text;
    for (size_t i = 0; i < 2; i++)
        if (strncasecmp(text, forms[i], strlen(forms[i])) == 0)
            *url = arena_printf(arena, "https://%s", text + strlen(forms[i]));
    if (!*url)
        return ERR_NOMEM;
    if (strlen(*url) > FEEDS_URL_MAX) {
        snprintf(why, SUBSCRIPTION_WHY_SIZE, "has more than %d bytes", FEEDS_URL_MAX);
        return ERR_INVALID;
    }
    if (url_check(*url, strlen(*url), 0, &u, wrong)) {
        snprintf(why, SUBSCRIPTION_WHY_SIZE, "%s", wrong);
        return ERR_INVALID;
    }
    if (conf->tools_allow_private || (u.https && !url_names_private(&u)))
        return 0;
    snprintf(why, SUBSCRIPTION_WHY_SIZE,
        "must be an https or webcal address of the public internet");
    return ERR_INVALID;
}

int subscription_add(struct store *s, const char *uid, struct feeds_want *want, struct arena *arena,
    char id[IDENT_UUID_SIZE], bool *there)
{
    char wrong[URL_WHY_SIZE];
    struct feeds all;
    struct url u;
    bool known = false;
    int error = feeds_list(s, uid, arena, &all);

    for (size_t i = 0; !error && i < all.count; i++)
        known |= strcmp(all.all[i].url, want->url) == 0;
    if (!error && !want->name && !known &&
        url_check(want->url, strlen(want->url), 0, &u, wrong) == 0) {
        want->name = arena_printf(arena, "%.*s", (int)u.host_len, u.host);
        if (!want->name)
            return ERR_NOMEM;
    }
    return error ? error : feeds_add(s, uid, want, s->conf->calendar_subscriptions, id, there);
}

jdoc *subscription_doc(const struct feed *feed)
{
    char created[CLOCK_RFC3339_SIZE], at[CLOCK_RFC3339_SIZE];
    jdoc *doc = jdoc_new_object();

    if (!doc)
        return NULL;
    clock_rfc3339(feed->created_ms, created);
    int failed = jdoc_set_string(doc, "id", feed->id) | jdoc_set_string(doc, "url", feed->url) |
        jdoc_set_string(doc, "name", feed->name) | jdoc_set_string(doc, "state", feed->state) |
        jdoc_set_int(doc, "events", feed->events) | jdoc_set_int(doc, "left_out", feed->left) |
        jdoc_set_int(doc, "bytes", feed->bytes) | jdoc_set_string(doc, "created_at", created);
    if (*feed->color)
        failed |= jdoc_set_string(doc, "color", feed->color);
    if (*feed->why)
        failed |= jdoc_set_string(doc, "reason", feed->why);
    if (feed->fetched_ms) {
        clock_rfc3339(feed->fetched_ms, at);
        failed |= jdoc_set_string(doc, "refreshed_at", at);
    }
    if (strcmp(feed->state, "ended") != 0) {
        clock_rfc3339(feed->next_ms, at);
        failed |= jdoc_set_string(doc, "next_refresh_at", at);
    }
    if (!failed)
        return doc;
    jdoc_free(doc);
    return NULL;
}
