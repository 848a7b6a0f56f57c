/* SPDX-License-Identifier: BSD-2-Clause */
#include "fcgi-app/selftest_parts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log_hide.h"
#include "base/utf8.h"
#include "process/machine.h"
#include "process/webpush.h"
#include "tools/kit/gazetteer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELFTEST_WHY_BODY 100 /* bytes of an answer that a failure shows */

const char *selftest_state_name(enum selftest_state state)
{
    static const char *const names[] = {"waiting", "running", "ok", "failed", "not_configured"};

    return names[state];
}

/* ---- the end of a check ---- */

/* Services write what they like, and repeat the key that they were sent: one line, no control
 * characters, no secret of the settings. */
static void selftest_put_why(char out[200], const char *text)
{
    snprintf(out, 200, "%s", text);
    log_hide_in(out);
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            *p = ' ';
    size_t len = strlen(out);
    while (len > 0 && !utf8_valid(out, len))
        out[--len] = '\0';
}

void selftest_end(struct selftest_job *job, enum selftest_state state, const char *why)
{
    job->check.state = state;
    job->check.ms = clock_mono_ms() - job->begun_ms;
    selftest_put_why(job->check.why, why ? why : "");
    job->test->changes++;
}

void selftest_fault(struct selftest_job *job, int error)
{
    selftest_end(job, SELFTEST_FAILED, err_text(error));
}

void selftest_refused(struct selftest_job *job, const struct http_result *result)
{
    char why[200];

    if (result->error || !result->status)
        snprintf(why, sizeof why, "%s", *result->why ? result->why : err_text(result->error));
    else
        snprintf(why, sizeof why, "status %ld: %.*s", result->status, SELFTEST_WHY_BODY,
            buf_text(&job->body));
    selftest_end(job, SELFTEST_FAILED, why);
}

static void selftest_release(struct selftest_job *job)
{
    if (job->transfer)
        http_cancel(job->transfer);
    job->transfer = NULL;
    if (job->has_run) {
        if (!job->run.done)
            tools_cancel(&job->run);
        tools_fini(&job->run);
    }
    job->has_run = false;
    selftest_model_fini(job);
    selftest_mcp_fini(job);
    buf_free(&job->body);
    if (job->arena)
        arena_free(job->arena);
    job->arena = NULL;
}

/* ---- what this machine has itself ---- */

static void selftest_redis_begin(struct selftest_job *job)
{
    int error = store_ping(job->test->store, NULL);

    if (!error)
        error = store_writable(job->test->store);
    if (error)
        selftest_fault(job, error);
    else
        selftest_end(job, SELFTEST_OK, NULL);
}

static void selftest_gazetteer_begin(struct selftest_job *job)
{
    int error = gazetteer_open(job->test->conf.gazetteer_file);

    if (error)
        selftest_end(job,
            error == ERR_NOT_CONFIGURED && !*job->test->conf.gazetteer_file ?
                SELFTEST_NOT_CONFIGURED :
                SELFTEST_FAILED,
            err_text(error));
    else
        selftest_end(job, SELFTEST_OK, NULL);
}

static void selftest_push_begin(struct selftest_job *job)
{
    struct webpush_key *key = NULL;
    int error = webpush_key_read(job->test->conf.push_key, &key);

    webpush_key_free(key);
    if (error)
        selftest_end(job, SELFTEST_FAILED, "push.key cannot be read.");
    else
        selftest_end(job, SELFTEST_OK, NULL);
}

/* ---- the list ---- */

static int selftest_add(struct selftest *t, const char *prefix, const struct selftest_row *row,
    selftest_begin_fn *begin)
{
    if (t->count == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 32;
        struct selftest_job *jobs = realloc(t->jobs, cap * sizeof *jobs);

        if (!jobs)
            return ERR_NOMEM;
        t->jobs = jobs;
        t->cap = cap;
    }
    struct selftest_job *job = &t->jobs[t->count++];
    *job = (struct selftest_job){.test = t, .begin = begin, .what = row->what};
    job->check.kind = row->kind;
    job->check.state = row->configured ? SELFTEST_WAITING : SELFTEST_NOT_CONFIGURED;
    snprintf(job->check.name, sizeof job->check.name, "%s%s", prefix, row->name);
    return 0;
}

/* The models of the chain; each once. */
static int selftest_add_models(struct selftest *t)
{
    int error = 0;

    for (const char *p = t->conf.providers; !error && *(p += strspn(p, " ,\t")) != '\0';) {
        size_t len = strcspn(p, " ,\t");
        const struct provider *provider = provider_find(p, len);

        if (provider)
            error = selftest_add(t, "model ",
                &(struct selftest_row){provider->name, "model", provider, true},
                selftest_model_begin);
        p += len;
    }
    return error;
}

static int selftest_add_all(struct selftest *t, const struct mcp_servers *servers)
{
    struct selftest_row row;
    int error = selftest_add(t, "", &(struct selftest_row){"Redis", "base", NULL, true},
        selftest_redis_begin);

    if (!error)
        error = selftest_add(t, "", &(struct selftest_row){"place names", "base", NULL, true},
            selftest_gazetteer_begin);
    if (!error)
        error = selftest_add(t, "",
            &(struct selftest_row){"key of web pushes", "base", NULL, *t->conf.push_key != '\0'},
            selftest_push_begin);
    if (!error)
        error = selftest_add_models(t);
    for (size_t i = 0; !error && selftest_tool_row(&t->conf, i, &row); i++)
        error = selftest_add(t, "", &row, selftest_tool_begin);
    for (size_t i = 0; !error && selftest_web_row(&t->conf, i, &row); i++)
        error = selftest_add(t, "", &row, selftest_web_begin);
    for (size_t i = 0; !error && servers && i < servers->count; i++)
        error = selftest_add(t, "MCP server ",
            &(struct selftest_row){servers->list[i].name, "mcp", &servers->list[i], true},
            selftest_mcp_begin);
    return error;
}

int selftest_new(struct selftest **out, struct store *store, struct reactor *reactor,
    const struct mcp_servers *servers)
{
    struct selftest *t = calloc(1, sizeof *t);
    int error = t ? http_new(&t->http, reactor) : ERR_NOMEM;

    *out = t;
    if (error)
        return error;
    t->store = store;
    t->reactor = reactor;
    t->conf = *store->conf;
    t->conf.responses_background = false; /* nobody would go on with it */
    t->check_ms = SELFTEST_CHECK_MS;
    t->began_ms = clock_real_ms();
    t->until_ms = clock_mono_ms() + SELFTEST_ALL_MS;
    t->tools = (struct tools_context){.conf = &t->conf,
        .store = store,
        .http = t->http,
        .reactor = reactor,
        .uid = "turnpike-selftest",
        .zone = "UTC",
        .locale = "",
        .currency = t->conf.default_currency,
        .now_ms = t->began_ms};
    return selftest_add_all(t, servers);
}

void selftest_within(struct selftest *t, int64_t ms)
{
    t->check_ms = ms < SELFTEST_CHECK_MS ? ms : SELFTEST_CHECK_MS;
}

void selftest_free(struct selftest *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        selftest_release(&t->jobs[i]);
    http_free(t->http);
    free(t->jobs);
    free(t);
}

/* ---- its pace ---- */

static void selftest_begin(struct selftest_job *job, int64_t now)
{
    job->check.state = SELFTEST_RUNNING;
    job->begun_ms = now;
    job->test->changes++;
    job->arena = arena_new();
    if (job->arena)
        job->begin(job);
    else
        selftest_fault(job, ERR_NOMEM);
}

/* What its callbacks left to be done outside of them, and its time. */
static void selftest_look(struct selftest_job *job, int64_t now)
{
    if (job->has_run && job->check.state == SELFTEST_RUNNING && !job->run.done)
        tools_go_on(&job->run);
    if (job->check.state == SELFTEST_RUNNING && now >= job->begun_ms + job->test->check_ms)
        selftest_end(job, SELFTEST_FAILED, "There was no answer in time.");
    if (job->check.state != SELFTEST_RUNNING)
        selftest_release(job);
}

bool selftest_step(struct selftest *t, int64_t now, int64_t *next_ms)
{
    size_t running = 0, waiting = 0;

    *next_ms = now + 1000;
    for (size_t i = 0; i < t->count; i++) {
        struct selftest_job *job = &t->jobs[i];

        if (job->check.state == SELFTEST_RUNNING || job->arena)
            selftest_look(job, now);
        running += job->check.state == SELFTEST_RUNNING;
    }
    for (size_t i = 0; i < t->count; i++) {
        struct selftest_job *job = &t->jobs[i];

        if (job->check.state != SELFTEST_WAITING)
            continue;
        if (now >= t->until_ms) {
            job->begun_ms = now;
            selftest_end(job, SELFTEST_FAILED, "The self-test's time was over.");
        } else if (running < SELFTEST_AT_ONCE) {
            selftest_begin(job, now);
            running += job->check.state == SELFTEST_RUNNING;
            *next_ms = now; /* one that ended at once makes room */
        } else {
            waiting++;
        }
    }
    return running == 0 && waiting == 0;
}

/* ---- what it says ---- */

unsigned selftest_changes(const struct selftest *t)
{
    return t->changes;
}

size_t selftest_count(const struct selftest *t)
{
    return t->count;
}

const struct selftest_check *selftest_at(const struct selftest *t, size_t i)
{
    return &t->jobs[i].check;
}

void selftest_json(const struct selftest *t, bool running, struct buf *out)
{
    char at[CLOCK_RFC3339_SIZE], machine[MACHINE_OWNER_SIZE];

    machine_owner_of(t->store->conf, "", 0, machine);
    machine[strcspn(machine, "/")] = '\0';
    clock_rfc3339(t->began_ms, at);
    buf_printf(out, "{\"at\":\"%s\"", at);
    buf_json_member(out, "machine", machine);
    buf_printf(out, ",\"running\":%s,\"checks\":[", running ? "true" : "false");
    for (size_t i = 0; i < t->count; i++) {
        const struct selftest_check *c = &t->jobs[i].check;

        buf_puts(out, i ? ",{\"name\":" : "{\"name\":");
        buf_json_text(out, c->name);
        buf_json_member(out, "kind", c->kind);
        buf_json_member(out, "state", selftest_state_name(c->state));
        buf_json_member(out, "why", *c->why ? c->why : NULL);
        if (c->state == SELFTEST_OK || c->state == SELFTEST_FAILED)
            buf_printf(out, ",\"ms\":%lld", (long long)c->ms);
        buf_putc(out, '}');
    }
    buf_puts(out, "]}");
}
