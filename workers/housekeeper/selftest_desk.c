/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/housekeeper/selftest_desk.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/jdoc.h"
#include "base/log.h"
#include "fcgi-app/selftest.h"
#include "store/keys.h"
#include "store/scripts.h"
#include "tools/remote/dynamic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELFTEST_DESK_CLAIM "90000" /* ms; longer than a run takes */
#define SELFTEST_DESK_LOOK_MS 60000 /* between two looks whether one is due */
#define SELFTEST_DESK_RETRY_MS 2000 /* after Redis did not answer */
#define SELFTEST_DESK_TELL_MS 300   /* between two words on one that runs */

struct selftest_desk {
    struct store *store;
    struct reactor *reactor;
    struct selftest *test; /* NULL = none runs here */
    unsigned told;         /* selftest_changes when Redis was told */
    int64_t tell_ms, look_ms, retry_ms;
    bool asked;
};

int selftest_desk_new(struct selftest_desk **out, struct store *store, struct reactor *reactor)
{
    struct selftest_desk *d = calloc(1, sizeof *d);

    *out = d;
    if (!d)
        return ERR_NOMEM;
    d->store = store;
    d->reactor = reactor;
    return 0;
}

/* Unless it took so long that another housekeeper has claimed the next one. */
static void selftest_desk_unclaim(struct selftest_desk *d)
{
    const struct link_arg key = link_text(KEYS_SELFTEST_RUNNING),
                          owner = link_text(d->store->owner);

    err_ignore(link_script_call(d->store->link, &script_drop_own,
        &(struct link_words){.keys = &key, .nkeys = 1, .args = &owner, .nargs = 1}, NULL));
}

void selftest_desk_free(struct selftest_desk *d)
{
    if (!d)
        return;
    if (d->test) /* another one may begin at once */
        selftest_desk_unclaim(d);
    selftest_free(d->test);
    free(d);
}

void selftest_desk_wake(struct selftest_desk *d)
{
    d->asked = true;
}

/* When the last one began, real time; 0 = never. */
static int64_t selftest_desk_last(struct selftest_desk *d)
{
    struct link_reply *reply = NULL;
    jdoc *doc = NULL;
    size_t len;
    int64_t at = 0;

    if (link_command(d->store->link, &reply, "GET " KEYS_SELFTEST) == 0 &&
        link_reply_type(reply) == LINK_STRING) {
        const char *text = link_reply_text(reply, &len);

        if (jdoc_parse(text, len, &doc, NULL, 0) == 0 &&
            clock_parse_rfc3339(jdoc_text_or(doc, "at", ""), &at) != 0)
            at = 0;
    }
    jdoc_free(doc);
    link_reply_free(reply);
    return at;
}

static bool selftest_desk_is_due(struct selftest_desk *d, int64_t now)
{
    int64_t every = d->store->conf->selftest_every_ms;

    if (d->asked)
        return now >= d->retry_ms;
    if (every == 0 || now < d->look_ms)
        return false;
    d->look_ms = now + SELFTEST_DESK_LOOK_MS;
    return clock_real_ms() - selftest_desk_last(d) >= every;
}

static void selftest_desk_tell(struct selftest_desk *d, bool running)
{
    struct buf json = {0};

    selftest_json(d->test, running, &json);
    int error = buf_error(&json);
    if (error == 0)
        error = link_command(d->store->link, NULL, "SET " KEYS_SELFTEST " %b", json.data, json.len);
    if (error != 0)
        log_limited(LOG_LEVEL_WARN, "the self-test's findings cannot be stored: %s",
            err_text(error));
    buf_free(&json);
}

static void selftest_desk_begin(struct selftest_desk *d)
{
    struct link_reply *reply = NULL;

    int error = link_command(d->store->link, &reply,
        "SET " KEYS_SELFTEST_RUNNING " %s NX PX " SELFTEST_DESK_CLAIM, d->store->owner);
    bool mine = error == 0 && link_reply_type(reply) == LINK_STATUS;
    link_reply_free(reply);
    if (error != 0) { /* whoever asked is not forgotten for that */
        d->retry_ms = clock_mono_ms() + SELFTEST_DESK_RETRY_MS;
        return;
    }
    d->asked = false;
    if (!mine)
        return;
    error = selftest_new(&d->test, d->store, d->reactor, dynamic_servers());
    if (error == 0)
        return;
    log_error("the self-test cannot begin: %s", err_text(error));
    selftest_free(d->test);
    d->test = NULL;
    selftest_desk_unclaim(d);
}

static void selftest_desk_end(struct selftest_desk *d)
{
    size_t failed = 0;

    for (size_t i = 0; i < selftest_count(d->test); i++) {
        const struct selftest_check *c = selftest_at(d->test, i);

        if (c->state != SELFTEST_FAILED)
            continue;
        failed++;
        log_warn("self-test: %s: %s", c->name, c->why);
    }
    log_info("self-test: %zu of %zu checks failed", failed, selftest_count(d->test));
    selftest_desk_tell(d, false);
    selftest_free(d->test);
    d->test = NULL;
    selftest_desk_unclaim(d);
}

int64_t selftest_desk_step(struct selftest_desk *d, int64_t now)
{
    int64_t next;

    if (!d->test && selftest_desk_is_due(d, now))
        selftest_desk_begin(d);
    if (!d->test && d->asked)
        return d->retry_ms;
    if (!d->test)
        return d->store->conf->selftest_every_ms > 0 ? d->look_ms : INT64_MAX;
    if (selftest_step(d->test, now, &next)) {
        selftest_desk_end(d);
        return now;
    }
    if (selftest_changes(d->test) != d->told && now >= d->tell_ms) {
        d->told = selftest_changes(d->test);
        d->tell_ms = now + SELFTEST_DESK_TELL_MS;
        selftest_desk_tell(d, true);
    }
    return next;
}
