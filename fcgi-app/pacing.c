/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/pacing.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "process/pace.h"
#include "process/scoreboard.h"

#include <stdlib.h>
#include <string.h>

#define CREDENTIALS 1024 /* that a worker remembers; a newer one takes another's place */
#define SPREAD_MS 1000   /* those that wait go on over so long a time, not all at once */
#define BODY_MAX 65536   /* what is longer holds memory that others want */

/* As what the messages of a credential count that was found good, and then refused. */
struct pacing_known {
    unsigned long long credential, key;
};
static struct pacing_known known[CREDENTIALS];
static bool any_known; /* else nobody waits, and no credential is looked at */

/* A number that stands for what says who asks; 0 = nothing does. */
static unsigned long long pacing_credential(const struct request_source *source)
{
    static const char *const names[] = {"HTTP_AUTHORIZATION", "HTTP_X_API_KEY", "HTTP_COOKIE",
        "HTTP_X_DEV_USER"};
    unsigned long long all = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = source->param(source->arg, names[i]);

        if (text && *text)
            all ^= pace_key(scoreboard_owner(text), (unsigned)i);
    }
    return all;
}

static struct pacing_known *pacing_place(unsigned long long credential)
{
    return &known[credential % CREDENTIALS];
}

/* An API key has limits of its own, beside its user's. */
static unsigned long long pacing_key(const struct exchange *x, enum routes_rate rate)
{
    const unsigned long long user = scoreboard_owner(x->who.user);

    return pace_key(x->who.key[0] ? user ^ scoreboard_owner(x->who.key) : user, rate);
}

/* Turn workers; api workers have nothing that could wait. */
static void pacing_learn(const struct exchange *x)
{
    const unsigned long long credential =
        x->app->turns && !x->request.internal ? pacing_credential(x->request.source) : 0;

    if (!credential)
        return;
    *pacing_place(credential) = (struct pacing_known){credential, pacing_key(x, ROUTES_RATE_CHAT)};
    any_known = true;
}

/* Another session of the user may have room. */
static bool pacing_counts(enum problem_code code)
{
    return problem_kind(code)->status == 429 && code != PROBLEM_QUEUE_FULL;
}

int pacing_check(struct exchange *x, const struct routes_row *row)
{
    const char *internal = x->request.internal;
    struct pace_refusal last;
    int64_t left;

    if (internal && strcmp(internal, "stream") != 0)
        return 0;
    x->pace = pacing_key(x, row->rate);
    left = pace_left(x->pace, clock_mono_ms(), &last);
    if (left <= 0)
        return 0;
    x->pace = 0; /* no new reason */
    pacing_learn(x);
    problem_set(&x->problem, (enum problem_code)last.code,
        "So many requests of this user were refused within a second that this one was not looked "
        "at. Nothing was accepted.");
    x->problem.has_limit = last.has_limit;
    x->problem.limit = last.limit;
    x->problem.retry_after_ms = last.retry_ms > left ? last.retry_ms : left;
    return ERR_RATE;
}

void pacing_answered(const struct exchange *x)
{
    const struct pace_refusal refusal = {.code = x->problem.code,
        .has_limit = x->problem.has_limit,
        .limit = x->problem.limit,
        .retry_ms = x->problem.retry_after_ms};

    if (!x->pace || !x->problem.set || !pacing_counts(x->problem.code))
        return;
    pace_refused(x->pace, &refusal, clock_mono_ms());
    pacing_learn(x);
}

int64_t pacing_wait(const struct request_source *source)
{
    const char *length = source->param(source->arg, "CONTENT_LENGTH");
    const char *path = source->param(source->arg, "DOCUMENT_URI");
    unsigned long long credential;
    const struct pacing_known *place;
    int64_t left;

    if (!any_known || source->param(source->arg, "TP_INTERNAL") ||
        (path && strstr(path, "/voice/")) || (length && strtoll(length, NULL, 10) > BODY_MAX))
        return 0;
    credential = pacing_credential(source);
    place = pacing_place(credential);
    left = credential && place->credential == credential ?
        pace_left(place->key, clock_mono_ms(), NULL) :
        0;
    return left > 0 ? backoff_spread(left + SPREAD_MS, SPREAD_MS) : 0;
}
