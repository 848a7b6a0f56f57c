/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/conf_parts.h"

#include "base/err.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Checks that look at more than one setting, or at a text's form; each rule is a row of
 * conf_rules. */
#define SOCKET_PATH_MAX 107
#define MCP_TOKEN_KEY_MIN 32
#define WEBHOOK_SECRET_MIN 24

bool conf_word_is(const char *word, size_t len, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == len && memcmp(*words, word, len) == 0)
            return true;
    return false;
}

bool conf_list_has(const char *list, const char *word)
{
    const char *const words[] = {word, NULL};

    while (*(list += strspn(list, " \t,"))) {
        size_t len = strcspn(list, " \t,");
        if (conf_word_is(list, len, words))
            return true;
        list += len;
    }
    return false;
}

int conf_check_word(const char *name, const char *value, const char *const *words,
    char why[CONF_WHY_SIZE])
{
    size_t len = strlen(value);

    return conf_word_is(value, len, words) ? 0 : conf_not_one_of(name, value, len, words, why);
}

static int conf_rule_log_level(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const levels[] = {"debug", "info", "warn", "error", NULL};

    return conf_check_word("log.level", c->log_level, levels, why);
}

static int conf_rule_run_dir(const struct conf *c, char why[CONF_WHY_SIZE])
{
    size_t room = SOCKET_PATH_MAX - strlen("/control.sock");

    if (c->run_dir[0] == '/' && strlen(c->run_dir) <= room)
        return 0;
    if (c->run_dir[0] && c->run_dir[0] != '/') {
        snprintf(why, CONF_WHY_SIZE, "run_dir: \"%.60s\" does not begin with '/'", c->run_dir);
        return ERR_CONFIG;
    }
    snprintf(why, CONF_WHY_SIZE,
        "run_dir: %zu bytes, but a path of 1 to %zu is needed so that socket names fit",
        strlen(c->run_dir), room);
    return ERR_CONFIG;
}

#define CONF_MODEL_MAX 100

static int conf_rule_public_base(const struct conf *c, char why[CONF_WHY_SIZE])
{
    size_t len = strlen(c->public_base);

    if (len == 0 || (c->public_base[0] == '/' && c->public_base[len - 1] != '/'))
        return 0;
    snprintf(why, CONF_WHY_SIZE, "public_base: \"%.60s\" must start with '/' and not end with it",
        c->public_base);
    return ERR_CONFIG;
}

/* Names of a model, separated by blanks, as clients put them into a path. */
static int conf_rule_facade_model(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char good[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-";
    const char *at = c->facade_model + strspn(c->facade_model, " ");
    bool any = false;

    while (*at) {
        size_t len = strcspn(at, " ");
        if (len > CONF_MODEL_MAX || strspn(at, good) < len)
            break;
        any = true;
        at += len + strspn(at + len, " ");
    }
    if (any && !*at)
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "facade.model: names of 1 to %d characters A-Z a-z 0-9 _ . : @ - are needed, not \"%.60s\"",
        CONF_MODEL_MAX, at);
    return ERR_CONFIG;
}

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080"; the port may be absent. */
static bool conf_is_loopback(const char *hint)
{
    char host[64];
    struct in_addr v4;
    struct in6_addr v6;
    const char *start = hint, *end;

    if (*hint == '[') {
        start = hint + 1;
        end = strchr(start, ']');
        if (!end || (end[1] && end[1] != ':'))
            return false;
    } else {
        end = start + strcspn(start, ":");
        if (end[0] && strchr(end + 1, ':'))
            end = start + strlen(start); /* an IPv6 address without brackets */
    }
    size_t len = (size_t)(end - start);
    if (len == 0 || len >= sizeof host)
        return false;
    memcpy(host, start, len);
    host[len] = 0;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return strcmp(host, "localhost") == 0;
}

/* The port of ADDRESS:PORT; 0: none is said; -1: it is not one. */
static long conf_port(const char *address)
{
    const char *colon = strrchr(address, ':'), *bracket = strchr(address, ']');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

    if (!colon || (bracket && colon < bracket) || (!bracket && strchr(address, ':') != colon))
        return 0;
    long port = digits && digits < 6 && !colon[1 + digits] ? strtol(colon + 1, NULL, 10) : -1;
    return port >= 1 && port <= 65535 ? port : -1;
}

static int conf_rule_development(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (!c->development || conf_is_loopback(c->listen_hint))
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "development: on is refused, because listen_hint \"%.60s\" is not a loopback address",
        c->listen_hint);
    return ERR_CONFIG;
}

/*
 * What listens at a port of this machine: nginx (listen_hint), Redis. A part with a listener of its
 * own adds its row; "" = it does not listen.
 */
static int conf_rule_listen(const struct conf *c, char why[CONF_WHY_SIZE])
{
    char redis[300] = "";
    const struct {
        const char *name, *address;
    } rows[] = {{"listen_hint", c->listen_hint}, {"redis.port", redis},
        {"metrics.listen", *c->metrics_listen == '/' ? "" : c->metrics_listen}};
    const size_t count = sizeof rows / sizeof rows[0];
    long ports[sizeof rows / sizeof rows[0]];

    if (!*c->redis_socket && !*c->redis_sentinels && conf_is_loopback(c->redis_host))
        snprintf(redis, sizeof redis, "127.0.0.1:%lld", (long long)c->redis_port);
    for (size_t i = 0; i < count; i++) {
        ports[i] = conf_port(rows[i].address);
        if (ports[i] < 0) {
            snprintf(why, CONF_WHY_SIZE, "%s: \"%.60s\" has no port from 1 to 65535", rows[i].name,
                rows[i].address);
            return ERR_CONFIG;
        }
        for (size_t k = 0; k < i; k++) {
            if (!ports[i] || ports[i] != ports[k])
                continue;
            snprintf(why, CONF_WHY_SIZE,
                "%s: port %ld is that of %s, too: one of them cannot listen", rows[i].name,
                ports[i], rows[k].name);
            return ERR_CONFIG;
        }
    }
    return 0;
}

static int conf_rule_fault_word(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (!*c->fault_word || c->development)
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "development.fault_word: is refused without development = on, as every user could crash "
        "workers");
    return ERR_CONFIG;
}

/* Each word has a port from 1 to 65535 after its last colon, or is a unix path if that may be. */
static int conf_check_servers(const char *name, const char *at, bool paths, char why[CONF_WHY_SIZE])
{
    static const char between[] = " ,\t";

    while (*(at += strspn(at, between))) {
        size_t len = strcspn(at, between), digits = 0;
        long port = 0;

        while (digits < len && at[len - digits - 1] >= '0' && at[len - digits - 1] <= '9')
            digits++;
        if (digits && digits < 6)
            port = strtol(at + len - digits, NULL, 10);
        if (len > 300 ||
            ((*at != '/' || !paths) &&
                (digits + 2 > len || at[len - digits - 1] != ':' || port < 1 || port > 65535))) {
            snprintf(why, CONF_WHY_SIZE, "%s: \"%.*s\" is %s", name, (int)(len > 80 ? 80 : len), at,
                paths ? "neither host:port nor a path" : "not host:port");
            return ERR_CONFIG;
        }
        at += len;
    }
    return 0;
}

static int conf_check_sentinels(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (conf_check_servers("redis.sentinels", c->redis_sentinels, true, why))
        return ERR_CONFIG;
    if (*c->redis_master)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "redis.master: empty, but redis.sentinels is set");
    return ERR_CONFIG;
}

/* A node names its slots' owners, and a cluster has one database. redis.socket and redis.host have
 * values without being set: they do not count then. */
static int conf_check_cluster(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (*c->redis_sentinels)
        snprintf(why, CONF_WHY_SIZE,
            "redis.cluster: excludes redis.sentinels; a cluster has its own failover");
    else if (c->redis_database)
        snprintf(why, CONF_WHY_SIZE,
            "redis.cluster: excludes redis.database; a cluster has database 0 only");
    else
        return conf_check_servers("redis.cluster", c->redis_cluster, false, why);
    return ERR_CONFIG;
}

static int conf_rule_redis(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (strlen(c->redis_socket) > SOCKET_PATH_MAX) {
        snprintf(why, CONF_WHY_SIZE, "redis.socket: longer than %d bytes", SOCKET_PATH_MAX);
        return ERR_CONFIG;
    }
    if (*c->redis_cluster)
        return conf_check_cluster(c, why);
    if (*c->redis_sentinels)
        return conf_check_sentinels(c, why);
    if (*c->redis_socket || *c->redis_host)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "redis.host: empty, and redis.socket as well");
    return ERR_CONFIG;
}

static int conf_rule_webhook(const struct conf *c, char why[CONF_WHY_SIZE])
{
    size_t len = strlen(c->webhook_secret);

    if (len == 0 || len >= WEBHOOK_SECRET_MIN)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "webhook.secret: %zu bytes, but at least %d are needed", len,
        WEBHOOK_SECRET_MIN);
    return ERR_CONFIG;
}

static int conf_rule_push(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (!*c->push_key || !strncmp(c->push_subject, "mailto:", 7) ||
        !strncmp(c->push_subject, "https://", 8))
        return 0;
    snprintf(why, CONF_WHY_SIZE,
        "push.subject: push.key needs it, an address that begins with mailto: or https://");
    return ERR_CONFIG;
}

static int conf_rule_mcp(const struct conf *c, char why[CONF_WHY_SIZE])
{
    size_t len = strlen(c->mcp_token_key);

    if (len == 0 && *c->mcp_token_key_previous) {
        snprintf(why, CONF_WHY_SIZE, "mcp.token_key_previous: mcp.token_key is empty");
        return ERR_CONFIG;
    }
    if (len == 0 || len >= MCP_TOKEN_KEY_MIN)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "mcp.token_key: %zu bytes, but at least %d are needed", len,
        MCP_TOKEN_KEY_MIN);
    return ERR_CONFIG;
}

static int conf_rule_respawn(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (c->backoff_min_ms <= c->backoff_max_ms)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "respawn.min: above respawn.max");
    return ERR_CONFIG;
}

static int conf_rule_stream(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (c->stream_ping_ms < c->stream_idle_ms)
        return 0;
    snprintf(why, CONF_WHY_SIZE, "stream.ping: not below stream.idle, so live peers would be cut");
    return ERR_CONFIG;
}

/* A file must fit into what carries it, and into what keeps it. */
static int conf_rule_attachments(const struct conf *c, char why[CONF_WHY_SIZE])
{
    if (c->attachments_bytes > c->attachments_body) {
        snprintf(why, CONF_WHY_SIZE,
            "attachments.bytes: %lld is above attachments.body, %lld: no such file can be sent",
            (long long)c->attachments_bytes, (long long)c->attachments_body);
        return ERR_CONFIG;
    }
    if (c->attachments_bytes > c->attachments_quota) {
        snprintf(why, CONF_WHY_SIZE,
            "attachments.bytes: %lld is above attachments.quota, %lld: no such file can be kept",
            (long long)c->attachments_bytes, (long long)c->attachments_quota);
        return ERR_CONFIG;
    }
    return 0;
}

static int conf_rule_units(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const known[] = {"metric", "us", "imperial", NULL};

    return conf_check_word("default_units", c->default_units, known, why);
}

static int conf_rule_voice(const struct conf *c, char why[CONF_WHY_SIZE])
{
    static const char *const known[] = {"auto", "url", "offline", "off", NULL};
    const struct {
        const char *name, *value;
    } rows[] = {{"voice.transcribe", c->voice_transcribe}, {"voice.speak", c->voice_speak}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (conf_check_word(rows[i].name, rows[i].value, known, why))
            return ERR_CONFIG;
        if (!strcmp(rows[i].value, "url") && !*c->voice_url) {
            snprintf(why, CONF_WHY_SIZE, "voice.url: empty, but %s is url", rows[i].name);
            return ERR_CONFIG;
        }
    }
    return 0;
}

static conf_rule_fn *const conf_rules[] = {
    conf_rule_log_level,
    conf_rule_units,
    conf_rule_run_dir,
    conf_rule_public_base,
    conf_rule_facade_model,
    conf_rule_development,
    conf_rule_fault_word,
    conf_rule_jwt,
    conf_rule_redis,
    conf_rule_respawn,
    conf_rule_stream,
    conf_rule_chain,
    conf_rule_keys,
    conf_rule_urls,
    conf_rule_temperature,
    conf_rule_switches,
    conf_rule_title,
    conf_rule_window,
    conf_rule_thinking,
    conf_rule_openai,
    conf_rule_responses,
    conf_rule_webhook,
    conf_rule_push,
    conf_rule_mcp,
    conf_rule_origins,
    conf_rule_user_claim,
    conf_rule_cookie,
    conf_rule_attachments,
    conf_rule_page_name,
    conf_rule_page_origins,
    conf_rule_page_tiles,
    conf_rule_page_urls,
    conf_rule_page_session,
    conf_rule_voice,
    conf_rule_log_format,
    conf_rule_metrics,
    conf_rule_otlp,
    conf_rule_geocode,
    conf_rule_listen,
};

void conf_check_each(const struct conf *c, conf_problem_fn *fn, void *arg)
{
    char why[CONF_WHY_SIZE];

    for (size_t i = 0; i < sizeof conf_rules / sizeof conf_rules[0]; i++)
        if (conf_rules[i](c, why))
            conf_tell(c, fn, arg, false, why);
    conf_warn_each(c, fn, arg);
}

int conf_check(const struct conf *c, char why[CONF_WHY_SIZE])
{
    for (size_t i = 0; i < sizeof conf_rules / sizeof conf_rules[0]; i++) {
        int error = conf_rules[i](c, why);
        if (error)
            return error;
    }
    return 0;
}
