/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/err.h"
#include "base/utf8.h"
#include "store/feeds.h"
#include "tools/kit/subscription.h"

#include <string.h>

/* handlers -- calendars at addresses that a user has subscribed to (store/feeds.h). Api workers. */

static int handlers_subscriptions_all(struct exchange *x, struct feeds *all)
{
    return feeds_list(x->app->store, x->who.user, x->arena, all);
}

static int handlers_subscriptions_put(struct exchange *x, const struct feed *feed)
{
    jdoc *doc = subscription_doc(feed);

    if (!doc)
        return ERR_NOMEM;
    jdoc_write(doc, &x->reply.body);
    jdoc_free(doc);
    return buf_error(&x->reply.body);
}

int handlers_subscriptions_list(struct exchange *x)
{
    struct feeds all;
    int error = handlers_subscriptions_all(x, &all);

    if (error)
        return error;
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"subscriptions\":[");
    for (size_t i = 0; !error && i < all.count; i++) {
        buf_puts(&x->reply.body, i > 0 ? "," : "");
        error = handlers_subscriptions_put(x, &all.all[i]);
    }
    buf_puts(&x->reply.body, "]}");
    return error;
}

static int handlers_subscriptions_url(struct exchange *x, const jdoc *body, const char **url)
{
    char why[SUBSCRIPTION_WHY_SIZE];
    const char *text = NULL;
    size_t len = 0;

    if (jdoc_get_string(body, "url", &text, &len) < 0 || strlen(text) != len)
        return problem_field(&x->problem, "url", "url must be a text.");
    if (len > FEEDS_URL_MAX)
        return problem_limit(&x->problem, "url", FEEDS_URL_MAX,
            "url has %zu bytes; %d are allowed.", len, FEEDS_URL_MAX);
    int error = subscription_address(x->app->conf, text, x->arena, url, why);
    return error == ERR_INVALID ? problem_field(&x->problem, "url", "url %s.", why) : error;
}

static int handlers_subscriptions_name(struct exchange *x, const jdoc *body, const char **name)
{
    size_t len = 0;
    int error = jdoc_get_string(body, "name", name, &len);

    if (error == ERR_NOT_FOUND)
        return 0;
    if (error < 0 || strlen(*name) != len || utf8_blank(*name, len) ||
        len > (size_t)FEEDS_NAME_MAX * 4 || utf8_length(*name, len) > FEEDS_NAME_MAX)
        return problem_limit(&x->problem, "name", FEEDS_NAME_MAX,
            "name must be a text of 1 to %d characters.", FEEDS_NAME_MAX);
    return 0;
}

static int handlers_subscriptions_color(struct exchange *x, const jdoc *body, const char **color)
{
    size_t len = 0;
    int error = jdoc_get_string(body, "color", color, &len);

    if (error == ERR_NOT_FOUND)
        return 0;
    if (error < 0 || len != 7 || **color != '#' ||
        strspn(*color + 1, "0123456789abcdefABCDEF") != 6)
        return problem_field(&x->problem, "color", "color must be a colour such as #2b7de9.");
    return 0;
}

static int handlers_subscriptions_answer(struct exchange *x, const char *id, int status)
{
    struct feeds all;
    int error = handlers_subscriptions_all(x, &all);

    for (size_t i = 0; !error && i < all.count; i++)
        if (strcmp(all.all[i].id, id) == 0) {
            exchange_json(x, status);
            return handlers_subscriptions_put(x, &all.all[i]);
        }
    return error ? error : problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such subscription.");
}

int handlers_subscriptions_add(struct exchange *x)
{
    const int64_t most = x->app->conf->calendar_subscriptions;
    struct feeds_want want = {0};
    char id[IDENT_UUID_SIZE];
    jdoc *body = NULL;
    bool there = false;
    int error = request_json(&x->request, false, &body, &x->problem);

    if (!error && most == 0)
        return problem_set(&x->problem, PROBLEM_FORBIDDEN,
            "This service takes no subscriptions to calendars (calendar.subscriptions).");
    if (!error)
        error = handlers_subscriptions_url(x, body, &want.url);
    if (!error)
        error = handlers_subscriptions_name(x, body, &want.name);
    if (!error)
        error = handlers_subscriptions_color(x, body, &want.color);
    if (!error)
        error = subscription_add(x->app->store, x->who.user, &want, x->arena, id, &there);
    if (error == ERR_FULL)
        return problem_limit(&x->problem, "url", most,
            "You have %lld subscriptions; so many are allowed.", (long long)most);
    return error ? error : handlers_subscriptions_answer(x, id, there ? 200 : 201);
}

int handlers_subscriptions_drop(struct exchange *x)
{
    int error = feeds_drop(x->app->store, x->who.user, x->params[0]);

    if (error == ERR_NOT_FOUND)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such subscription.");
    if (error)
        return error;
    exchange_json(x, 200);
    buf_printf(&x->reply.body, "{\"id\":\"%s\",\"deleted\":true}", x->params[0]);
    return 0;
}
