#include "store/channel.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/reactor.h"
#include "store/channel_events.h"
#include "store/scripts.h"
#include "store/sentinel.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#pragma GCC diagnostic pop

#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS 500
#define BACKOFF_SENTINEL_MAX_MS 2000 /* each attempt may hold the loop up */
#define PULSE_MS 5000
#define PULSE_SENTINEL_MS 2000
/* Nobody publishes here; its confirmation shows that the subscribing connection lives. */
#define PULSE_CHANNEL "tp:pulse"
#define DEPTH_MAX 8
#define STEADY_MS 1000 /* a connection that was up for so long is made again at once */
#define QUICK_MS 20    /* an attempt that failed within this costs nobody anything ... */
#define HURRY_TIMES 4  /* ... after another one a client's next attempt waits so much longer */

/* One of the two connections. */
struct side {
    struct channel *channel;
    redisAsyncContext *ac; /* NULL while waiting for the next attempt */
    const char *name;
    bool up, waiting_pulse;
    unsigned attempts;
    int64_t began_ms; /* monotonic: this attempt, or the last one ... */
    int64_t ended_ms; /* ... which failed then; both are when a connection was lost */
    int64_t up_ms;    /* monotonic: since when it is up */
    struct sentinel_address master; /* that it goes to, with Sentinels */
    struct reactor_timer retry; /* next attempt; while connecting: its deadline */
    struct reactor_timer pulse;
};

/* A command whose reply is due. */
struct request {
    struct channel *channel;
    struct request *next, *prev;
    channel_range_fn *range;
    channel_text_fn *text;
    const struct link_script *script;
    void *arg;
    char *command;
    int command_len;
    bool waits, again; /* for the connection; ... which was lost under it before */
};

struct channel {
    const struct conf *conf;
    struct reactor *reactor;
    struct channel_handlers handlers;
    struct side sub, cmd;
    struct request requests; /* ring */
    bool freeing;
    unsigned seed;
};

static void side_drop(struct side *s, const char *why);
static void side_lost(struct side *s);
static void side_connect(struct side *s);
static void on_pulse(struct reactor_timer *timer);
static void requests_send(struct channel *c);
static void requests_fail(struct channel *c);

static bool is_sub(const struct side *s)
{
    return s == &s->channel->sub;
}

/* ---- connecting ---- */

static int64_t jittered(struct channel *c, int64_t ms)
{
    return ms * (500 + rand_r(&c->seed) % 1000) / 1000;
}

static void on_retry(struct reactor_timer *timer)
{
    struct side *s = timer->arg;

    if (s->ac) {
        side_drop(s, "no answer in time");
        return;
    }
    side_connect(s);
    if (!s->ac && !is_sub(s))
        requests_fail(s->channel);
}

static void channel_retry_in(struct side *s, int64_t ms)
{
    reactor_timer_set(s->channel->reactor, &s->retry, clock_mono_ms() + ms, on_retry, s);
}

static int64_t channel_pulse_ms(const struct conf *conf)
{
    return sentinel_used(conf) ? PULSE_SENTINEL_MS : PULSE_MS;
}

static void channel_pulse_in(struct side *s, int64_t ms)
{
    reactor_timer_set(s->channel->reactor, &s->pulse, clock_mono_ms() + ms, on_pulse, s);
}

/* steady: it was up for a while, so that nothing speaks against the next attempt. */
static void schedule_retry(struct side *s, bool steady)
{
    int64_t delay = steady ? 0 : BACKOFF_FIRST_MS;
    int64_t most = sentinel_used(s->channel->conf) ? BACKOFF_SENTINEL_MAX_MS : BACKOFF_MAX_MS;

    for (unsigned i = 0; i < s->attempts && delay < most; i++)
        delay *= 2;
    if (delay > most)
        delay = most;
    s->attempts++;
    s->ended_ms = clock_mono_ms();
    channel_retry_in(s, jittered(s->channel, delay));
}

/* Ends the connection from our side; on_disconnect or on_connect follow or not, side_lost does. */
static void side_drop(struct side *s, const char *why)
{
    redisAsyncContext *ac = s->ac;

    if (!ac)
        return;
    log_limited(LOG_LEVEL_WARN, "redis %s connection given up: %s", s->name, why);
    side_lost(s);
    redisAsyncFree(ac);
}

static void both_drop(struct channel *c, const char *why)
{
    side_drop(&c->cmd, why);
    side_drop(&c->sub, why);
}

static void side_lost(struct side *s)
{
    bool was_up = s->up;

    if (!s->ac)
        return;
    s->ac->data = NULL; /* later callbacks of this context find nobody */
    s->ac = NULL;
    s->up = s->waiting_pulse = false;
    reactor_timer_clear(s->channel->reactor, &s->pulse);
    if (s->channel->freeing)
        return;
    if (was_up)
        s->began_ms = clock_mono_ms();
    schedule_retry(s, was_up && clock_mono_ms() >= s->up_ms + STEADY_MS);
    if (was_up && is_sub(s))
        s->channel->handlers.lost(s->channel->handlers.arg);
    if (!is_sub(s) && !was_up)
        requests_fail(s->channel);
}

static void on_disconnect(const redisAsyncContext *ac, int status)
{
    struct side *s = ac->data;

    if (!s)
        return;
    log_limited(LOG_LEVEL_WARN, "redis %s connection lost: %s", s->name,
        status == REDIS_OK ? "closed" : ac->errstr);
    side_lost(s);
}

static void on_connect(const redisAsyncContext *ac, int status)
{
    struct side *s = ac->data;

    if (!s || status == REDIS_OK)
        return;
    log_limited(LOG_LEVEL_WARN, "redis %s connection failed: %s", s->name, ac->errstr);
    side_lost(s);
}

/*
 * The two connections go to one server: a subscription at another one than the log is read from
 * would be deaf. The one that was there before has been told of a master that is so no more.
 */
static void unite(struct side *come)
{
    struct channel *c = come->channel;
    struct side *other = come == &c->sub ? &c->cmd : &c->sub;

    if (sentinel_used(c->conf) && other->up && !sentinel_same(&come->master, &other->master))
        side_drop(other, "the other connection has found another master");
}

/* The first reply (PING, after AUTH and SELECT): the connection is usable. */
static void on_hello(redisAsyncContext *ac, void *data, void *privdata)
{
    struct side *s = ac->data;
    const redisReply *reply = data;

    (void)privdata;
    if (!s || !reply)
        return;
    if (reply->type == REDIS_REPLY_ERROR) {
        side_drop(s, reply->str);
        return;
    }
    reactor_timer_clear(s->channel->reactor, &s->retry);
    s->up = true;
    s->up_ms = clock_mono_ms();
    s->attempts = 0;
    channel_pulse_in(s, channel_pulse_ms(s->channel->conf));
    log_info("redis %s connection is up", s->name);
    unite(s);
    if (is_sub(s))
        s->channel->handlers.ready(s->channel->handlers.arg);
    else
        requests_send(s->channel);
}

static void on_setup(redisAsyncContext *ac, void *data, void *privdata)
{
    struct side *s = ac->data;
    const redisReply *reply = data;

    (void)privdata;
    if (s && reply && reply->type == REDIS_REPLY_ERROR)
        side_drop(s, reply->str);
}

/* With Sentinels a server that is no master is left: what is published goes to another one. */
static void on_role(redisAsyncContext *ac, void *data, void *privdata)
{
    struct side *s = ac->data;
    const redisReply *reply = data, *first;

    (void)privdata;
    if (!s || !reply || reply->type != REDIS_REPLY_ARRAY || !reply->elements)
        return;
    first = reply->element[0];
    if (first->type == REDIS_REPLY_STRING && strcmp(first->str, "master") != 0) {
        sentinel_next();
        both_drop(s->channel, "it is no master");
    }
}

static void say_hello(struct side *s)
{
    const struct conf *conf = s->channel->conf;

    if (conf->redis_password[0] && conf->redis_user[0])
        redisAsyncCommand(
            s->ac, on_setup, NULL, "AUTH %s %s", conf->redis_user, conf->redis_password);
    else if (conf->redis_password[0])
        redisAsyncCommand(s->ac, on_setup, NULL, "AUTH %s", conf->redis_password);
    if (conf->redis_database != 0)
        redisAsyncCommand(s->ac, on_setup, NULL, "SELECT %d", (int)conf->redis_database);
    if (!is_sub(s))
        redisAsyncCommand(s->ac, NULL, NULL, "SCRIPT LOAD %s", script_view_locate.body);
    if (sentinel_used(conf))
        redisAsyncCommand(s->ac, on_role, NULL, "ROLE");
    redisAsyncCommand(s->ac, on_hello, NULL, "PING");
}

static void side_connect(struct side *s)
{
    struct channel *c = s->channel;
    const struct conf *conf = c->conf;
    redisAsyncContext *ac;
    int error;

    s->began_ms = clock_mono_ms();
    if (sentinel_used(conf) && sentinel_master(conf, SENTINEL_CONNECT_MS, &s->master)) {
        log_limited(LOG_LEVEL_WARN, "redis %s connection: no Sentinel names a master", s->name);
        schedule_retry(s, false);
        return;
    }
    ac = sentinel_used(conf)     ? redisAsyncConnect(s->master.host, s->master.port)
         : conf->redis_socket[0] ? redisAsyncConnectUnix(conf->redis_socket)
                                 : redisAsyncConnect(conf->redis_host, (int)conf->redis_port);
    error = !ac ? ERR_NOMEM : ac->err ? ERR_STORE : channel_events_attach(c->reactor, ac);
    if (error < 0) {
        log_limited(LOG_LEVEL_WARN, "redis %s connection failed: %s", s->name,
            error == ERR_STORE ? ac->errstr : err_text(error));
        if (ac)
            redisAsyncFree(ac);
        schedule_retry(s, false);
        return;
    }
    fcntl(ac->c.fd, F_SETFD, FD_CLOEXEC);
    ac->data = s;
    s->ac = ac;
    redisAsyncSetConnectCallback(ac, on_connect);
    redisAsyncSetDisconnectCallback(ac, on_disconnect);
    say_hello(s);
    channel_retry_in(s, conf->redis_timeout_ms);
}

/*
 * A client waits: the back-off after failed attempts does not count, but with Sentinels, whose
 * questions hold the loop up. True when the connection is there or being made.
 */
static bool side_hurry(struct side *s)
{
    int64_t took = s->ended_ms - s->began_ms;
    bool may = took <= QUICK_MS || clock_mono_ms() >= s->ended_ms + HURRY_TIMES * took;

    if (!s->ac && may && (s->attempts <= 1 || !sentinel_used(s->channel->conf)))
        side_connect(s);
    return s->ac != NULL;
}

bool channel_hurry(struct channel *c)
{
    bool cmd = side_hurry(&c->cmd), sub = side_hurry(&c->sub);

    return cmd && sub;
}

/* ---- is it alive? ---- */

static void pulse_came(struct side *s)
{
    s->waiting_pulse = false;
    channel_pulse_in(s, channel_pulse_ms(s->channel->conf));
}

static void on_pong(redisAsyncContext *ac, void *data, void *privdata)
{
    struct side *s = ac->data;

    (void)privdata;
    if (s && data)
        pulse_came(s);
}

static void on_push(redisAsyncContext *ac, void *data, void *privdata);

/* A Sentinel names another server. Without an answer the connection stays. */
static bool moved(const struct side *s)
{
    struct sentinel_address now = {.port = 0};

    return sentinel_used(s->channel->conf) &&
           !sentinel_master(s->channel->conf, SENTINEL_CHECK_MS, &now) &&
           !sentinel_same(&now, &s->master);
}

static void on_pulse(struct reactor_timer *timer)
{
    struct side *s = timer->arg;

    if (!s->ac)
        return;
    if (s->waiting_pulse) {
        side_drop(s, "it answers nothing");
        return;
    }
    s->waiting_pulse = true;
    channel_pulse_in(s, s->channel->conf->redis_timeout_ms);
    if (is_sub(s)) {
        redisAsyncCommand(s->ac, on_push, NULL, "SUBSCRIBE " PULSE_CHANNEL);
        return;
    }
    if (moved(s)) {
        both_drop(s->channel, "another server is the master now");
        return;
    }
    if (sentinel_used(s->channel->conf))
        redisAsyncCommand(s->ac, on_role, NULL, "ROLE");
    if (s->ac)
        redisAsyncCommand(s->ac, on_pong, NULL, "PING");
}

/* ---- subscriptions ---- */

static void on_push(redisAsyncContext *ac, void *data, void *privdata)
{
    struct side *s = ac->data;
    const redisReply *reply = data, *kind, *name, *bytes;
    const struct channel_handlers *h;

    (void)privdata;
    if (!s || !reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        return;
    h = &s->channel->handlers;
    kind = reply->element[0];
    name = reply->element[1];
    bytes = reply->element[2];
    if (kind->len == 7 && memcmp(kind->str, "message", 7) == 0) {
        if (bytes->type == REDIS_REPLY_STRING)
            h->message(h->arg, name->str, (size_t)name->len, bytes->str, (size_t)bytes->len);
    } else if (kind->len == 9 && memcmp(kind->str, "subscribe", 9) == 0) {
        if (strcmp(name->str, PULSE_CHANNEL) == 0)
            pulse_came(s);
        else
            h->subscribed(h->arg, name->str, (size_t)name->len);
    }
}

static int subscription(struct channel *c, redisCallbackFn *fn, const char *verb, const char *name)
{
    const char *argv[2] = {verb, name};
    size_t lens[2] = {strlen(verb), strlen(name)};

    if (!c->sub.up || redisAsyncCommandArgv(c->sub.ac, fn, NULL, 2, argv, lens) != REDIS_OK)
        return ERR_STORE;
    return 0;
}

int channel_subscribe(struct channel *c, const char *name)
{
    return subscription(c, on_push, "SUBSCRIBE", name);
}

int channel_unsubscribe(struct channel *c, const char *name)
{
    return subscription(c, NULL, "UNSUBSCRIBE", name);
}

/* ---- commands ---- */

static void request_free(struct request *r)
{
    r->prev->next = r->next;
    r->next->prev = r->prev;
    redisFreeCommand(r->command);
    free(r);
}

static void request_fail(struct request *r, int error)
{
    if (r->range)
        r->range(r->arg, error, NULL, 0);
    else if (r->text)
        r->text(r->arg, error, NULL, NULL, 0);
    request_free(r);
}

static int reply_error(struct channel *c, const struct request *r, const redisReply *reply)
{
    static const char *const passing[] = {"LOADING", "MASTERDOWN", "BUSY", "NOAUTH", "TRYAGAIN"};

    if (strncmp(reply->str, "NOSCRIPT", 8) == 0 && r->script && c->cmd.ac) {
        redisAsyncCommand(c->cmd.ac, NULL, NULL, "SCRIPT LOAD %s", r->script->body);
        return ERR_AGAIN;
    }
    log_limited(LOG_LEVEL_WARN, "redis refused a command: %s", reply->str);
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
        if (strncmp(reply->str, passing[i], strlen(passing[i])) == 0)
            return ERR_STORE;
    }
    return ERR_INTERNAL;
}

/* The value of the field "e" of one [id, [field, value, ...]]. */
static bool entry_from(const redisReply *pair, struct channel_entry *entry)
{
    const redisReply *fields;

    if (pair->type != REDIS_REPLY_ARRAY || pair->elements != 2 ||
        pair->element[0]->type != REDIS_REPLY_STRING || pair->element[1]->type != REDIS_REPLY_ARRAY)
        return false;
    fields = pair->element[1];
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const redisReply *name = fields->element[i], *value = fields->element[i + 1];
        if (name->len != 1 || name->str[0] != 'e' || value->type != REDIS_REPLY_STRING)
            continue;
        entry->id = pair->element[0]->str;
        entry->id_len = (size_t)pair->element[0]->len;
        entry->value = value->str;
        entry->value_len = (size_t)value->len;
        return true;
    }
    return false;
}

static void give_range(struct request *r, const redisReply *reply)
{
    struct channel_entry *entries;
    size_t count = 0;

    if (!r->range)
        return;
    entries = calloc(reply->elements + 1, sizeof(*entries));
    if (!entries) {
        r->range(r->arg, ERR_NOMEM, NULL, 0);
        return;
    }
    for (size_t i = 0; i < reply->elements; i++) {
        if (entry_from(reply->element[i], &entries[count]))
            count++;
    }
    r->range(r->arg, 0, entries, count);
    free(entries);
}

struct flat {
    const char **texts;
    size_t *lens;
    char (*numbers)[24];
    size_t count;
};

static size_t leaves(const redisReply *reply, int depth)
{
    size_t n = 0;

    if (reply->type != REDIS_REPLY_ARRAY || depth > DEPTH_MAX)
        return 1;
    for (size_t i = 0; i < reply->elements; i++)
        n += leaves(reply->element[i], depth + 1);
    return n;
}

static void flatten(const redisReply *reply, int depth, struct flat *flat)
{
    size_t at = flat->count;

    if (reply->type == REDIS_REPLY_ARRAY && depth <= DEPTH_MAX) {
        for (size_t i = 0; i < reply->elements; i++)
            flatten(reply->element[i], depth + 1, flat);
        return;
    }
    flat->count++;
    if (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS) {
        flat->texts[at] = reply->str;
        flat->lens[at] = (size_t)reply->len;
    } else if (reply->type == REDIS_REPLY_INTEGER) {
        flat->lens[at] =
            (size_t)snprintf(flat->numbers[at], sizeof(flat->numbers[at]), "%lld", reply->integer);
        flat->texts[at] = flat->numbers[at];
    }
}

static void give_texts(struct request *r, const redisReply *reply)
{
    struct flat flat = {0};
    size_t n = leaves(reply, 0);

    if (!r->text)
        return;
    flat.texts = calloc(n + 1, sizeof(*flat.texts));
    flat.lens = calloc(n + 1, sizeof(*flat.lens));
    flat.numbers = calloc(n + 1, sizeof(*flat.numbers));
    if (flat.texts && flat.lens && flat.numbers) {
        flatten(reply, 0, &flat);
        r->text(r->arg, 0, flat.texts, flat.lens, flat.count);
    } else {
        r->text(r->arg, ERR_NOMEM, NULL, NULL, 0);
    }
    free(flat.texts);
    free(flat.lens);
    free(flat.numbers);
}

static void on_reply(redisAsyncContext *ac, void *data, void *privdata)
{
    struct request *r = privdata;
    const redisReply *reply = data;

    if (!reply && ac->data && !r->again) { /* closed by Redis, not left by us */
        r->waits = r->again = true;
    } else if (!reply) {
        request_fail(r, ERR_STORE);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        request_fail(r, reply_error(r->channel, r, reply));
    } else if (r->range && reply->type != REDIS_REPLY_ARRAY) {
        request_fail(r, ERR_INTERNAL);
    } else {
        if (r->range)
            give_range(r, reply);
        else
            give_texts(r, reply);
        request_free(r);
    }
}

static bool request_go(struct request *r)
{
    r->waits = redisAsyncFormattedCommand(r->channel->cmd.ac, on_reply, r, r->command,
                   (size_t)r->command_len) != REDIS_OK;
    return !r->waits;
}

/* Those that waited for the connection. */
static void requests_send(struct channel *c)
{
    for (struct request *r = c->requests.next; r != &c->requests; r = r->next) {
        if (r->waits && !request_go(r))
            return; /* they fail with the connection */
    }
}

/* Their connection was not made. A handler may bring new ones: these wait for the next. */
static void requests_fail(struct channel *c)
{
    struct request *r = c->requests.next, *last = c->requests.prev, *next;
    bool more = r != &c->requests;

    for (; more; r = next) {
        next = r->next;
        more = r != last;
        if (r->waits)
            request_fail(r, ERR_STORE);
    }
}

static int request_send(struct channel *c, const struct request *model, const char *const *argv,
    const size_t *lens, size_t argc)
{
    struct request *r;

    if (!c->cmd.up && !side_hurry(&c->cmd))
        return ERR_STORE;
    r = malloc(sizeof *r);
    if (!r)
        return ERR_NOMEM;
    *r = *model;
    r->command_len = redisFormatCommandArgv(
        &r->command, (int)argc, (const char **)(uintptr_t)argv, lens);
    if (r->command_len < 0) {
        free(r);
        return ERR_NOMEM;
    }
    r->channel = c;
    r->next = &c->requests;
    r->prev = c->requests.prev;
    r->prev->next = r->next->prev = r;
    r->waits = !c->cmd.up;
    if (r->waits || request_go(r))
        return 0;
    request_free(r);
    return ERR_STORE;
}

int channel_range(struct channel *c, const char *log_key, const char *cursor, size_t max,
    channel_range_fn *fn, void *arg)
{
    struct request r = {.range = fn, .arg = arg};
    char from[64], most[24];
    const char *argv[6] = {"XRANGE", log_key, from, "+", "COUNT", most};
    size_t lens[6];

    snprintf(from, sizeof(from), "(%s", cursor);
    snprintf(most, sizeof(most), "%zu", max);
    for (size_t i = 0; i < 6; i++)
        lens[i] = strlen(argv[i]);
    return request_send(c, &r, argv, lens, 6);
}

int channel_command(struct channel *c, const char *const *argv, const size_t *lens, size_t argc,
    channel_text_fn *fn, void *arg)
{
    struct request r = {.text = fn, .arg = arg};

    return request_send(c, &r, argv, lens, argc);
}

int channel_script(struct channel *c, const struct link_script *script, size_t keys,
    const char *const *texts, size_t count, channel_text_fn *fn, void *arg)
{
    struct request r = {.text = fn, .arg = arg, .script = script};
    const char *argv[16] = {"EVALSHA", script->sha1};
    size_t lens[16] = {7, strlen(script->sha1)};
    char number[24];

    if (count > 13)
        return ERR_INVALID;
    lens[2] = (size_t)snprintf(number, sizeof(number), "%zu", keys);
    argv[2] = number;
    for (size_t i = 0; i < count; i++) {
        argv[i + 3] = texts[i];
        lens[i + 3] = strlen(texts[i]);
    }
    return request_send(c, &r, argv, lens, count + 3);
}

void channel_forget(struct channel *c, const void *arg)
{
    for (struct request *r = c->requests.next; r != &c->requests; r = r->next) {
        if (r->arg == arg) {
            r->range = NULL;
            r->text = NULL;
            r->arg = NULL;
        }
    }
}

/* ---- life ---- */

static void side_init(struct side *s, struct channel *c, const char *name)
{
    s->channel = c;
    s->name = name;
    channel_retry_in(s, 0);
}

int channel_new(struct channel **out, const struct conf *conf, struct reactor *reactor,
    const struct channel_handlers *handlers)
{
    struct channel *c = calloc(1, sizeof(*c));

    if (!c)
        return ERR_NOMEM;
    c->conf = conf;
    c->reactor = reactor;
    c->handlers = *handlers;
    c->requests.next = c->requests.prev = &c->requests;
    c->seed = (unsigned)(uintptr_t)c ^ (unsigned)clock_real_ms();
    side_init(&c->cmd, c, "command");
    side_init(&c->sub, c, "subscriber");
    *out = c;
    return 0;
}

static void side_fini(struct side *s)
{
    redisAsyncContext *ac = s->ac;

    if (ac) {
        side_lost(s);
        redisAsyncFree(ac);
    }
    reactor_timer_clear(s->channel->reactor, &s->retry);
    reactor_timer_clear(s->channel->reactor, &s->pulse);
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    c->freeing = true;
    for (struct request *r = c->requests.next; r != &c->requests; r = r->next) {
        r->range = NULL;
        r->text = NULL;
    }
    side_fini(&c->cmd);
    side_fini(&c->sub);
    while (c->requests.next != &c->requests)
        request_free(c->requests.next);
    free(c);
}

bool channel_is_up(const struct channel *c)
{
    return c->sub.up && c->cmd.up;
}
