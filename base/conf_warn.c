/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * conf_warn -- settings that are valid and still do not fit together: what is not used, what is
 * never reached, what is for tests. A new doubt is a function with its row of conf_doubts, or a row
 * of one of the tables..
 */

struct conf_telling {
    const struct conf *conf;
    conf_problem_fn *fn;
    void *arg;
};

__attribute__((format(printf, 2, 3))) static void conf_warn(const struct conf_telling *t,
    const char *format, ...)
{
    char why[CONF_WHY_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    conf_tell(t->conf, t->fn, t->arg, true, why);
}

/* ---- what is not used ---- */

static void conf_doubt_redis(const struct conf_telling *t)
{
    static const char *const names[] = {"redis.host", "redis.port", "redis.socket"};
    const struct conf *c = t->conf;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!conf_is_set(c, names[i]))
            continue;
        if (*c->redis_sentinels)
            conf_warn(t, "%s: is not used, as redis.sentinels names the server", names[i]);
        else if (i < 2 && *c->redis_socket)
            conf_warn(t,
                "%s: is not used while redis.socket is %.100s; write `redis.socket =` for it",
                names[i], c->redis_socket);
    }
}

static void conf_doubt_jwt(const struct conf_telling *t)
{
    const struct conf *c = t->conf;
    bool secret = conf_list_has(c->jwt_algorithm, "HS256");
    bool public = *c->jwt_jwks_url || (*c->jwt_algorithm && !secret);
    const struct {
        const char *name, *value;
        bool used;
        const char *instead;
    } rows[] = {
        {"jwt.secret", c->jwt_secret, secret, "jwt.algorithm does not name HS256"},
        {"jwt.keys_dir", c->jwt_keys_dir, *c->jwt_algorithm && !secret,
            "jwt.algorithm names no algorithm with public keys"},
        {"jwt.audience", c->jwt_audience, secret || public, "no tokens are accepted"},
        {"jwt.issuer", c->jwt_issuer, secret || public, "no tokens are accepted"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (*rows[i].value && !rows[i].used)
            conf_warn(t, "%s: is not used, as %s", rows[i].name, rows[i].instead);
}

static void conf_doubt_providers(const struct conf_telling *t)
{
    const struct conf *c = t->conf;
    const struct {
        const char *name, *key;
    } rows[] = {{"anthropic", c->anthropic_key}, {"openai", c->openai_key},
        {"responses", c->responses_key}};
    char title[32];

    snprintf(title, sizeof title, "%.*s", (int)strcspn(c->title_model, ":"), c->title_model);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (*rows[i].key && !conf_list_has(c->providers, rows[i].name) &&
            strcmp(title, rows[i].name) != 0)
            conf_warn(t, "%s.key: is not used, as model.chain does not name %s", rows[i].name,
                rows[i].name);
}

/* A setting that says something of another one, which is empty. */
static void conf_doubt_alone(const struct conf_telling *t)
{
    const struct conf *c = t->conf;
    const struct {
        const char *name, *value, *of, *needed;
    } rows[] = {
        {"search.key", c->search_key, "search.url", c->search_url},
        {"prices.key", c->prices_key, "prices.url", c->prices_url},
        {"weather.key", c->weather_key, "weather.url", c->weather_url},
        {"fuel.key", c->fuel_key, "fuel.url", c->fuel_url},
        {"ocr.key", c->ocr_key, "ocr.url", c->ocr_url},
        {"roads.key", c->roads_key, "roads.url", c->roads_url},
        {"videos.key", c->videos_key, "videos.url", c->videos_url},
        {"voice.key", c->voice_key, "voice.url", c->voice_url},
        {"push.subject", c->push_subject, "push.key", c->push_key},
        {"page.tiles_attribution", c->page_tiles_attribution, "page.tiles_url", c->page_tiles_url},
        {"page.sign_out_url", c->page_sign_out_url, "auth.cookie", c->auth_cookie},
        {"redis.sentinel_password", c->redis_sentinel_password, "redis.sentinels",
            c->redis_sentinels},
        {"jwt.secret_previous", c->jwt_secret_previous, "jwt.secret", c->jwt_secret},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (*rows[i].value && !*rows[i].needed)
            conf_warn(t, "%s: is not used, as %s is empty", rows[i].name, rows[i].of);
}

/* ---- what is never reached ---- */

static void conf_doubt_times(const struct conf_telling *t)
{
    const struct conf *c = t->conf;
    const struct {
        const char *shorter;
        int64_t ms;
        const char *longer;
        int64_t most;
        const char *what;
    } rows[] = {
        {"tool.process_ms", c->tool_process_ms, "tool.process_wait", c->tool_process_wait_ms,
            "one slow call makes the calls behind it fail"},
        {"approval.time", c->approval_ms, "keep.turns", c->turn_keep_ms,
            "an approval outlives the turn that asked for it"},
        {"redis.timeout", c->redis_timeout_ms, "lease", c->lease_ms,
            "a turn loses its lease while its worker waits for Redis"},
        {"model.summary_time", c->model_summary_ms, "turn.time", c->turn_ms,
            "a summary takes the time of the whole turn"},
        {"model.first_byte", c->model_first_ms, "turn.time", c->turn_ms,
            "no other provider gets its turn"},
        {"title.time", c->title_ms, "keep.turns", c->turn_keep_ms, "no title comes in time"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].ms >= rows[i].most)
            conf_warn(t, "%s: is not below %s, so that %s", rows[i].shorter, rows[i].longer,
                rows[i].what);
}

static void conf_doubt_sizes(const struct conf_telling *t)
{
    const struct conf *c = t->conf;

    if (c->turn_workers > c->turn_seats)
        conf_warn(t, "turn.workers: %lld processes share %lld turns (turn.seats): some have none",
            (long long)c->turn_workers, (long long)c->turn_seats);
    if (c->attachments_body < c->body_max)
        conf_warn(t, "attachments.body: is below http.body, which counts then");
    if (c->attachments_message && c->attachments_memory < c->attachments_body)
        conf_warn(t,
            "attachments.memory: is below attachments.body: the largest message is refused");
}

/* ---- what is for tests ---- */

static void conf_doubt_tests(const struct conf_telling *t)
{
    const struct conf *c = t->conf;
    const struct {
        const char *name;
        bool on;
    } rows[] = {{"webhook.allow_private", c->webhook_allow_private},
        {"push.allow_private", c->push_allow_private},
        {"tools.allow_private", c->tools_allow_private}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !c->development; i++)
        if (rows[i].on)
            conf_warn(t, "%s: is for tests only: users can reach this machine's own network by it",
                rows[i].name);
}

typedef void conf_doubt_fn(const struct conf_telling *t);
static conf_doubt_fn *const conf_doubts[] = {
    conf_doubt_redis,
    conf_doubt_jwt,
    conf_doubt_providers,
    conf_doubt_alone,
    conf_doubt_times,
    conf_doubt_sizes,
    conf_doubt_tests,
};

void conf_warn_each(const struct conf *c, conf_problem_fn *fn, void *arg)
{
    const struct conf_telling telling = {c, fn, arg};

    for (size_t i = 0; i < sizeof conf_doubts / sizeof conf_doubts[0]; i++)
        conf_doubts[i](&telling);
}
