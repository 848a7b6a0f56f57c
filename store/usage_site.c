/* SPDX-License-Identifier: BSD-2-Clause */
/* The sums of the site: each process counts by itself, and adds what it has once a second. */
#include "store/usage.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/money.h"
#include "base/task.h"
#include "process/measure.h"
#include "store/keys.h"
#include "store/scripts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_MS 1000   /* between two calls */
#define WAIT_MS 10000 /* what is known longer than this is asked for anew, with waiting */
#define LOST_MS 15000 /* an answer that has not come by then never will */
#define END_MS 500    /* that the end of a process waits for the last one */
#define STEP_MS 20    /* of this wait */
#define WORDS 8
#define NUMBER_AT 10 /* in the reply: the number of the call */
#define WORD_SIZE 24
#define ACCOUNT_SIZE 176
#define USAGE_OF_SITE "site/"

/* ---- counting ---- */

static int64_t usage_more(int64_t now, int64_t before)
{
    return now > before ? now - before : 0;
}

void usage_site_add(struct store *s, struct usage_account *a)
{
    const struct usage_spent more = {usage_more(a->spent.tokens, a->told.tokens),
        usage_more(a->spent.micros, a->told.micros), usage_more(a->spent.assumed, a->told.assumed),
        usage_more(a->spent.unpriced, a->told.unpriced)};

    usage_spent_add(&s->site->pending, &more);
    a->told = a->spent;
}

void usage_site_message(struct store *s)
{
    s->site->pending_messages++;
}

static bool usage_site_has_more(const struct usage_site *site)
{
    return site->pending_messages || site->pending.tokens || site->pending.micros ||
        site->pending.assumed;
}

/* ---- the call ---- */

struct usage_site_words {
    char words[WORDS][WORD_SIZE], limits[ACCOUNT_SIZE];
    struct link_arg key, args[WORDS];
};

static bool usage_site_has_sent(const struct usage_site *site)
{
    static const struct usage_spent none;

    return site->sent_messages || memcmp(&site->sent, &none, sizeof none) != 0;
}

/* What a call that was lost had is sent again under its number; else what has come since. */
static void usage_site_take(struct usage_site *site)
{
    static const struct usage_spent none;

    if (usage_site_has_sent(site))
        return;
    site->sent = site->pending;
    site->sent_messages = site->pending_messages;
    site->pending = none;
    site->pending_messages = 0;
    site->number++;
}

static void usage_site_write(const struct store *s, struct usage_site_words *w)
{
    const struct usage_site *site = s->site;
    const int64_t numbers[] = {site->number, site->sent_messages, site->sent.tokens,
        site->sent.micros, site->sent.assumed, site->sent.unpriced};
    struct limits limits;
    size_t at = 0;

    limits_of_site(s->conf, &limits);
    for (size_t i = 0; i < LIMITS_CONNECTIONS && at < sizeof w->limits; i++)
        at += (size_t)snprintf(w->limits + at, sizeof w->limits - at, "%s%lld", i ? " " : "",
            (long long)limits.of[i]);
    w->key = link_text(KEYS_SHARED);
    w->args[0] = link_text(s->owner);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(w->words[i], WORD_SIZE, "%lld", (long long)numbers[i]);
        w->args[i + 1] = link_text(w->words[i]);
    }
    w->args[7] = link_text(w->limits);
}

static void usage_site_read_some(struct usage_site *site, const struct link_reply *all,
    bool of_site)
{
    for (size_t i = 0; i + 1 < link_reply_count(all) && site->set_count < USAGE_SET_MAX; i += 2) {
        const char *field = link_reply_text(link_reply_at(all, i), NULL);
        struct usage_set *set = &site->set[site->set_count];
        if (!strncmp(field, USAGE_OF_SITE, strlen(USAGE_OF_SITE)) != of_site)
            continue;
        snprintf(set->field, sizeof set->field, "%s", field);
        set->value = link_reply_int(link_reply_at(all, i + 1));
        site->set_count++;
    }
}

/* The site's own first: these must hold however many classes have some. */
static void usage_site_read_set(struct usage_site *site, const struct link_reply *all)
{
    site->set_count = 0;
    usage_site_read_some(site, all, true);
    usage_site_read_some(site, all, false);
    if (2 * site->set_count < link_reply_count(all))
        log_limited(LOG_LEVEL_ERROR,
            "%zu limits are set for the site and classes, and %d are read: write those of classes "
            "into limits.classes_file",
            link_reply_count(all) / 2, USAGE_SET_MAX);
}

static void usage_site_read(struct store *s, const struct link_reply *r)
{
    struct usage_site *site = s->site;
    int64_t *const numbers[] = {&site->minute, &site->minute_left_ms, &site->day_tokens,
        &site->day_money, &site->day_left_ms, &site->month_tokens, &site->month_money,
        &site->month_left_ms};
    const struct link_reply *warned = link_reply_at(r, 9);

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = link_reply_int(link_reply_at(r, i));
    usage_site_read_set(site, link_reply_at(r, 8));
    for (size_t i = 0; i < link_reply_count(warned); i++) {
        measure_count(MEASURE_LIMITS, "site_warning");
        log_warn("the site has used 80 %% or more of its limit %s: `turnpike limits` shows it",
            link_reply_text(link_reply_at(warned, i), NULL));
    }
    if (link_reply_int(link_reply_at(r, NUMBER_AT)) == site->number) {
        memset(&site->sent, 0, sizeof site->sent);
        site->sent_messages = 0;
    }
    site->known_ms = clock_mono_ms();
}

static void usage_site_on_reply(void *arg, int error, struct link_reply *r)
{
    struct store *s = arg;

    s->site->asking = false;
    if (!error && link_reply_type(r) == LINK_ARRAY)
        usage_site_read(s, r);
    link_reply_free(r);
}

static void usage_site_send(struct store *s)
{
    struct usage_site *site = s->site;
    struct usage_site_words w;
    struct link_arg words[WORDS + 1];
    const struct link_question question = {.script = &script_usage_site,
        .nkeys = 1,
        .args = words,
        .nargs = WORDS + 1,
        .on_reply = usage_site_on_reply,
        .arg = s};

    usage_site_take(site);
    usage_site_write(s, &w);
    words[0] = w.key;
    memcpy(words + 1, w.args, sizeof w.args);
    site->asked_ms = clock_mono_ms();
    if (link_is_attached(s->link)) /* a node that is away holds no turn up */
        site->asking = !link_ask(s->link, &question);
    else
        site->asking = !link_send_script(s->link, &script_usage_site,
            &(struct link_words){.keys = &w.key, .nkeys = 1, .args = w.args, .nargs = WORDS},
            usage_site_on_reply, s);
}

static void usage_site_call(struct store *s)
{
    struct link_reply *r = NULL;
    struct usage_site_words w;

    usage_site_take(s->site);
    usage_site_write(s, &w);
    s->site->asked_ms = clock_mono_ms();
    s->site->asking = true; /* other tasks do not ask meanwhile */
    if (link_script_call(s->link, &script_usage_site,
            &(struct link_words){.keys = &w.key, .nkeys = 1, .args = w.args, .nargs = WORDS}, &r))
        s->site->failed_ms = clock_mono_ms();
    else
        usage_site_read(s, r);
    s->site->asking = false;
    link_reply_free(r);
}

static bool usage_site_must_wait(const struct store *s, int64_t now)
{
    const struct usage_site *site = s->site;

    if (site->asking || (site->failed_ms && now - site->failed_ms < WAIT_MS))
        return false;
    return !site->known_ms || (!link_is_cluster(s->link) && now - site->known_ms >= WAIT_MS);
}

static bool usage_site_may_ask(const struct usage_site *site, int64_t now)
{
    return site->asking ? now - site->asked_ms >= LOST_MS :
                          !site->asked_ms || now - site->asked_ms >= ASK_MS;
}

void usage_site_ask(struct store *s)
{
    int64_t now = clock_mono_ms();

    if (!usage_site_may_ask(s->site, now))
        return;
    if (usage_site_must_wait(s, now))
        usage_site_call(s);
    else
        usage_site_send(s);
}

void usage_site_flush(struct store *s)
{
    if (usage_site_has_more(s->site) && usage_site_may_ask(s->site, clock_mono_ms()))
        usage_site_send(s);
}

void usage_site_end(struct store *s)
{
    const int64_t until = clock_mono_ms() + END_MS;

    while (
        (usage_site_has_more(s->site) || usage_site_has_sent(s->site)) && clock_mono_ms() < until) {
        if (!link_is_attached(s->link)) {
            usage_site_call(s);
            return;
        }
        if (!s->site->asking)
            usage_site_send(s);
        if (task_wait(s->reactor, clock_mono_ms() + STEP_MS, NULL) < 0)
            return;
    }
}

/* ---- what is known ---- */

static const char *usage_site_field(const struct usage_set *set, const char *cls)
{
    const char *kind = cls ? "class/" : USAGE_OF_SITE;
    size_t len = strlen(kind);

    if (strncmp(set->field, kind, len) != 0)
        return NULL;
    if (!cls)
        return set->field + len;
    if (strncmp(set->field + len, cls, strlen(cls)) != 0 || set->field[len + strlen(cls)] != '/')
        return NULL;
    return set->field + len + strlen(cls) + 1;
}

void usage_site_apply(const struct store *s, const char *cls, struct limits *limits)
{
    for (size_t i = 0; i < s->site->set_count && (!cls || *cls); i++) {
        const char *word = usage_site_field(&s->site->set[i], cls);
        enum limits_name name = word ? limits_find(word, strlen(word)) : LIMITS_COUNT;
        if (name != LIMITS_COUNT)
            limits->of[name] = s->site->set[i].value;
    }
}

void usage_site_over(const struct store *s, struct usage_over *out)
{
    const struct usage_site *site = s->site;
    const int64_t age = clock_mono_ms() - site->known_ms;
    const struct {
        enum limits_name name;
        int64_t used, left_ms;
    } sums[] = {
        {LIMITS_TOKENS_MONTH, site->month_tokens + site->pending.tokens, site->month_left_ms},
        {LIMITS_MONEY_MONTH, site->month_money, site->month_left_ms},
        {LIMITS_TOKENS_DAY, site->day_tokens + site->pending.tokens, site->day_left_ms},
        {LIMITS_MONEY_DAY, site->day_money, site->day_left_ms},
        {LIMITS_MESSAGES, site->minute + site->pending_messages, site->minute_left_ms},
    };
    struct limits limits;

    memset(out, 0, sizeof *out);
    limits_of_site(s->conf, &limits);
    usage_site_apply(s, NULL, &limits);
    for (size_t i = 0; i < sizeof sums / sizeof *sums && !out->set && site->known_ms; i++) {
        int64_t limit = limits.of[sums[i].name];
        if (!limit || sums[i].used < limit || age >= sums[i].left_ms)
            continue; /* or its window has ended since */
        *out = (struct usage_over){true, USAGE_SITE, sums[i].name, limit, sums[i].used,
            sums[i].left_ms - age};
    }
}
