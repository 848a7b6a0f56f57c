/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/url.h"
#include "base/utf8.h"
#include "fcgi-app/needs.h"
#include "process/webpush.h"
#include "store/pushes.h"

#include <string.h>

#define HANDLERS_SNOOZE_MINUTES 10

/* handlers -- web pushes: browsers that subscribe, and what notifications answer. Api workers. */

/* The site's key, for one request: parsing it takes less time than the request itself. */
static int handlers_webpush_key(struct exchange *x, struct webpush_key **key)
{
    *key = NULL;
    if (*x->app->conf->push_key == '\0')
        return problem_set(&x->problem, PROBLEM_NO_PUSH, "The setting push.key is empty.");
    int error = webpush_key_read(x->app->conf->push_key, key);
    if (error == ERR_INVALID)
        return problem_set(&x->problem, PROBLEM_NO_PUSH, "The setting push.key holds no key.");
    return error;
}

/* ---- subscriptions ---- */

/* The same opinion as of webhooks; what only the connection can show ends the subscription. */
static int handlers_webpush_endpoint(struct exchange *x, const jdoc *body, const char **out)
{
    struct url u;
    char why[URL_WHY_SIZE];
    size_t len = 0;
    if (jdoc_get_string(body, "endpoint", out, &len) < 0)
        return problem_field(&x->problem, "endpoint", "endpoint must be a text.");
    if (len > PUSHES_ENDPOINT_MAX)
        return problem_limit(&x->problem, "endpoint", PUSHES_ENDPOINT_MAX,
            "endpoint has %zu bytes; %d are allowed.", len, PUSHES_ENDPOINT_MAX);
    if (url_check(*out, len, 0, &u, why) < 0)
        return problem_field(&x->problem, "endpoint", "endpoint %s.", why);
    if (x->app->conf->push_allow_private)
        return 0;
    if (!u.https || url_names_private(&u))
        return problem_field(&x->problem, "endpoint",
            "endpoint must be an https address of the public internet.");
    return 0;
}

static int handlers_webpush_keys(struct exchange *x, const jdoc *body)
{
    const jdoc *keys = jdoc_get(body, "keys");
    struct webpush_receiver to;
    if (webpush_receiver_read(jdoc_text_or(keys, "p256dh", ""), jdoc_text_or(keys, "auth", ""),
            &to) == 0)
        return 0;
    return problem_field(&x->problem, "keys",
        "keys must be those of a PushSubscription: p256dh, a point of P-256, and auth, 16 bytes.");
}

static bool handlers_webpush_is_event(const jdoc *name)
{
    static const char *const events[] = {"reminders", "approvals", "answers"};
    const char *text = jdoc_string(name, NULL);
    for (size_t i = 0; text && i < sizeof events / sizeof *events; i++)
        if (strcmp(text, events[i]) == 0)
            return true;
    return false;
}

static int handlers_webpush_put_events(struct exchange *x, const jdoc *body, struct buf *out)
{
    const jdoc *events = jdoc_get(body, "events");
    size_t count = jdoc_length(events);
    bool good = !events || (jdoc_type(events) == JDOC_ARRAY && count > 0 && count <= 3);
    for (size_t i = 0; good && i < count; i++)
        good = handlers_webpush_is_event(jdoc_at(events, i));
    if (!good)
        return problem_field(&x->problem, "events",
            "events must be a list of reminders, approvals, answers.");
    buf_puts(out, ",\"events\":");
    if (events)
        jdoc_write(events, out);
    else
        buf_puts(out, "[\"reminders\",\"approvals\"]");
    return 0;
}

static int handlers_webpush_put_name(struct exchange *x, const jdoc *body, struct buf *out)
{
    const char *name = NULL;
    size_t len = 0;
    int error = jdoc_get_string(body, "name", &name, &len);
    if (error == ERR_NOT_FOUND)
        return 0;
    if (error < 0 || len > PUSHES_NAME_MAX || strlen(name) != len)
        return problem_limit(&x->problem, "name", PUSHES_NAME_MAX,
            "name must be a text of at most %d bytes.", PUSHES_NAME_MAX);
    if (!utf8_blank(name, len))
        buf_json_member(out, "name", name);
    return 0;
}

/* When the browser says that its subscription ends; most say null. */
static int handlers_webpush_put_end(struct exchange *x, const jdoc *body, struct buf *out)
{
    const jdoc *ends = jdoc_get(body, "expirationTime");
    int64_t ends_ms = 0;

    if (jdoc_type(ends) == JDOC_NULL)
        return 0;
    if (jdoc_get_int(body, "expirationTime", &ends_ms) < 0 || ends_ms <= clock_real_ms())
        return problem_field(&x->problem, "expirationTime",
            "expirationTime must be null or a time to come, in milliseconds since 1970.");
    buf_printf(out, ",\"ends_ms\":%lld", (long long)ends_ms);
    return 0;
}

/* The subscription as it is stored (store/pushes.h). */
static int handlers_webpush_compose(struct exchange *x, const jdoc *body, const char *endpoint,
    struct buf *out)
{
    const jdoc *keys = jdoc_get(body, "keys");
    char mark[AUTH_MARK_SIZE];
    auth_mark_write(&x->who.mark, mark);
    buf_printf(out, "{\"confirmed_ms\":%lld", (long long)clock_real_ms());
    buf_json_member(out, "endpoint", endpoint);
    buf_json_member(out, "by", mark);
    buf_json_member(out, "p256dh", jdoc_text_or(keys, "p256dh", ""));
    buf_json_member(out, "auth", jdoc_text_or(keys, "auth", ""));
    int error = handlers_webpush_put_events(x, body, out);
    if (error == 0)
        error = handlers_webpush_put_name(x, body, out);
    if (error == 0)
        error = handlers_webpush_put_end(x, body, out);
    buf_putc(out, '}');
    return error ? error : buf_error(out);
}

static int handlers_webpush_store(struct exchange *x, const jdoc *body, const char *endpoint)
{
    char id[PUSHES_ID_SIZE];
    struct buf json = {0};
    pushes_id(x->who.user, endpoint, id);
    int error = handlers_webpush_compose(x, body, endpoint, &json);
    if (error == 0)
        error = pushes_subscribe(x->app->store, x->who.user, id, buf_text(&json));
    buf_free(&json);
    if (error != 0)
        return error;
    exchange_json(x, 201);
    buf_printf(&x->reply.body, "{\"id\":\"%s\"}", id);
    return 0;
}

int handlers_push_subscribe(struct exchange *x)
{
    struct webpush_key *key;
    const char *endpoint = NULL;
    jdoc *body = NULL;
    /* Besides the scope of the route: pushes tell what the inbox has. */
    int error = needs_check(x, SCOPE_READ);
    if (error != 0 || (error = handlers_webpush_key(x, &key)) != 0)
        return error;
    webpush_key_free(key);
    if ((error = request_json(&x->request, false, &body, &x->problem)) < 0 ||
        (error = handlers_webpush_endpoint(x, body, &endpoint)) < 0 ||
        (error = handlers_webpush_keys(x, body)) < 0)
        return error;
    return handlers_webpush_store(x, body, endpoint);
}

int handlers_push_list(struct exchange *x)
{
    size_t count;
    exchange_json(x, 200);
    buf_puts(&x->reply.body, "{\"subscriptions\":[");
    int error = pushes_list(x->app->store, x->who.user, &x->reply.body, &count);
    buf_puts(&x->reply.body, "]}");
    return error;
}

int handlers_push_unsubscribe(struct exchange *x)
{
    int error = pushes_forget(x->app->store, x->who.user, x->params[0]);
    if (error == ERR_NOT_FOUND)
        return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such subscription.");
    if (error != 0)
        return error;
    exchange_json(x, 200);
    buf_printf(&x->reply.body, "{\"id\":\"%s\",\"deleted\":true}", x->params[0]);
    return 0;
}

/* ---- what a notification answers: its token is its credential ---- */

int handlers_push_act(struct exchange *x)
{
    char uid[IDENT_USER_MAX + 1] = "", entry[WEBPUSH_ENTRY_SIZE] = "";
    struct webpush_key *key;
    jdoc *body = NULL;
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error == 0)
        error = handlers_webpush_key(x, &key);
    if (error != 0)
        return error;
    const char *action = jdoc_text_or(body, "action", "");
    bool snooze = strcmp(action, "snooze") == 0;
    error = webpush_act_read(key, jdoc_text_or(body, "token", ""), clock_real_ms(), uid, entry);
    webpush_key_free(key);
    if (error != 0) {
        problem_set(&x->problem, PROBLEM_UNAUTHENTICATED,
            "The token is no notification's, or its time is over.");
        return ERR_AUTH;
    }
    if (!snooze && strcmp(action, "ack") != 0)
        return problem_field(&x->problem, "action", "action must be ack or snooze.");
    return snooze ? handlers_inbox_postpone(x, uid, entry,
                        jdoc_int_or(body, "minutes", HANDLERS_SNOOZE_MINUTES)) :
                    handlers_inbox_settle(x, uid, entry);
}
