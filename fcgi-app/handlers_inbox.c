/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/handlers.h"

#include "base/clock.h"
#include "base/err.h"
#include "store/inbox.h"

#include <inttypes.h>
#include <string.h>

#define HANDLERS_INBOX_PAGE 100
#define HANDLERS_MINUTE_MS 60000

/* handlers -- the user's inbox: reminders, timers, alerts. Api workers. */

static int handlers_no_entry(struct exchange *x)
{
    return problem_set(&x->problem, PROBLEM_NOT_FOUND, "No such entry in the inbox.");
}

int handlers_inbox_list(struct exchange *x)
{
    const char *after = request_query(&x->request, "after");
    int64_t limit = 0;
    int error = request_query_int(&x->request, "limit",
        &(struct request_bounds){50, 1, HANDLERS_INBOX_PAGE}, &limit, &x->problem);
    if (error < 0)
        return error;
    if (after && *after == '\0')
        after = NULL;
    exchange_json(x, 200);
    error = inbox_list(x->app->store, x->who.user, after, (size_t)limit, &x->reply.body);
    if (error == ERR_INVALID)
        return problem_field(&x->problem, "after", "after is not the id of an inbox entry.");
    return error;
}

int handlers_inbox_settle(struct exchange *x, const char *uid, const char *entry)
{
    int error = inbox_ack(x->app->store, uid, entry);
    if (error == ERR_NOT_FOUND)
        return handlers_no_entry(x);
    if (error < 0)
        return error;
    exchange_json(x, 200);
    buf_printf(&x->reply.body, "{\"id\":\"%s\",\"state\":\"acknowledged\"}", entry);
    return 0;
}

int handlers_inbox_ack(struct exchange *x)
{
    return handlers_inbox_settle(x, x->who.user, x->params[0]);
}

int handlers_inbox_postpone(struct exchange *x, const char *uid, const char *entry, int64_t minutes)
{
    char until[CLOCK_RFC3339_SIZE];
    if (minutes < 1 || minutes > INBOX_SNOOZE_MINUTES_MAX)
        return problem_limit(&x->problem, "minutes", INBOX_SNOOZE_MINUTES_MAX,
            "minutes must be a whole number, 1 to %d.", INBOX_SNOOZE_MINUTES_MAX);
    int64_t due = clock_real_ms() + minutes * HANDLERS_MINUTE_MS;
    int error = inbox_snooze(x->app->store, uid, entry, due);
    if (error == ERR_NOT_FOUND)
        return handlers_no_entry(x);
    if (error == ERR_FULL)
        return problem_set(&x->problem, PROBLEM_CONFLICT,
            "%d entries are snoozed already; acknowledge some.", INBOX_SNOOZED_MAX);
    if (error < 0)
        return error;
    clock_rfc3339(due, until);
    exchange_json(x, 200);
    buf_printf(&x->reply.body,
        "{\"id\":\"%s\",\"state\":\"snoozed\",\"snoozed_until\":\"%s\","
        "\"snoozed_until_ms\":%" PRId64 "}",
        entry, until, due);
    return 0;
}

int handlers_inbox_snooze(struct exchange *x)
{
    jdoc *body = NULL;
    int64_t minutes = 0;
    int error = request_json(&x->request, false, &body, &x->problem);
    if (error < 0)
        return error;
    if (jdoc_get_int(body, "minutes", &minutes) < 0)
        minutes = 0; /* refused as one that is out of bounds */
    return handlers_inbox_postpone(x, x->who.user, x->params[0], minutes);
}
